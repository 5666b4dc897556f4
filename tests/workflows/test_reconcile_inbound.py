from __future__ import annotations

from dataclasses import replace

import fakeredis
import pytest
from structlog.testing import capture_logs

from relay.carrier.messages import ListedText
from relay.carrier.webhooks import InboundText
from relay.domain.board import Board
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.fetching import ListPlace, Look
from relay.domain.notices import Notice
from relay.domain.session import Channel, ClosedReason
from relay.domain.trouble import Trouble
from relay.store.keys import DeploymentKeys, PoolKeys
from relay.store.notices import ASKED_AN_HOUR
from relay.store.records import Record
from relay.store.store import Store
from relay.workflows.reconcile_inbound import FIRST_LOOK, OVERLAP, TRIED_FOR, reconcile_inbound
from relay.workflows.recycle import recycle
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services
from relay.workflows.word_answer import word_answer
from tests.fake_redis import FakeRedis
from tests.key_ring import SIGNER, move_number
from tests.workflows.texting import Stage, share_the_number
from tests.world import CARL, DAN, NORA, NOW, NUMBER, RITA, STRANGER, US

NEW_PHONE = "+12125550127"


def listed(stage: Stage, *bodies: str, sender: str = RITA, age: float = 30) -> None:
    """The carrier's list, newest first."""
    for body in bodies:
        text = ListedText(text=stage.inbound(sender, body), received_at=NOW - age)
        stage.carrier.messages.inbound.insert(0, text)


def test_what_came_in_while_we_were_away_is_taken_on_in_order(stage: Stage) -> None:
    listed(stage, "one", "two")
    assert reconcile_inbound([stage.services], clock=lambda: NOW) == 2
    stage.work()
    assert stage.arrived == [(CARL, "one"), (CARL, "two")]


def test_what_we_have_seen_is_not_taken_on_again(stage: Stage) -> None:
    listed(stage, "one")
    for expected in (1, 0):
        assert reconcile_inbound([stage.services], clock=lambda: NOW) == expected


def test_a_run_looks_back_behind_the_last_good_one(stage: Stage) -> None:
    reconcile_inbound([stage.services], clock=lambda: NOW)
    reconcile_inbound([stage.services], clock=lambda: NOW + 60)
    assert stage.carrier.messages.listed_since == [NOW - FIRST_LOOK - OVERLAP, NOW - OVERLAP]


def test_a_run_that_failed_is_made_up_for_by_the_next(stage: Stage) -> None:
    reconcile_inbound([stage.services], clock=lambda: NOW)
    stage.carrier.messages.list_trouble = CarrierError(Trouble.LATER, 20500)
    assert reconcile_inbound([stage.services], clock=lambda: NOW + 60) == 0
    stage.carrier.messages.list_trouble = None
    reconcile_inbound([stage.services], clock=lambda: NOW + 120)
    assert stage.carrier.messages.listed_since[-1] == NOW - OVERLAP


def read_for(stage: Stage, *moments: float) -> int:
    """One run, whose clock shows these."""
    shown = iter(moments)
    return reconcile_inbound([stage.services], clock=lambda: next(shown))


def test_a_look_that_takes_longer_than_a_run_is_gone_on_with(stage: Stage) -> None:
    """P4. The mark is the beginning of the look, so that nothing of the meantime is left out."""
    carrier, fetched, account = (
        stage.carrier.messages,
        stage.store.messages.fetched,
        stage.services.account.sid,
    )
    listed(stage, "one", "two", "three", "four", "five")
    carrier.page_size = 2
    assert read_for(stage, NOW, NOW, NOW + 9, NOW + 30) == 4
    assert fetched.until(account) is None
    assert reconcile_inbound([stage.services], clock=lambda: NOW + 60) == 1
    assert [place and place.page for place in carrier.listed_at] == [None, 1, 2]
    assert fetched.until(account) == NOW
    assert fetched.unfinished(account) is None
    carrier.listed_at.clear()
    reconcile_inbound([stage.services], clock=lambda: NOW + 120)
    assert carrier.listed_at[0] is None
    assert carrier.listed_since[-1] == NOW - OVERLAP


@pytest.mark.parametrize(
    ("trouble", "places"), [(Trouble.LATER, [1, 1]), (Trouble.NEVER, [1, None])]
)
def test_a_page_that_fails_is_asked_for_again_unless_its_place_is_gone(
    stage: Stage, trouble: Trouble, places: list[int | None]
) -> None:
    carrier = stage.carrier.messages
    listed(stage, "one", "two", "three")
    carrier.page_size = 2
    read_for(stage, NOW, NOW, NOW + 30)
    carrier.listed_at.clear()
    carrier.list_trouble = CarrierError(trouble, 20500)
    assert reconcile_inbound([stage.services], clock=lambda: NOW + 60) == 0
    carrier.list_trouble = None
    assert reconcile_inbound([stage.services], clock=lambda: NOW + 120) == 1
    assert [place and place.page for place in carrier.listed_at][:2] == places


