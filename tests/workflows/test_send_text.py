from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay.carrier.codes import NO_ANSWER
from relay.carrier.errors import refusal
from relay.carrier.messages import SentText
from relay.carrier.webhooks import InboundText
from relay.domain.errors import CarrierError
from relay.domain.message_progress import REPORT_GRACE
from relay.domain.notices import Notice, telling
from relay.domain.opt_out import OFFERED_AGAIN_AFTER
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.phone import PhoneNumber
from relay.domain.policy import DAY
from relay.domain.pool import Pool
from relay.domain.session import ClosedReason
from relay.domain.texts import SendLease
from relay.domain.trouble import Trouble
from relay.store.keys import PoolKeys
from relay.store.outbox import LEASE
from relay.store.send_leases import NOTICE_LIFETIME
from relay.workflows.close_session import close_session
from relay.workflows.erase_participant import erase_participant
from relay.workflows.find_receiver import find_receiver
from relay.workflows.list_interactions import list_session_interactions
from relay.workflows.recycle import recycle
from relay.workflows.register_participant import register_candidate, register_recruiter
from relay.workflows.relay_text import relay_text
from relay.workflows.sweep_outbox import sweep_outbox
from tests.sending import send_lane
from tests.workflows.texting import TO_CARL, UNCLEAR, Stage, StandInCarrier
from tests.world import ASKER, CARL, DAN, NORA, NOW, NUMBER, OTHER_NUMBER, RITA, make_world, person

BUSY = CarrierError(Trouble.LATER, 20429, retry_after=30)
LANDLINE = CarrierError(Trouble.LANDLINE, 21614)
NEW_PHONE = "+12125550127"
ENDED = "JobBoard: one of your texts could not be delivered."
FAILED = f"{ENDED} You can still call this number."
NOT_RECEIVED = (
    "JobBoard: your text was not delivered. Texts do not reach the other person's phone. "
    "You can still call this number."
)


def test_the_status_callback_names_message_and_attempt(stage: Stage) -> None:
    message = stage.text().message
    stage.work()
    attempt = stage.client.hget(PoolKeys("main", "us").message(message), "attempt")
    assert stage.carrier.messages.callbacks == [
        f"https://relay.example.com/twilio/main/messages/{message}/{attempt}/status#rc=3&rp=all"
    ]
    assert (stage.record(message).status, stage.record(message).attempts) == ("queued", 1)


def test_twin_texts_arrive_once_each_and_in_order(stage: Stage) -> None:
    for body in ("ok", "ok", "see you"):
        stage.text(body=body)
    stage.jobs.noted = stage.jobs.noted[-1:]  # the last one's job alone drains the lane
    stage.work()
    assert stage.arrived == [(CARL, "ok"), (CARL, "ok"), (CARL, "see you")]
    stage.work()
    assert len(stage.arrived) == 3


def test_a_status_word_nobody_knows_still_means_taken(stage: Stage) -> None:
    stage.carrier.messages.status = "brand-new"
    message = stage.text().message
    stage.work()
    assert stage.record(message).status == "queued"


def test_too_many_requests_are_waited_out_as_the_carrier_says(stage: Stage) -> None:
    stage.carrier.messages.troubles = [BUSY]
    message = stage.text().message
    stage.work()
    stage.now += 29
    stage.send(message)
    assert stage.arrived == []
    stage.now += 1
    assert sweep_outbox(stage.services, now=stage.now) == 1
    stage.work()
    assert stage.arrived == [TO_CARL]


def test_after_its_lifetime_the_text_is_given_up_and_its_sender_is_told(stage: Stage) -> None:
    message = stage.text().message
    stage.jobs.take()
    stage.now = NOW + DAY
    stage.carrier.messages.troubles = [BUSY]
    stage.send(message)
    stage.work()
    assert stage.record(message).status == "failed"
    assert stage.arrived == [(RITA, FAILED)]


