"""The store has gone back to a backup: what happened since is learnt from the carrier, and nothing
that it took meanwhile is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import fakeredis
import pytest

from relay.carrier.messages import ListedText
from relay.carrier.numbers import OwnedNumber
from relay.domain.errors import CarrierError
from relay.domain.message_progress import MessageStatus
from relay.domain.number_comparison import Discrepancy
from relay.domain.opt_out import OptOut
from relay.domain.policy import DAY
from relay.domain.purchase import CERTAIN_AFTER, FailureCode, JobStatus
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from relay.workflows.point_here import webhooks_of
from relay.workflows.put_board import BoardTerms, put_board
from relay.workflows.reconcile_inbound import reconcile_inbound
from relay.workflows.reconcile_restored import (
    SNAPSHOT_MARGIN,
    Reconciled,
    reconcile_restored,
    snapshot_on_record,
)
from tests.workflows.buying import SID, TOKEN, Market
from tests.workflows.texting import Stage
from tests.world import CARL, NOW, NUMBER, OTHER_NUMBER, RITA, US

AWAY = CarrierError(Trouble.LATER, 20500)


@dataclass
class StandInNumbers:
    """The account rents these."""

    rented: list[OwnedNumber] = field(default_factory=list)
    trouble: CarrierError | None = None

    def list_owned(self) -> list[OwnedNumber]:
        if self.trouble:
            raise self.trouble
        return self.rented


class NoServices:
    def all(self) -> list[Any]:
        return []


class Backup:
    """Everything in a store at a moment."""

    def __init__(self, stage: Stage) -> None:
        self._raw = fakeredis.FakeRedis(server=stage.server)
        self.at = stage.now
        self._kept = {key: self._raw.dump(key) for key in self._raw.scan_iter()}

    def restore(self) -> None:
        self._raw.flushall()
        for key, content in self._kept.items():
            self._raw.restore(key, 0, content)


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.carrier.numbers = StandInNumbers()
    made.carrier.messaging_services = NoServices()
    made.carrier.numbers.rented = [
        OwnedNumber(
            number=number,
            sid=sid,
            voice=True,
            sms=True,
            mms=True,
            account=made.services.account.sid,
            **webhooks_of(made.services),
        )
        for number, sid in ((NUMBER, "PN1"), (OTHER_NUMBER, "PN2"))
    ]
    return made


def reconcile(stage: Stage, backup: Backup) -> Reconciled:
    return reconcile_restored(stage.deployment, snapshot_at=backup.at, clock=lambda: stage.now)


def came_in(
    stage: Stage, body: str, sid: str, sender: str = RITA, opt_out: OptOut | None = None
) -> None:
    """It is on the carrier's list."""
    text = stage.inbound(sender, body, sid=sid, opt_out=opt_out)
    listed = ListedText(text=text, received_at=stage.now)
    stage.carrier.messages.inbound.insert(0, listed)


def test_p4_what_was_sent_since_the_backup_is_not_sent_again(stage: Stage) -> None:
    message = stage.text(body="my CV").message
    backup = Backup(stage)
    stage.work()
    backup.restore()
    stage.now += 600

    done = reconcile(stage, backup)
    stage.send(message)

    assert (done.waiting, done.to_repeat, done.findings) == (1, [], [])
    assert stage.arrived == [(CARL, "my CV")]
    assert stage.record(message).status is MessageStatus.QUEUED
    stage.later(60)
    assert stage.arrived == [(CARL, "my CV")]


def test_p4_what_was_not_sent_before_the_end_is_sent_once(stage: Stage) -> None:
    message = stage.text(body="my CV").message
    backup = Backup(stage)
    backup.restore()
    stage.now += 60
    reconcile(stage, backup)
    stage.send(message)
    stage.later(60)
    assert stage.arrived == [(CARL, "my CV")]
    assert stage.carrier.messages.listed_since[-1] < backup.at


def test_p4_two_of_the_same_words_are_told_apart(stage: Stage) -> None:
    """One was sent since the backup, the other never."""
    first = stage.text(body="yes").message
    backup = Backup(stage)
    stage.work()
    backup.restore()
    second = stage.text(body="yes", sid="SM" + "7" * 32).message
    reconcile(stage, backup)
    stage.send(first)
    stage.send(second)
    stage.later(60)
    assert stage.arrived == [(CARL, "yes"), (CARL, "yes")]


def test_p4_what_came_in_since_the_backup_is_relayed_once_and_words_of_it_not_twice(
    stage: Stage,
) -> None:
    backup = Backup(stage)
    came_in(stage, "relayed", "SM" + "1" * 32)
    stage.text(body="relayed", sid="SM" + "1" * 32)
    stage.work()
    stage.now += 5
    came_in(stage, "not relayed", "SM" + "2" * 32)
    backup.restore()
    stage.now += 600

    assert reconcile(stage, backup).news == 2
    stage.work()
    stage.later(60)

    assert stage.arrived == [(CARL, "relayed"), (CARL, "not relayed")]
    assert reconcile_inbound([stage.services], clock=lambda: stage.now) == 0