def test_a_text_that_failed_in_a_long_look_is_looked_for_again(stage: Stage) -> None:
    carrier = stage.carrier.messages
    listed(stage, "one", "two", "three")
    carrier.page_size = 2
    client, session = stage.client, stage.pair.session.id
    whole = client.hget(PoolKeys("main", "us").sessions, session)
    damage(stage, session)
    read_for(stage, NOW, NOW, NOW + 30)
    client.hset(PoolKeys("main", "us").sessions, session, whole)
    assert reconcile_inbound([stage.services], clock=lambda: NOW + 60) == 1
    assert stage.store.messages.fetched.until(stage.services.account.sid) is None
    assert reconcile_inbound([stage.services], clock=lambda: NOW + 120) == 2


@pytest.mark.parametrize("is_unfinished", [False, True])
def test_p9_who_sets_the_mark_forward_keeps_nothing_new_from_being_fetched(
    stage: Stage, is_unfinished: bool
) -> None:
    fetched, account, far = stage.store.messages.fetched, stage.services.account.sid, NOW + 10**6
    if is_unfinished:
        fetched.note_unfinished(account, Look(began_at=far, since=far), ListPlace(0, "0"))
    else:
        fetched.note_until(account, far)
    listed(stage, "one")
    assert reconcile_inbound([stage.services], clock=lambda: NOW) == 1
    assert fetched.until(account) == NOW


def test_p9_who_sets_the_mark_back_has_nothing_fetched_from_before_a_day(stage: Stage) -> None:
    stage.client.set(DeploymentKeys().fetched(stage.services.account.sid), "1")
    reconcile_inbound([stage.services], clock=lambda: NOW)
    assert stage.carrier.messages.listed_since == [NOW - 24 * 3600]


def test_who_texted_a_closed_session_meanwhile_is_told_by_text_once(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW - 40)
    listed(stage, "one", "two")
    for _ in range(2):
        reconcile_inbound([stage.services], clock=lambda: NOW)
    stage.work()
    assert [to for to, _ in stage.arrived] == [RITA]
    assert "no longer connects you" in stage.arrived[0][1]


def test_each_who_texted_a_closed_session_meanwhile_is_told(stage: Stage) -> None:
    other = stage.pair.connect(NORA, DAN)
    for sender, session in ((RITA, stage.pair.session), (NORA, other)):
        stage.store.sessions.close(session.id, ClosedReason.BY_API, now=NOW - 40)
        listed(stage, "one", sender=sender)
    reconcile_inbound([stage.services], clock=lambda: NOW)
    stage.work()
    assert [to for to, _ in stage.arrived] == [RITA, NORA]


def test_a_notice_that_is_there_already_is_not_enqueued_again(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW - 40)
    listed(stage, "one")
    reconcile_inbound([stage.services], clock=lambda: NOW)
    stage.jobs.take()
    for key in stage.client.keys("*told*"):
        stage.client.delete(key)
    reconcile_inbound([stage.services], clock=lambda: NOW)
    assert stage.jobs.noted == []


def fetch(stage: Stage, text: InboundText) -> None:
    """The carrier lists what its webhook has brought, a little later."""
    stage.carrier.messages.inbound = [ListedText(text=text, received_at=NOW)]
    reconcile_inbound([stage.services], clock=lambda: stage.now)
    stage.work()


@pytest.mark.parametrize("has_code", [False, True])
def test_p1_a_refused_text_is_not_for_whoever_is_left_when_it_is_listed(
    stage: Stage, has_code: bool
) -> None:
    """Its sender had several people there, and has one by then."""
    eve = share_the_number(stage)
    short = replace(US, recruiter_cooldown=60, candidate_cooldown=60)
    stage.store.pools.put(short)
    stage.store.sessions.close(eve.id, ClosedReason.BY_API, now=NOW - 40)
    text = stage.inbound(RITA, f"{eve.access_code if has_code else ''} Eve, the job is yours")
    answer = relay_text(stage.services, text, now=NOW)
    assert answer.outcome == ("closed" if has_code else "several")
    stage.now = NOW + 30
    recycle(stage.services, now=stage.now)
    fetch(stage, text)
    assert stage.arrived == []
    assert replace(relay_text(stage.services, text, now=stage.now), tell=None) == replace(
        answer, tell=None
    )


def test_p4_a_text_that_was_refused_is_not_delivered_after_all(stage: Stage) -> None:
    """Its sender was told so."""
    session = stage.pair.session.id
    stage.store.sessions.amend(session, now=NOW, channels=frozenset({Channel.VOICE}))
    text = stage.inbound()
    assert relay_text(stage.services, text, now=NOW).tell is Notice.CALLS_ONLY
    stage.store.sessions.amend(session, now=NOW, channels=frozenset(Channel))
    fetch(stage, text)
    assert stage.arrived == []