def test_what_may_not_be_retried_fails_at_once(stage: Stage) -> None:
    stage.carrier.messages.troubles = [LANDLINE]
    message = stage.text().message
    stage.text(body="second")
    stage.work()
    assert (stage.record(message).status, stage.record(message).error_code) == ("failed", 21614)
    assert sorted(stage.arrived) == sorted([(CARL, "second"), (RITA, NOT_RECEIVED)])
    assert stage.client.get(PoolKeys("main", "us").body(message)) is None


def test_a_receiver_who_has_stopped_gets_nothing_and_the_sender_is_told(stage: Stage) -> None:
    stage.text(CARL, "STOP")
    stage.work()
    stage.carrier.messages.sent.clear()
    message = stage.text().message
    stage.work()
    assert stage.record(message).error_code == 21610
    assert [to for to, _ in stage.arrived] == [RITA]
    assert "since the other person has stopped texts" in stage.arrived[0][1]


@pytest.mark.parametrize("service", ["", "MG" + "1" * 32])
def test_a_stop_that_only_the_carrier_knows_is_remembered(service: str) -> None:
    stage = Stage(TWILIO_MESSAGING_SERVICE_SID=service)
    stage.carrier.messages.troubles = [CarrierError(Trouble.OPTED_OUT, 21610)]
    stage.text()
    stage.work()
    assert stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), NUMBER)
    assert [to for to, _ in stage.arrived] == [RITA]


def stop(stage: Stage, *, ago: float = OFFERED_AGAIN_AFTER) -> tuple[str, ...]:
    """Carl has said STOP so long ago; returns his indexes."""
    stage.text(CARL, "STOP", said_at=stage.now - ago)
    stage.work()
    stage.carrier.messages.sent.clear()
    return stage.pair.vault.indexes_of(CARL)


@pytest.mark.parametrize("service", ["", "MG" + "1" * 32])
def test_a_text_after_a_week_is_offered_to_the_carrier_and_ends_a_stop_it_has_forgotten(
    service: str,
) -> None:
    stage = Stage(TWILIO_MESSAGING_SERVICE_SID=service)
    carl = stop(stage, ago=OFFERED_AGAIN_AFTER - 10)
    stage.text(body="too soon")
    stage.work()
    assert CARL not in [to for to, _ in stage.arrived]
    stage.now += 10
    stage.text(body="a week later")
    stage.work()
    assert stage.arrived[-1] == (CARL, "a week later")
    assert not stage.store.suppressions.is_stopped(carl, NUMBER)


def test_a_stop_that_the_carrier_still_holds_holds_for_another_week(stage: Stage) -> None:
    carl = stop(stage)
    stage.carrier.messages.troubles = refused = [CarrierError(Trouble.OPTED_OUT, 21610)]
    messages = [stage.text(body=body).message for body in ("offered", "kept back")]
    stage.work()
    assert refused == [], "offered once"
    assert [stage.record(each).error_code for each in messages] == [21610, 21610]
    assert stage.store.suppressions.find_block(carl, NUMBER).stopped_at == stage.now
    assert CARL not in [to for to, _ in stage.arrived]


def test_no_notice_of_ours_is_offered_after_a_week(stage: Stage) -> None:
    stop(stage)
    stage.text(CARL, "", media=1)  # its notice would go to Carl
    stage.work()
    assert stage.arrived == []


def test_a_lost_answer_to_an_offered_text_ends_the_stop_when_the_text_is_found(
    stage: Stage,
) -> None:
    carl = stop(stage)
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = True
    message = stage.text().message
    stage.work()
    stage.now += REPORT_GRACE
    assert stage.store.suppressions.is_stopped(carl, NUMBER)
    stage.send(message)
    assert stage.arrived == [TO_CARL], "it was found, and not sent again"
    assert not stage.store.suppressions.is_stopped(carl, NUMBER)


