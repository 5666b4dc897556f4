from __future__ import annotations

import pytest

from relay.domain.errors import Unavailable
from relay.domain.notices import Notice
from relay.domain.participant import Role
from relay.domain.session import ClosedReason
from relay.store.keys import PoolKeys
from relay.store.outbox import LEASE
from relay.workflows.sweep_outbox import sweep_outbox
from tests.workflows.texting import TO_CARL, UNCLEAR, Stage
from tests.world import CARL, NOW, RITA


def test_a_delivered_text_leaves_no_body(stage: Stage, message: str) -> None:
    stage.report(message, "sent")
    assert stage.client.exists(PoolKeys("main", "us").body(message))
    stage.report(message, "delivered")
    assert not stage.client.exists(PoolKeys("main", "us").body(message))
    assert stage.record(message).status == "delivered"


def test_reports_in_any_order_end_alike(stage: Stage, message: str) -> None:
    for status in ("delivered", "queued", "sent", "sending"):
        stage.report(message, status)
    assert stage.record(message).status == "delivered"


@pytest.mark.parametrize("code", [30007, 30004, 30005])
def test_a_failure_that_is_final_tells_the_sender_once(
    stage: Stage, message: str, code: int
) -> None:
    for _ in range(2):
        stage.report(message, "undelivered", code)
    stage.work()
    assert [to for to, _ in stage.arrived] == [CARL, RITA]
    words = "do not reach the other person" if code == 30005 else "could not be delivered"
    assert words in stage.arrived[1][1]


def test_a_failure_that_is_reported_is_counted_once_by_its_code(stage: Stage, message: str) -> None:
    for _ in range(2):
        stage.report(message, "undelivered", 30007)
    assert stage.store.messages.refusals.all() == {"filtered:30007": 1}


def test_p4_a_failure_after_the_end_tells_the_sender_at_the_phone_they_have(
    stage: Stage, message: str
) -> None:
    stage.move(Role.RECRUITER, "+12125550127")
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    stage.report(message, "undelivered", 30005)
    stage.work()
    assert [to for to, _ in stage.arrived] == [CARL, "+12125550127"]


@pytest.mark.parametrize("is_open", [True, False])
def test_p4_a_failure_is_told_when_people_s_records_are_back(
    stage: Stage, message: str, is_open: bool
) -> None:
    """In a cluster another master has those, and the carrier does not report for long."""
    if not is_open:
        stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    record = PoolKeys("main", "us").person(Role.RECRUITER, stage.pair.session.recruiter.ref)
    stage.client.rename(record, "elsewhere")
    stage.client.set(record, "unreadable")
    stage.report(message, "undelivered", 30005)
    assert stage.record(message).status == "undelivered"
    with pytest.raises(Unavailable):
        stage.work()
    stage.client.rename("elsewhere", record)
    stage.now += LEASE
    sweep_outbox(stage.services, now=stage.now)
    stage.work()
    assert [to for to, _ in stage.arrived] == [CARL, RITA]


def test_a_stop_reported_late_tells_the_sender_why(stage: Stage, message: str) -> None:
    stage.report(message, "failed", 21610)
    stage.work()
    assert "has stopped texts" in stage.arrived[1][1]


def test_an_unreachable_phone_gets_one_more_try(stage: Stage, message: str) -> None:
    stage.report(message, "undelivered", 30003)
    assert stage.record(message).status == "queued"
    stage.now += 30
    sweep_outbox(stage.services, now=stage.now)
    stage.work()
    assert stage.arrived == [TO_CARL, TO_CARL]
    stage.report(message, "undelivered", 30003)
    stage.work()
    assert [to for to, _ in stage.arrived] == [CARL, CARL, RITA]
    assert stage.record(message).status == "undelivered"


@pytest.mark.parametrize("is_open", [True, False])
def test_p4_a_notice_to_an_unreachable_phone_gets_one_more_try(
    stage: Stage, message: str, is_open: bool
) -> None:
    if not is_open:
        stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    stage.report(message, "undelivered", 30005)
    stage.work()
    stage.report(stage.notice(Notice.TEXTS_NOT_RECEIVED), "undelivered", 30003, sid="SMnotice")
    stage.now += 30
    sweep_outbox(stage.services, now=stage.now)
    stage.work()
    assert [to for to, _ in stage.arrived] == [CARL, RITA, RITA]


def test_a_settled_attempt_lets_the_next_text_go(stage: Stage) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    first = stage.text().message
    stage.work()
    second = stage.text(body="second").message
    stage.jobs.take()
    stage.report(first, "sent")
    assert stage.jobs.noted == [second]


def test_words_and_messages_nobody_knows_are_passed_over(stage: Stage, message: str) -> None:
    stage.report(message, "brand-new")
    stage.report("us.SMnone", "sent")
    assert stage.record(message).status == "queued"
    assert stage.now == NOW
