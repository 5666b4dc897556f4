"""What the carrier keeps of the calls and texts of somebody erased goes when these are over."""

from __future__ import annotations

import pytest

from relay.domain.erasure import ErasureStatus
from relay.domain.errors import CarrierError
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.trouble import Trouble
from relay.store.calls import CallLimits, IncomingCall
from relay.workflows.erase_at_carrier import erase_at_carrier
from relay.workflows.erase_participant import erase_participant, find_erasure
from relay.workflows.recycle import ERASURES_REMEMBERED, recycle
from tests.key_ring import marks_of
from tests.workflows.texting import Stage
from tests.world import CARL, NORA, NUMBER, RITA, index_of

CALL = "CA" + "1" * 32


def erase(stage: Stage) -> None:
    """Carl goes, and the files of Redis forget him at once."""
    stage.now += 1
    ref = stage.pair.session.candidate.ref
    erase_participant(stage.services, Role.CANDIDATE, ref, now=stage.now)
    moment = stage.store.erasures.latest_pending()
    assert moment is not None
    stage.store.erasures.note_final(moment)


def run(stage: Stage) -> ErasureStatus:
    erase_at_carrier(stage.services, clock=lambda: stage.now)
    return find_erasure(stage.services, Role.CANDIDATE, stage.pair.session.candidate.ref).status


def texted(stage: Stage, sender: str = RITA, number: str = NUMBER) -> set[str]:
    """A text that has arrived: both of its sids."""
    message = stage.text(sender, number=number).message
    stage.work()
    stage.report(message, "delivered", sid=stage.record(message).carrier_sid)
    return {*stage.record(message).carrier_sids}


def call(stage: Stage) -> None:
    incoming = IncomingCall(
        sid=CALL,
        virtual_number=NUMBER,
        caller_indexes=(index_of(RITA),),
        attestation="",
        marks=marks_of(CALL),
    )
    limits = CallLimits(lease=600, repeatable=60, retention=1000)
    assert stage.store.calls.route("us", incoming, limits=limits, now=stage.now).session


def test_both_ways_of_texts_and_calls_are_deleted_without_delay(stage: Stage) -> None:
    sids = texted(stage) | texted(stage, CARL)
    assert len(sids) == 4
    call(stage)
    erase(stage)
    assert find_erasure(
        stage.services, Role.CANDIDATE, stage.pair.session.candidate.ref
    ).status is (ErasureStatus.PENDING_CARRIER)
    assert run(stage) is ErasureStatus.DONE
    assert {*stage.carrier.records.deleted} == {CALL, *sids}
    run(stage)
    assert len(stage.carrier.records.deleted) == 5


def test_what_is_not_over_is_waited_for_and_nothing_is_asked_twice(stage: Stage) -> None:
    sids = texted(stage)
    call(stage)
    stage.carrier.records.kept = {CALL}
    erase(stage)
    assert run(stage) is ErasureStatus.PENDING_CARRIER
    assert run(stage) is ErasureStatus.PENDING_CARRIER
    assert sorted(stage.carrier.records.deleted) == sorted(sids)
    stage.carrier.records.kept = set()
    assert run(stage) is ErasureStatus.DONE
    assert not stage.client.keys("{main}:gone:*")


@pytest.mark.parametrize("comes_to_rest", [True, False])
def test_a_text_that_may_still_be_sent_is_waited_for(stage: Stage, comes_to_rest: bool) -> None:
    stage.carrier.messages.troubles = [CarrierError(Trouble.LATER, 1, ambiguous=True)]
    stage.text()
    stage.work()
    erase(stage)
    assert run(stage) is ErasureStatus.PENDING_CARRIER
    if comes_to_rest:
        stage.later(60)
    else:
        stage.now += 2 * DAY + 10
    assert run(stage) is ErasureStatus.DONE


def test_a_record_that_has_gone_holds_nothing_up(stage: Stage) -> None:
    texted(stage)
    stage.client.delete(*stage.client.keys("{main}:message:*"))
    erase(stage)
    assert run(stage) is ErasureStatus.DONE
    assert stage.carrier.records.deleted == []


def test_an_account_in_trouble_ends_the_run(stage: Stage) -> None:
    texted(stage)
    erase(stage)
    stage.carrier.records.trouble = CarrierError(Trouble.ACCOUNT, 20003)
    assert run(stage) is ErasureStatus.PENDING_CARRIER
    stage.carrier.records.trouble = None
    assert run(stage) is ErasureStatus.DONE


def test_a_run_ends_in_time(stage: Stage) -> None:
    texted(stage)
    erase(stage)
    moments = iter([stage.now, stage.now + 6])
    erase_at_carrier(stage.services, clock=lambda: next(moments))
    assert stage.carrier.records.deleted == []
    assert run(stage) is ErasureStatus.DONE


def test_who_has_come_again_keeps_their_records(stage: Stage) -> None:
    sids = texted(stage)
    erase(stage)
    stage.now += 10
    again = stage.pair.connect(NORA, CARL, now=stage.now)
    texted(stage, CARL, again.virtual_number)
    run(stage)
    assert {*stage.carrier.records.deleted} == sids


def test_it_is_remembered_until_the_carrier_has_deleted_everything(stage: Stage) -> None:
    call(stage)
    stage.carrier.records.kept = {CALL}
    erase(stage)
    stage.now += ERASURES_REMEMBERED + 10
    recycle(stage.services, now=stage.now)
    assert run(stage) is ErasureStatus.PENDING_CARRIER


def test_a_later_erasure_of_the_same_person_is_one_of_its_own(stage: Stage) -> None:
    at_carrier = stage.store.erasures.at_carrier
    erase(stage)
    (first,) = at_carrier.pending()
    stage.now += 10
    stage.pair.connect(RITA, CARL, now=stage.now)
    erase(stage)
    at_carrier.note_done(first)
    (second,) = at_carrier.pending()
    assert second.moment > first.moment
    assert run(stage) is ErasureStatus.DONE