def test_a_lost_answer_to_an_offered_text_leaves_a_stop_that_was_said_since(stage: Stage) -> None:
    carl = stop(stage)
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = True
    message = stage.text().message
    stage.work()
    stage.now += 1
    stage.text(CARL, "STOP")
    stage.now += REPORT_GRACE
    stage.send(message)
    assert TO_CARL in stage.arrived
    assert stage.record(message).status == "queued"
    assert stage.store.suppressions.is_stopped(carl, NUMBER)


def test_a_stop_that_a_report_tells_of_is_remembered(stage: Stage) -> None:
    message = stage.text().message
    stage.work()
    stage.report(message, "failed", 21610)
    assert stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), NUMBER)


@pytest.mark.parametrize("status", [302, 400, 404, 407])
@pytest.mark.parametrize("text", ["", "<html>", '{"code": true}', '{"code": 404}'])
def test_p4_an_answer_of_nobody_s_to_a_text_is_looked_into(
    stage: Stage, status: int, text: str
) -> None:
    stage.carrier.messages.troubles = [refusal(status, text, {}, creates=True)]
    message = stage.text().message
    stage.work()
    assert stage.record(message).status == "received"
    stage.later(60)
    assert stage.arrived == [TO_CARL]


def test_p4_a_pause_beyond_a_text_s_lifetime_does_not_end_it(stage: Stage) -> None:
    stage.carrier.messages.troubles = [CarrierError(Trouble.LATER, 20429, retry_after=1e6)]
    message = stage.text().message
    stage.work()
    stage.later(stage.record(message).expires_at - stage.now - 30)
    assert stage.arrived == [TO_CARL]


def test_a_late_report_of_a_stop_does_not_undo_a_start(stage: Stage) -> None:
    message = stage.text().message
    stage.work()
    carl = stage.pair.vault.indexes_of(CARL)
    for word in ("STOP", "START"):
        stage.now += 10
        stage.text(CARL, word)
    stage.now += 10
    stage.report(message, "failed", 21610)
    assert not stage.store.suppressions.is_stopped(carl, NUMBER)
    assert stage.text(body="again").outcome == "accepted"
    stage.work()
    assert stage.arrived[-1] == (CARL, "again")


def test_a_start_that_comes_while_a_text_is_refused_holds(stage: Stage) -> None:
    stage.text()
    carl = stage.pair.vault.indexes_of(CARL)

    def refuse(**_: object) -> object:
        stage.now += 2
        stage.text(CARL, "START")
        stage.now += 2
        raise CarrierError(Trouble.OPTED_OUT, 21610)

    stage.carrier.messages.send_text = refuse  # type: ignore[method-assign, assignment]
    stage.work()
    assert not stage.store.suppressions.is_stopped(carl, NUMBER)


def test_a_stop_that_comes_while_an_offered_text_is_taken_holds(stage: Stage) -> None:
    carl = stop(stage)
    take = stage.carrier.messages.send_text

    def take_and_hear_of_it(**text: Any) -> SentText:
        stage.now += 2
        stage.text(CARL, "STOP")
        stage.now += 2
        return take(**text)

    stage.carrier.messages.send_text = take_and_hear_of_it  # type: ignore[method-assign]
    stage.send(stage.text().message)
    assert stage.store.suppressions.is_stopped(carl, NUMBER)


@pytest.mark.parametrize("is_told_by_report", [False, True])
def test_p4_a_text_whose_typography_the_carrier_has_changed_is_found(
    stage: Stage, is_told_by_report: bool
) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = True
    message = stage.text(body="“Don’t” – he\u00a0said…").message
    stage.work()
    [taken] = stage.carrier.messages.taken
    stage.carrier.messages.taken = [replace(taken, body='"Don\'t" - he  said...')]
    if is_told_by_report:
        stage.report(message, "delivered", sid=taken.sid)
    stage.now += REPORT_GRACE
    stage.send(message)
    assert len(stage.arrived) == 1
    assert stage.record(message).segments == 1, "a report does not say, so it is counted"