def test_a_question_that_was_asked_at_once_is_not_asked_again(stage: Stage) -> None:
    share_the_number(stage)
    for minute in range(ASKED_AN_HOUR):
        text = stage.inbound(body=f"hello {minute}")
        assert relay_text(stage.services, text, now=stage.now).tell is Notice.WHICH_SESSION
        for _ in range(3):
            stage.now += 10
            fetch(stage, text)
    assert stage.arrived == []


def test_p4_a_listed_question_is_asked_though_its_worker_died(stage: Stage) -> None:
    share_the_number(stage)
    text = stage.inbound()
    add, stage.store.notices.add = stage.store.notices.add, be_away
    fetch(stage, text)
    stage.store.notices.add = add
    for _ in range(2):
        fetch(stage, text)
    assert [to for to, _ in stage.arrived] == [RITA]


def be_away(*_: object, **__: object) -> str:
    raise Unavailable("away")


def test_a_repeated_question_about_nobody_says_so(stage: Stage) -> None:
    eve = share_the_number(stage)
    text = stage.inbound()
    assert relay_text(stage.services, text, now=NOW).tell is Notice.WHICH_SESSION
    for session in (eve.id, stage.pair.session.id):
        stage.store.sessions.close(session, ClosedReason.BY_API, now=NOW)
    again = relay_text(stage.services, text, now=NOW)
    words = word_answer(stage.services, again, number=NUMBER, now=NOW)
    assert "no longer connects you" in words


def test_a_stranger_s_old_text_is_left_alone(stage: Stage) -> None:
    listed(stage, "hello?", sender=STRANGER)
    assert reconcile_inbound([stage.services], clock=lambda: NOW) == 0
    assert stage.jobs.noted == []


def test_a_stop_that_we_missed_counts_from_when_it_was_said(stage: Stage) -> None:
    listed(stage, "STOP", sender=CARL, age=90)
    stage.text(CARL, "STOP")
    stage.text(CARL, "START")
    reconcile_inbound([stage.services], clock=lambda: NOW)
    assert not stage.store.suppressions.is_stopped(
        stage.pair.vault.indexes_of(CARL), "+14155550192"
    )


def test_p9_a_text_of_a_damaged_session_keeps_no_other_from_being_fetched(stage: Stage) -> None:
    """P4. It is tried for an hour, and keeps the mark where it is no longer than that."""
    fetched, account = stage.store.messages.fetched, stage.services.account.sid
    stage.pair.connect(NORA, DAN)
    damage(stage, stage.pair.session.id)
    listed(stage, "of the damaged session")
    (sid,) = (each.text.message_sid for each in stage.carrier.messages.inbound)
    listed(stage, "of another one", sender=NORA)

    with capture_logs() as events:
        assert reconcile_inbound([stage.services], clock=lambda: NOW) == 1
    stage.work()
    assert stage.arrived == [(DAN, "of another one")]
    (failed,) = (event for event in events if event["event"] == "passed over what failed")
    assert (failed["error"], failed["text"], failed["account"]) == ("ValueError", sid, account)

    assert fetched.until(account) is None
    reconcile_inbound([stage.services], clock=lambda: NOW + TRIED_FOR)
    assert fetched.until(account) == NOW + TRIED_FOR


def test_p4_a_text_from_before_a_long_outage_is_tried_for_an_hour_from_its_first_try_on() -> None:
    stage = Stage(now=NOW - 3 * TRIED_FOR)
    fetched, account = stage.store.messages.fetched, stage.services.account.sid
    fetched.note_until(account, NOW - 3 * TRIED_FOR)
    whole = stage.client.hget(PoolKeys("main", "us").sessions, stage.pair.session.id)
    damage(stage, stage.pair.session.id)
    listed(stage, "from before", age=2 * TRIED_FOR)

    for tried in (0, TRIED_FOR - 60):
        reconcile_inbound([stage.services], clock=lambda at=NOW + tried: at)
        assert fetched.until(account) == NOW - 3 * TRIED_FOR
    stage.client.hset(PoolKeys("main", "us").sessions, stage.pair.session.id, whole)
    assert reconcile_inbound([stage.services], clock=lambda: NOW + TRIED_FOR) == 1
    stage.work()
    stage.later(3 * TRIED_FOR)
    assert stage.arrived == [(CARL, "from before")]