def test_what_comes_in_afterwards_is_sent_without_looking(stage: Stage) -> None:
    backup = Backup(stage)
    backup.restore()
    reconcile(stage, backup)
    looked = len(stage.carrier.messages.listed_since)
    stage.now += 1
    stage.text(body="new")
    stage.work()
    assert stage.arrived == [(CARL, "new")]
    assert len(stage.carrier.messages.listed_since) == looked


def test_a_stop_since_the_backup_holds_again(stage: Stage) -> None:
    backup = Backup(stage)
    came_in(stage, "STOP", "SM" + "3" * 32, CARL, OptOut.STOP)
    stage.text(CARL, "STOP", sid="SM" + "3" * 32, opt_out=OptOut.STOP)
    backup.restore()
    stage.now += 60
    reconcile(stage, backup)
    stage.text(body="hello?")
    stage.work()
    assert (CARL, "hello?") not in stage.arrived


def test_p4_a_notice_that_was_sent_since_the_backup_is_not_sent_again(stage: Stage) -> None:
    """Its cause is found once more, after the end of what was lost."""
    message = stage.text(body="my CV").message
    stage.work()
    backup = Backup(stage)
    stage.report(message, "undelivered", 30005, sid="SMout" + "0" * 29)
    stage.work()
    told = list(stage.arrived)
    assert len(told) == 2
    backup.restore()
    stage.now += 60
    reconcile(stage, backup)
    stage.now += 60
    stage.report(message, "undelivered", 30005, sid="SMout" + "0" * 29)
    stage.work()
    stage.later(60)
    assert stage.arrived == told


def test_a_run_that_the_carrier_does_not_answer_is_to_be_repeated(stage: Stage) -> None:
    """Until one has gone through, everything is in doubt, and the moment of the backup stays."""
    message = stage.text(body="my CV").message
    backup = Backup(stage)
    stage.work()
    backup.restore()
    stage.carrier.messages.list_trouble = stage.carrier.numbers.trouble = AWAY
    first = reconcile(stage, backup)
    assert len(first.to_repeat) == 2
    stage.carrier.messages.list_trouble = stage.carrier.numbers.trouble = None
    stage.now += 600
    backup.at = stage.now

    assert reconcile(stage, backup).to_repeat == []
    stage.send(message)
    stage.later(60)

    assert stage.arrived == [(CARL, "my CV")]


def test_p4_until_a_run_has_gone_through_what_comes_in_is_looked_for_too(stage: Stage) -> None:
    backup = Backup(stage)
    backup.restore()
    stage.carrier.messages.list_trouble = AWAY
    assert reconcile(stage, backup).to_repeat
    stage.carrier.messages.list_trouble = None
    looked = len(stage.carrier.messages.listed_since)
    stage.now += 600
    stage.text(body="new")
    stage.work()
    assert len(stage.carrier.messages.listed_since) == looked + 1
    stage.later(60)
    assert stage.arrived == [(CARL, "new")]


def test_a_list_of_several_pages_is_gone_through(stage: Stage) -> None:
    stage.carrier.messages.page_size = 1
    backup = Backup(stage)
    for sid in "456":
        came_in(stage, f"text {sid}", "SM" + sid * 32)
    stage.now += 60
    turns = iter([0.0, 30.0] * 50)

    done = reconcile_restored(
        stage.deployment, snapshot_at=backup.at, clock=lambda: stage.now + next(turns)
    )

    assert (done.news, done.to_repeat) == (3, [])


def test_a_list_that_ends_in_the_middle_is_to_be_repeated(stage: Stage) -> None:
    stage.carrier.messages.page_size = 1
    backup = Backup(stage)
    for sid in "45":
        came_in(stage, f"text {sid}", "SM" + sid * 32)
    pages = stage.carrier.messages.inbound_page

    def fail_on_the_second(**asked: Any) -> Any:
        if asked["at"] is not None:
            raise AWAY
        return pages(**asked)

    stage.carrier.messages.inbound_page = fail_on_the_second  # type: ignore[method-assign]
    done = reconcile(stage, backup)
    assert done.news == 1
    assert len(done.to_repeat) == 1


def test_the_store_says_of_when_it_is(stage: Stage) -> None:
    assert snapshot_on_record(stage.deployment) is None
    reconcile_inbound([stage.services], clock=lambda: stage.now)
    assert snapshot_on_record(stage.deployment) == pytest.approx(NOW, abs=0.01)