def test_what_a_text_costs_is_counted_until_the_carrier_says_it(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = True
    message = stage.text(body="“" + "x" * 160).message
    stage.work()
    assert stage.record(message).segments == 2
    [taken] = stage.carrier.messages.taken
    stage.carrier.messages.taken = [replace(taken, segments=3)]
    stage.now += REPORT_GRACE
    stage.send(message)
    page = list_session_interactions(stage.services, stage.pair.session.id, before=None, limit=9)
    assert [interaction.segments for interaction in page.interactions] == [3]


def test_a_lost_answer_is_waited_for_then_looked_up_and_the_text_found(stage: Stage) -> None:
    """P4: the carrier took it; nothing is sent again."""
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = True
    message = stage.text().message
    stage.work()
    stage.now += REPORT_GRACE - 1
    stage.send(message)
    assert stage.carrier.messages.listed_since == []
    stage.now += 1
    stage.send(message)
    assert stage.arrived == [TO_CARL]
    assert stage.carrier.messages.listed_since == [NOW - 5]
    assert stage.record(message).status == "queued"
    assert stage.record(message).error_code is None


def test_a_lost_request_is_looked_up_and_sent_again(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    message = stage.text().message
    stage.work()
    stage.now += REPORT_GRACE
    stage.send(message)
    assert stage.arrived == [TO_CARL]
    assert stage.record(message).attempts == 2


def test_a_twin_s_text_is_not_taken_for_ours(stage: Stage) -> None:
    stage.text(body="ok")
    stage.work()
    stage.carrier.messages.troubles = [UNCLEAR]
    message = stage.text(body="ok").message
    stage.work()
    stage.now += REPORT_GRACE
    stage.send(message)
    assert stage.arrived == [(CARL, "ok"), (CARL, "ok")]


@pytest.mark.parametrize(
    ("shown", "is_ours"),
    [
        ("hello  ", True),
        ("Sent from your trial account - hello", True),
        ("", True),
        ("something else", False),
    ],
)
def test_our_text_is_known_by_its_words(stage: Stage, shown: str, is_ours: bool) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    message = stage.text().message
    stage.work()
    stage.carrier.messages.taken.append(
        SentText(sid="SMghost", status="sent", body=shown, receiver=CARL)
    )
    stage.now += REPORT_GRACE
    stage.send(message)
    assert stage.arrived == ([] if is_ours else [TO_CARL])


def test_a_worker_that_died_in_the_middle_leaves_nothing_lost(stage: Stage) -> None:
    """P4: killed after the carrier's call, before it could say so."""
    message = stage.text().message
    stage.store.messages.outbox.begin(message, token="dead", now=NOW)
    stage.carrier.messages.taken.append(
        SentText(sid="SMtaken", status="sent", body="hello", receiver=CARL)
    )
    stage.now += 1
    stage.send(message)
    stage.now = NOW + LEASE
    stage.jobs.take()
    assert sweep_outbox(stage.services, now=stage.now) == 1
    stage.work()
    assert stage.arrived == []
    assert stage.record(message).status == "sent"


def test_while_the_carrier_s_list_is_away_nothing_is_sent_again(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    message = stage.text().message
    stage.work()
    stage.carrier.messages.list_trouble = CarrierError(Trouble.LATER, 20500)
    for _ in range(3):
        stage.now += 60
        stage.send(message)
    assert stage.arrived == []
    stage.now = NOW + DAY
    stage.send(message)
    assert stage.record(message).status == "failed"
    stage.work()
    assert stage.arrived == [(RITA, FAILED)]


def test_a_text_that_was_never_settled_is_counted_with_what_kept_us_from_it(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    message = stage.text().message
    stage.work()
    stage.carrier.messages.list_trouble = CarrierError(Trouble.ACCOUNT, 20003)
    stage.now = NOW + DAY
    stage.send(message)
    assert stage.record(message).error_code == 20003
    ended = {(one.end, one.why): one.count for one in stage.store.outcomes.all()}
    assert ended == {("failed", "account"): 1}


def sweep_until(stage: Stage, end: float, *, every: float = 60) -> None:
    while stage.now < end:
        stage.later(every)


def test_p4_a_text_that_is_never_answered_for_is_tried_less_and_less_and_given_up(
    stage: Stage,
) -> None:
    carrier = stage.carrier.messages
    carrier.troubles = 1000 * [UNCLEAR]
    message = stage.text().message
    sweep_until(stage, NOW + 600, every=5)
    assert 7 <= stage.record(message).attempts <= 12
    sweep_until(stage, NOW + DAY + 120)
    record = stage.record(message)
    assert (record.status, record.error_code) == ("failed", NO_ANSWER)
    assert record.attempts <= 310
    assert [one.why for one in stage.store.outcomes.all() if one.kind == "message"] == ["no_answer"]
    carrier.troubles = []
    stage.later(600)
    assert stage.arrived == [(RITA, FAILED)]


def test_a_notice_that_is_never_answered_for_is_given_up(stage: Stage) -> None:
    carrier = stage.carrier.messages
    carrier.troubles = [LANDLINE, *10_000 * [UNCLEAR]]
    stage.text()
    stage.work()
    told = stage.notice(Notice.TEXTS_NOT_RECEIVED)
    sweep_until(stage, NOW + 5 * DAY, every=600)
    assert stage.record(told).status == "failed"
    assert stage.client.zcard(PoolKeys("main", "us").outbox) == 0


def test_a_list_that_stays_away_is_asked_for_less_and_less(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.list_trouble = CarrierError(Trouble.LATER, 20500)
    message = stage.text().message
    sweep_until(stage, NOW + DAY + 120)
    assert stage.record(message).status == "failed"
    assert len(stage.carrier.messages.listed_since) <= 310


@pytest.mark.parametrize("is_taken", [False, True])
def test_p4_a_text_is_looked_up_though_its_words_are_deleted_by_then(
    stage: Stage, is_taken: bool
) -> None:
    """The last attempt may be made a moment before its lifetime ends."""
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = is_taken
    message = stage.text().message
    stage.work()
    stage.client.delete(PoolKeys("main", "us").body(message))
    stage.later(REPORT_GRACE)
    stage.later(5)
    assert stage.record(message).status == ("queued" if is_taken else "failed")
    assert stage.arrived == ([TO_CARL] if is_taken else [(RITA, FAILED)])


def test_what_is_looked_up_after_its_lifetime_is_not_sent_again(stage: Stage) -> None:
    message = stage.text(CARL, "", media=1).message
    assert message
    told = stage.notice(Notice.PICTURE_NOT_RELAYED, to=Role.CANDIDATE)
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.work()
    stage.send(told)
    stage.now += NOTICE_LIFETIME + 1
    stage.send(told)
    assert stage.arrived == []
    assert stage.record(told).status == "failed"


def test_a_report_that_overtakes_the_lost_answer_settles_it(stage: Stage) -> None:
    message = stage.text().message
    carrier = stage.carrier.messages
    send = carrier.send_text

    def report_then_fail(**request: object) -> SentText:
        stage.report(message, "sent")
        raise UNCLEAR

    carrier.send_text = report_then_fail  # type: ignore[method-assign, assignment]
    stage.work()
    carrier.send_text = send  # type: ignore[method-assign]
    assert stage.record(message).status == "sent"
    assert stage.client.zcard(PoolKeys("main", "us").outbox) == 0


def test_a_session_taken_back_takes_its_texts_back(stage: Stage) -> None:
    message = stage.text().message
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BLOCKED, now=NOW)
    stage.work()
    assert stage.record(message).status == "failed"
    assert stage.arrived == [(RITA, ENDED)]


def test_p4_who_has_a_new_phone_by_the_end_of_the_session_is_told_there(stage: Stage) -> None:
    message = stage.text().message
    stage.move(Role.RECRUITER, NEW_PHONE)
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BLOCKED, now=NOW)
    stage.work()
    assert stage.record(message).status == "failed"
    assert stage.arrived == [(NEW_PHONE, ENDED)]


@pytest.mark.parametrize("is_left", [False, True])
@pytest.mark.parametrize("is_taken", [False, True])
def test_p4_an_unsettled_notice_after_the_end_is_settled(
    stage: Stage, is_taken: bool, is_left: bool
) -> None:
    message = stage.text().message
    stage.work()
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = is_taken
    stage.report(message, "undelivered", 30005)
    stage.work()
    if is_left:
        stage.move(Role.RECRUITER, NEW_PHONE)
    stage.now += REPORT_GRACE
    sweep_outbox(stage.services, now=stage.now)
    stage.work()
    told = [to for to, _ in stage.arrived if to != CARL]
    assert told == ([RITA] if is_taken or not is_left else [])
    assert stage.client.zcard(PoolKeys("main", "us").outbox) == 0


@pytest.mark.parametrize("was_attempted", [False, True])
def test_a_notice_of_a_session_that_is_forgotten_goes_nowhere(
    stage: Stage, was_attempted: bool
) -> None:
    message = stage.text().message
    stage.work()
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    stage.carrier.messages.troubles = [UNCLEAR] if was_attempted else []
    stage.report(message, "undelivered", 30005)
    if was_attempted:
        stage.work()
    stage.client.hdel(PoolKeys("main", "us").sessions, stage.pair.session.id)
    stage.now += REPORT_GRACE
    sweep_outbox(stage.services, now=stage.now)
    stage.work()
    assert [to for to, _ in stage.arrived] == [CARL]


@pytest.mark.parametrize("role", list(Role))
def test_p2_a_phone_left_after_the_end_of_the_session_is_told_nothing(
    stage: Stage, role: Role
) -> None:
    """Somebody else may have it by now."""
    stage.text(RITA if role is Role.RECRUITER else CARL)
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BLOCKED, now=NOW)
    stage.move(role, NEW_PHONE)
    stage.work()
    assert stage.arrived == []


def test_p2_a_text_on_its_way_to_somebody_erased_since_the_end_stays_here(stage: Stage) -> None:
    message = stage.text().message
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    body = stage.client.get(PoolKeys("main", "us").body(message))
    erase_participant(stage.services, Role.CANDIDATE, stage.pair.session.candidate.ref, now=NOW)
    stage.client.set(
        PoolKeys("main", "us").body(message), body
    )  # a script that was under way wrote it
    stage.work()
    assert stage.arrived == [(RITA, ENDED)]


def test_nobody_is_told_of_a_text_whose_session_is_forgotten(stage: Stage) -> None:
    message = stage.text().message
    stage.client.hdel(PoolKeys("main", "us").sessions, stage.pair.session.id)
    stage.work()
    assert stage.record(message).status == "failed"
    assert stage.arrived == []


def test_a_session_that_is_forgotten_just_before_the_send_has_no_receiver(stage: Stage) -> None:
    message = stage.text().message
    lease = stage.store.messages.outbox.begin(message, token="t1", now=stage.now)
    assert isinstance(lease, SendLease)
    assert find_receiver(stage.services, lease, now=stage.now) == PhoneNumber(CARL)
    stage.client.hdel(PoolKeys("main", "us").sessions, stage.pair.session.id)
    assert find_receiver(stage.services, lease, now=stage.now) is None


def test_a_text_whose_receiver_gets_another_phone_just_before_the_send_follows(
    stage: Stage,
) -> None:
    message = stage.text(body="where are you").message
    looks: list[float] = []

    def clock() -> float:
        looks.append(stage.now)
        if len(looks) == 2:  # its turn has begun
            stage.move(Role.CANDIDATE, DAN)
        return stage.now

    send_lane(stage.services, message, clock=clock)
    assert stage.arrived == []
    assert not stage.record(message).error_code, "nobody has refused it"

    stage.send(message)
    assert stage.arrived == [(DAN, "where are you")]


def test_nobody_is_told_about_the_texts_of_somebody_erased(stage: Stage) -> None:
    message = stage.text().message
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.ERASED, now=NOW)
    stage.work()
    assert stage.record(message).status == "failed"
    assert stage.arrived == []


def test_a_text_that_cannot_be_unsealed_any_more_fails(stage: Stage) -> None:
    message = stage.text().message
    stage.client.delete(PoolKeys("main", "us").body(message))
    stage.work()
    assert stage.record(message).status == "failed"
    assert stage.arrived == [(RITA, FAILED)]


def test_an_unsettled_text_that_cannot_be_unsealed_any_more_fails(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    message = stage.text().message
    stage.work()
    stage.client.delete(PoolKeys("main", "us").body(message))
    stage.now += REPORT_GRACE
    stage.send(message)
    assert stage.record(message).status == "failed"


def test_a_worker_that_was_held_up_does_not_send_past_its_lease(stage: Stage) -> None:
    message = stage.text().message
    stage.jobs.take()
    moments = iter([NOW, NOW + 2, NOW + 2, NOW + 2, NOW + 2])
    send_lane(stage.services, message, clock=lambda: next(moments))
    assert stage.arrived == []
    assert not stage.record(message).error_code, "nobody has refused it"
    stage.now = NOW + 3
    stage.send(message)
    assert stage.arrived == [TO_CARL]


def test_a_notice_is_written_in_its_receiver_s_language(stage: Stage) -> None:
    stage.pair.connect("+12125550103", "+12125550104", candidate_locale="zh-CN")
    answer = stage.text("+12125550104", "", media=1)
    assert answer.accepted
    session = answer.accepted.session
    stage.send(stage.notice(Notice.PICTURE_NOT_RELAYED, to=Role.CANDIDATE, session=session))
    assert "JobBoard" in stage.arrived[0][1]
    assert "pictures" not in stage.arrived[0][1]


def test_nothing_waits_where_nothing_was_accepted(stage: Stage) -> None:
    stage.send("us.SMnone")
    assert stage.arrived == []
    assert sweep_outbox(stage.services, now=NOW) == 0


def test_a_send_lease_shows_nothing_secret(stage: Stage) -> None:
    """P2"""
    lease = stage.store.messages.outbox.begin(stage.text().message, token="t", now=NOW)
    assert "k1:" not in repr(lease)
    assert isinstance(lease, SendLease)
    assert "secret" not in repr(replace(lease, sealed_text="secret"))


class Board:
    """A job board's people, whose sessions come and go while a text waits."""

    def __init__(self, *, cooldown: int = 7 * 24 * 3600) -> None:
        self.carrier = StandInCarrier()
        self.world = make_world(carrier=self.carrier)
        self.services = self.world.services
        self.services.store.pools.put(
            Pool(name="us", country="US", candidate_cooldown=cooldown, recruiter_cooldown=cooldown)
        )

    def held_up_text(self, sender: str, *, wait: float) -> str:
        """A text that the carrier does not take before ``wait`` seconds are over."""
        text = InboundText(
            message_sid="SM" + "a" * 32, sender=sender, virtual_number=NUMBER, body="hello"
        )
        message = relay_text(self.services, text, now=NOW + 1).message
        self.carrier.messages.troubles = [CarrierError(Trouble.LATER, 20429, retry_after=wait)]
        self.send(message, NOW + 1)
        assert self.carrier.messages.sent == []
        return message

    def give_carl(self, phone: str) -> None:
        """His sessions may be renumbered for it."""
        register_candidate(
            self.services,
            "carl",
            CandidateDetails(phone=phone),
            client_id="t",
            renumber=True,
            now=NOW + 5,
        )

    def send(self, message: str, now: float) -> list[tuple[str, str, str]]:
        send_lane(self.services, message, clock=lambda: now)
        return self.carrier.messages.sent


@pytest.mark.parametrize("refused", [False, True])
def test_a_waiting_text_goes_by_the_number_that_its_pair_has_now(refused: bool) -> None:
    """P1: the number it was written to belongs to another pair on the receiver's new phone."""
    board = Board()
    board.services.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN1", capabilities="vsm", now=NOW
    )
    moved = board.world.open("rita", "carl")
    assert board.world.open("nora", "dan").virtual_number == NUMBER
    sender = CARL if refused else RITA
    message = board.held_up_text(sender, wait=60)
    board.give_carl(NORA)
    session = board.services.store.sessions.get(moved.id)
    assert session is not None
    assert session.virtual_number == OTHER_NUMBER
    if refused:
        board.carrier.messages.troubles = [LANDLINE]
        board.send(message, NOW + 90)
        to = Role.CANDIDATE
        message = telling(Notice.TEXTS_NOT_RECEIVED, session=moved.id, to=to, now=NOW + 90).id
    [(number, to, _)] = board.send(message, NOW + 91)
    assert (number, to) == (OTHER_NUMBER, NORA)


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_waiting_text_to_who_keeps_their_phone_goes_by_the_new_number_and_its_code(
    is_shared: bool,
) -> None:
    """P1: on the old one nobody has a binding with them; its code is another session's there."""
    board = Board()
    moved = board.world.open("rita", "carl")
    board.world.open("nora", "dan")
    if is_shared:
        board.world.open("rita", "eve")
    board.services.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN1", capabilities="vsm", now=NOW
    )
    message = board.held_up_text(CARL, wait=60)
    taken = f"{OTHER_NUMBER}:{moved.access_code}"
    board.services.store.client.hset(PoolKeys("main", "us").codes, taken, "us.another")
    board.give_carl(NORA)
    session = board.services.store.sessions.get(moved.id)
    assert session is not None
    assert session.virtual_number == OTHER_NUMBER
    assert session.access_code != moved.access_code
    [sent] = board.send(message, NOW + 91)
    prefix = f"{session.access_code}: " if is_shared else ""
    assert sent == (OTHER_NUMBER, RITA, f"{prefix}hello")


