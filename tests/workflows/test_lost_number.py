"""What people hear when the account has lost their number, and what becomes of their texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.errors import CarrierError
from relay.domain.message_progress import MessageStatus
from relay.domain.opt_out import OptOut
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.domain.session import ClosedReason
from relay.domain.trouble import Trouble
from relay.workflows.leave_lost_number import leave_lost_number, set_aside, take_back
from relay.workflows.recycle import recycle
from tests.workflows.texting import Stage, share_the_number
from tests.world import CARL, DAN, EVE, NUMBER, OTHER_NUMBER, RITA

SERVICES = ("MG" + "1" * 32, "MG" + "2" * 32)
NOT_OURS = CarrierError(Trouble.NOT_OURS, 21606)
OLD = "the old one may soon be somebody else's."
PLAIN = f"JobBoard: your number for this contact is now this one. Please use it from now on: {OLD}"


def lose(stage: Stage, number: str = NUMBER) -> None:
    lost = stage.store.numbers.get(number)
    assert set_aside(stage.services, lost)
    assert stage.store.numbers.get(number).status is NumberStatus.RELEASED
    assert leave_lost_number(stage.services, lost, clock=lambda: stage.now, until=stage.now + 60)


def test_when_the_time_is_over_sessions_stay_for_the_next_time(stage: Stage) -> None:
    lost = stage.store.numbers.get(NUMBER)
    assert set_aside(stage.services, lost)
    for until, number in ((stage.now, NUMBER), (stage.now + 1, OTHER_NUMBER)):
        is_left = leave_lost_number(stage.services, lost, clock=lambda: stage.now, until=until)
        assert is_left is (number == OTHER_NUMBER)
        session = stage.store.sessions.get(stage.pair.session.id)
        assert session.virtual_number == number


def changed_since(stage: Stage) -> VirtualNumber:
    """The number as it was when it was set aside; an operator has put it to work again."""
    number = stage.store.numbers.get(NUMBER)
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=stage.now)
    stage.now += 91 * DAY
    recycle(stage.services, now=stage.now)
    return replace(number, status=NumberStatus.RELEASED)


def test_a_number_that_an_operator_has_put_to_work_meanwhile_leaves_no_pool(stage: Stage) -> None:
    seen = changed_since(stage)
    assert not set_aside(stage.services, seen)
    assert stage.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE


def test_a_number_that_an_operator_has_put_to_work_meanwhile_stays_at_work(stage: Stage) -> None:
    assert not take_back(stage.services, changed_since(stage))
    assert stage.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE


def test_both_are_told_by_a_text_from_their_new_number(stage: Stage) -> None:
    lose(stage)
    stage.work()
    assert sorted(stage.carrier.messages.sent) == sorted(
        [(OTHER_NUMBER, CARL, PLAIN), (OTHER_NUMBER, RITA, PLAIN)]
    )
    stage.text(RITA, "there?", number=OTHER_NUMBER)
    stage.work()
    assert stage.carrier.messages.sent[-1] == (OTHER_NUMBER, CARL, "there?")


def test_a_recruiter_of_several_is_told_by_code_and_context_and_a_candidate_by_context(
    stage: Stage,
) -> None:
    eves = share_the_number(stage)
    lose(stage)
    stage.work()
    told = {to: [] for to in (RITA, CARL, EVE, DAN)}
    for to, body in stage.arrived:
        told[to].append(body)
    carls = stage.pair.session
    assert sorted(told[RITA]) == sorted(
        [f"{carls.access_code}: {PLAIN}", f"{eves.access_code} Cook, Acme: {PLAIN}"]
    )
    assert told[CARL] == [PLAIN]
    assert told[EVE] == [PLAIN.replace("this contact", "Cook, Acme")]
    assert told[DAN] == []


def test_who_reads_chinese_is_told_in_chinese(stage: Stage) -> None:
    stage.pair.connect(RITA, EVE, context="Cook", candidate_locale="zh-CN")
    lose(stage, OTHER_NUMBER)
    stage.work()
    (words,) = [body for to, body in stage.arrived if to == EVE]
    assert words.startswith("JobBoard：关于“Cook”的联系号码现已更换为本号码。")


def test_p8_nobody_is_told_who_has_stopped_texts(stage: Stage) -> None:
    stage.store.suppressions.stop(
        stage.pair.vault.indexes_of(CARL), OTHER_NUMBER, since=stage.now, cause="us.SM1"
    )
    lose(stage)  # and no other number is left
    stage.work()
    assert [to for to, _ in stage.arrived] == [RITA]


@pytest.mark.parametrize("ago", [0, 8 * DAY])
def test_a_stop_to_the_lost_number_goes_with_its_session(stage: Stage, ago: int) -> None:
    """And is never offered to the carrier, which knows nothing of it on the other number."""
    carls = stage.pair.vault.indexes_of(CARL)
    stage.store.suppressions.stop(carls, NUMBER, since=stage.now - ago, cause="us.SM1")
    lose(stage)
    stage.text(RITA, "there?", number=OTHER_NUMBER)
    stage.work()
    assert [to for to, _ in stage.arrived if to == CARL] == []
    stage.text(CARL, "START", number=OTHER_NUMBER, opt_out=OptOut.START)
    stage.text(RITA, "and now?", number=OTHER_NUMBER)
    stage.work()
    assert stage.carrier.messages.sent[-1] == (OTHER_NUMBER, CARL, "and now?")


def test_a_stop_to_a_service_goes_with_its_session_to_another_one() -> None:
    stage = Stage(TWILIO_MESSAGING_SERVICE_SID=",".join(SERVICES))
    for number, service in zip((NUMBER, OTHER_NUMBER), SERVICES, strict=True):
        stage.client.hset(stage.store.keys.in_pool("us").number(number), "service", service)
    stage.text(CARL, "STOP", opt_out=OptOut.STOP)
    stage.work()
    lose(stage)
    stage.text(RITA, "there?", number=OTHER_NUMBER)
    stage.work()
    assert [to for to, _ in stage.arrived if to == CARL] == []


def test_p4_a_text_that_is_refused_for_the_number_waits_and_goes_by_the_next_one(
    stage: Stage,
) -> None:
    stage.carrier.messages.troubles = [NOT_OURS]
    message = stage.text(RITA, "hello").message
    stage.work()
    assert stage.jobs.comparisons == 1
    lose(stage)
    stage.work()
    stage.later(61)
    assert stage.carrier.messages.sent[-1] == (OTHER_NUMBER, CARL, "hello")
    assert [body for to, body in stage.arrived if to == CARL] == [PLAIN, "hello"]
    assert stage.record(message).status is MessageStatus.QUEUED


def test_a_text_that_waits_gets_the_code_that_its_session_has_on_the_next_number(
    stage: Stage,
) -> None:
    """By the one before, which somebody else has there, nobody could answer."""
    eves = share_the_number(stage)
    stage.carrier.messages.troubles = [NOT_OURS]
    stage.text(EVE, "hello")
    stage.work()
    codes = stage.store.keys.codes
    stage.client.hset(codes, f"{OTHER_NUMBER}:{eves.access_code}", stage.pair.session.id)
    lose(stage)
    stage.work()
    stage.later(61)
    code = stage.store.sessions.get(eves.id).access_code
    assert code != eves.access_code
    assert stage.carrier.messages.sent[-1] == (OTHER_NUMBER, RITA, f"{code} Cook, Acme: hello")


def test_p4_a_number_that_is_not_lost_and_still_refused_tells_the_sender(stage: Stage) -> None:
    stage.carrier.messages.troubles = [NOT_OURS, NOT_OURS]
    message = stage.text(RITA, "hello").message
    stage.work()
    stage.later(61)
    assert stage.record(message).status is MessageStatus.FAILED
    ((to, body),) = stage.arrived
    assert (to, body.startswith("JobBoard: one of your texts could not be delivered")) == (
        RITA,
        True,
    )


@pytest.mark.plants_numbers
def test_p9_a_planted_context_is_told_to_nobody(stage: Stage) -> None:
    session = stage.pair.connect(RITA, EVE, context="Cook")
    keys = stage.store.keys
    record = stage.client.hget(keys.sessions, session.id)
    stage.client.hset(keys.sessions, session.id, record.replace("Cook", "call +1 212 555 0149"))
    lose(stage, session.virtual_number)
    stage.work()
    assert [body for to, body in stage.arrived if to == EVE] == [PLAIN]


def test_p9_a_renumbered_session_is_signed_as_before(stage: Stage) -> None:
    lose(stage)
    session = stage.store.sessions.get(stage.pair.session.id)
    assert (session.virtual_number, session.is_live(stage.now)) == (OTHER_NUMBER, True)
    assert session.party(Role.CANDIDATE) == stage.pair.session.party(Role.CANDIDATE)
    assert stage.store.sessions.is_genuine(session)


def test_p9_a_planted_session_gets_no_trace_that_we_have_signed(stage: Stage) -> None:
    keys, session = stage.store.keys, stage.pair.session
    record = stage.client.hget(keys.sessions, session.id)
    planted = record.replace(session.candidate.ref, "eve")
    stage.client.hset(keys.sessions, session.id, planted)
    lose(stage)
    assert stage.client.hgetall(keys.sessions) == {session.id: planted}