def test_a_run_goes_by_the_moment_that_the_latest_one_was_told(stage: Stage) -> None:
    backup = Backup(stage)
    for at in (NOW - 365 * DAY, backup.at):
        reconcile_restored(stage.deployment, snapshot_at=at, clock=lambda: stage.now)
        assert snapshot_on_record(stage.deployment) == at
        noted = stage.store.messages.outbox.restored()
        assert noted == (at - SNAPSHOT_MARGIN, stage.now)


def test_p4_what_came_in_since_an_old_backup_is_all_asked_for(stage: Stage) -> None:
    backup = Backup(stage)
    stage.now += 5 * DAY
    reconcile(stage, backup)
    assert min(stage.carrier.messages.listed_since) <= backup.at - SNAPSHOT_MARGIN


def test_what_is_found_of_every_account_is_told(stage: Stage) -> None:
    other, theirs = "AC" + "1" * 32, "+16285550151"
    terms = BoardTerms(
        name="second", spoken_name="Second Jobs", account_sid=other, auth_tokens=("t",)
    )
    put_board(stage.deployment, terms)
    second = stage.deployment.of_board("second").store
    second.pools.put(US)
    second.numbers.add(theirs, "us", carrier_sid="PN3", capabilities="vsm", now=NOW, account=other)
    rented = stage.carrier.numbers.rented
    rented.append(replace(rented[0], number=theirs, sid="PN3", account=other))
    rented[:] = [replace(owned, voice_url="https://another.example.com/") for owned in rented]
    stage.carrier.numbers.point_here = lambda *_, **__: None

    found = reconcile(stage, Backup(stage)).findings

    assert {(one.kind, one.board, one.number, one.pool) for one in found} == {
        (Discrepancy.POINTS_ELSEWHERE, board, number, "us")
        for board, number in (("main", NUMBER), ("main", OTHER_NUMBER), ("second", theirs))
    }


# --- numbers --------------------------------------------------------------------------


@pytest.fixture
def market() -> Iterator[Market]:
    with SimulatedCarrier(SID, TOKEN) as simulated:
        yield Market(simulated)


def reconcile_market(market: Market) -> Reconciled:
    """Its carrier has no messages to ask for: that part is to be repeated."""

    class Messages:
        def inbound_page(self, **_: Any) -> Any:
            raise AWAY

    market.services.carrier.messages = Messages()  # type: ignore[misc]
    return reconcile_restored(market.world.deployment, snapshot_at=NOW, clock=market.clock)


def test_a_purchase_under_way_ends_for_it_may_have_bought_all_since(market: Market) -> None:
    job = market.order(3)
    done = reconcile_market(market)
    assert done.ended == [job.id]
    ended = market.store.purchases.get(job.id)
    assert ended.status is JobStatus.FAILED
    assert [failure.code for failure in ended.failures] == [FailureCode.RESTORED]
    assert len(market.owned()) == 1


def test_a_number_bought_since_is_named(market: Market) -> None:
    job = market.order(1)
    market.finish(job)
    (bought,) = market.owned() - {NUMBER}
    market.store.numbers.retire(bought, "us", expected=market.store.numbers.get(bought).status)
    for number in market.store.numbers.releasing("us").values():
        market.store.numbers.note_released(number, "us", now=NOW)
    found = reconcile_market(market).findings
    assert (Discrepancy.UNUSED, bought) in [(one.kind, one.number) for one in found]


def test_a_purchase_of_which_nothing_is_certain_yet_is_looked_at_again(market: Market) -> None:
    job = market.order(1)
    market.store.purchases.begin(job.id, token="t", now=market.now)
    market.store.purchases.reserve(job.id, OTHER_NUMBER, token="t", now=market.now)
    busy = reconcile_market(market)
    assert job.id not in busy.ended
    assert any(job.id in reason for reason in busy.to_repeat)
    market.now += CERTAIN_AFTER / 2
    market.store.purchases.postpone(job.id, token="t", until=market.now, has_failed=False)
    unknown = reconcile_market(market)
    assert job.id not in unknown.ended
    market.now += CERTAIN_AFTER
    assert reconcile_market(market).ended == [job.id]


def test_a_purchase_that_the_carrier_says_nothing_of_is_looked_at_again(market: Market) -> None:
    job = market.order(1)
    market.store.purchases.begin(job.id, token="t", now=market.now)
    market.store.purchases.reserve(job.id, OTHER_NUMBER, token="t", now=market.now)
    market.store.purchases.postpone(job.id, token="t", until=market.now, has_failed=False)

    def refuse(name: str) -> None:
        if name == "find_owned":
            raise AWAY

    market.carrier.before = refuse
    done = reconcile_market(market)
    assert job.id not in done.ended
    assert any(job.id in reason for reason in done.to_repeat)