@pytest.mark.parametrize("successor", ["nora", "rita", None])
def test_a_waiting_text_does_not_outlive_its_binding(successor: str | None) -> None:
    """P1: an answer to it would go to whoever the receiver is connected to on that number now."""
    board = Board(cooldown=60)
    session = board.world.open("rita", "carl")
    message = board.held_up_text(RITA, wait=600)
    close_session(board.services, session.id, now=NOW + 2)
    recycle(board.services, now=NOW + 100)
    if successor:
        assert board.world.open(successor, "carl", now=NOW + 101).virtual_number == NUMBER
    sent = board.send(message, NOW + 700)
    if successor == "rita":
        assert sent == [(NUMBER, CARL, "hello")]
        return
    told = telling(Notice.TEXT_FAILED, session=session.id, to=Role.RECRUITER, now=NOW + 700)
    board.send(told.id, NOW + 701)
    assert sent == []
    record = board.services.store.messages.read(message)
    assert record is not None
    assert record.status == "failed"


@pytest.mark.parametrize("changes", [True, False])
def test_p1_a_text_of_an_ended_session_goes_to_no_phone_that_its_receiver_has_left(
    *, changes: bool
) -> None:
    """The session has ended before the phone changed, and keeps the phone that they had."""
    stage = Stage()
    for role, phone in ((Role.RECRUITER, RITA), (Role.CANDIDATE, CARL)):
        stage.store.people.put(person(role, phone), client=ASKER, now=NOW)
    stage.carrier.messages.troubles = [CarrierError(Trouble.LATER, 20429, retry_after=30)]
    message = stage.text(CARL, "hello").message
    stage.work()
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    if changes:
        register_recruiter(
            stage.services,
            person(Role.RECRUITER, RITA).ref,
            RecruiterDetails(phone="+12125550127"),
            client_id="board",
            now=NOW,
        )
    stage.now += 31
    stage.send(message)
    stage.work()

    assert ((RITA, "hello") in stage.arrived) is not changes
    assert stage.record(message).status == ("failed" if changes else "queued")