def test_a_text_that_the_store_refuses_is_not_tried_for_ever_though_it_says_unavailable(
    stage: Stage,
) -> None:
    """What is stored may be damaged: no outage, which would be waited for."""
    fetched, account = stage.store.messages.fetched, stage.services.account.sid
    key = PoolKeys("main", "us").sessions
    stage.client.delete(key)
    stage.client.set(key, "no hash")
    listed(stage, "one")

    for tried in (0, TRIED_FOR - 60):
        reconcile_inbound([stage.services], clock=lambda at=NOW + tried: at)
        assert fetched.until(account) is None
    reconcile_inbound([stage.services], clock=lambda: NOW + TRIED_FOR)
    assert fetched.until(account) == NOW + TRIED_FOR


def damage(stage: Stage, session_id: str) -> None:
    key = PoolKeys("main", "us").sessions
    record = Record._make(stage.client.hget(key, session_id).split("\t"))
    stage.client.hset(key, session_id, "\t".join(record._replace(bindings="zz")))


def test_a_text_that_failed_is_taken_on_when_its_board_is_mended(stage: Stage) -> None:
    """P4: those to the other boards do not wait for it."""
    second = second_of(stage)
    boards, account = [stage.services, second], stage.services.account.sid
    damaged, client = "+14155550159", stage.client
    move_number(client, damaged, "second", "ca")
    client.set("{second}/ca:numbers", "not a hash")
    listed(stage, "one")
    lost = replace(stage.inbound(RITA, "two"), virtual_number=damaged)
    stage.carrier.messages.inbound.insert(0, ListedText(text=lost, received_at=NOW - 20))
    listed(stage, "three")

    assert reconcile_inbound(boards, clock=lambda: NOW) == 2
    assert stage.store.messages.fetched.until(account) is None
    client.delete("{second}/ca:numbers")
    assert reconcile_inbound(boards, clock=lambda: NOW + 60) == 0
    assert stage.store.messages.fetched.until(account) == NOW + 60


def test_a_text_to_a_board_that_is_away_is_waited_for_as_long_as_it_takes(stage: Stage) -> None:
    """P4"""
    fetched, account = stage.store.messages.fetched, stage.services.account.sid
    server = fakeredis.FakeServer()
    store = Store(FakeRedis(server), SIGNER, "second", number_map=stage.store.number_map)
    boards = [stage.services, replace(second_of(stage), store=store)]
    move_number(stage.client, "+14155550159", "second", "us")
    text = replace(stage.inbound(), virtual_number="+14155550159")
    stage.carrier.messages.inbound.insert(0, ListedText(text=text, received_at=NOW))
    server.connected = False

    reconcile_inbound(boards, clock=lambda: NOW + 2 * TRIED_FOR)
    assert fetched.until(account) is None

    server.connected = True
    reconcile_inbound(boards, clock=lambda: NOW + 2 * TRIED_FOR)
    assert fetched.until(account) == NOW + 2 * TRIED_FOR


# --- several boards ---------------------------------------------------------------------


def second_of(stage: Stage) -> Services:
    stage.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    return stage.deployment.of_board("second")


def test_a_text_is_taken_on_for_the_board_that_its_number_has_moved_to(stage: Stage) -> None:
    """This process has read of it as `main`'s, and `main` finds out while it takes the text on."""
    second = second_of(stage)
    assert stage.deployment.of_number(NUMBER) is stage.services
    move_number(stage.client, NUMBER, "second", "us")
    stage.client.hdel("{main}/us:numbers", NUMBER)
    stage.client.hset("{second}/us:numbers", NUMBER, 0)
    listed(stage, "for the other board")

    assert reconcile_inbound([stage.services, second], clock=lambda: NOW) == 0

    assert stage.deployment.of_number(NUMBER) is second
    assert stage.client.exists("{second}:refused:" + "SM" + "0" * 31 + "1")


def test_a_text_to_a_number_of_a_board_with_another_account_is_left_to_that(stage: Stage) -> None:
    second_of(stage)
    move_number(stage.client, "+16285550151", "second", "us")
    text = replace(stage.inbound(RITA, "not for us"), virtual_number="+16285550151")
    stage.carrier.messages.inbound.insert(0, ListedText(text=text, received_at=NOW - 20))
    assert reconcile_inbound([stage.services], clock=lambda: NOW) == 0
    assert not stage.client.keys("*refused*")


def test_a_text_to_a_number_of_nobodys_goes_to_nobody(stage: Stage) -> None:
    text = replace(stage.inbound(RITA, "hello?"), virtual_number="+16285550159")
    stage.carrier.messages.inbound.insert(0, ListedText(text=text, received_at=NOW - 20))
    for boards in ([stage.services], [stage.services, second_of(stage)]):
        assert reconcile_inbound(boards, clock=lambda: NOW) == 0
        fetched, account = stage.store.messages.fetched, stage.services.account.sid
        assert fetched.until(account) == NOW, "it is not to be tried again"
    stage.work()
    assert stage.arrived == []
