"""The carrier reports how a text of ours gets on."""

from __future__ import annotations

import random

import structlog

from relay.carrier.webhooks import MessageStatusReport
from relay.domain.message_progress import read_status, redelivery_at
from relay.domain.texts import Message, ReportOutcome, StatusReport, notice_id, notice_of_failure
from relay.metrics import MESSAGE_STATUSES
from relay.workflows.services import Services

log = structlog.get_logger()


def record_message_status(
    services: Services, message_id: str, attempt: str, report: MessageStatusReport, *, now: float
) -> None:
    """Moves the text forwards; a failure is tried again where that helps, else its sender is told.

    Raises Unavailable.
    """
    known = read_status(report.status)
    message = services.store.messages.read(message_id) if known else None
    if known is None or message is None:
        log.info("status report not used", message=message_id, status=report.status)
        return
    status, rank = known
    notice = notice_of_failure(report.trouble)
    reported = services.store.messages.record_status(
        message_id,
        StatusReport(
            attempt=attempt,
            sid=report.message_sid,
            status=status,
            rank=rank,
            error_code=report.error_code,
            trouble=report.trouble,
        ),
        now=now,
        number=message.number,
        send_again_at=_send_again_at(message, report, now) if status.is_failure else None,
        notice=notice,
        retention=services.settings.record_retention,
    )
    if reported.outcome is ReportOutcome.RECORDED:
        MESSAGE_STATUSES.labels(status).inc()
    log.info(
        "text reported",
        message=message_id,
        session=message.session,
        status=status,
        code=report.error_code,
        outcome=reported.outcome,
    )
    if reported.next:
        services.jobs.send_message(reported.next)
    if reported.sender_told:
        services.jobs.send_message(notice_id(message_id, notice))


def _send_again_at(message: Message, report: MessageStatusReport, now: float) -> float | None:
    return redelivery_at(
        report.trouble,
        now=now,
        accepted_at=message.started_at,
        attempts=message.attempts,
        redelivered=message.redelivered,
        jitter=random.random(),
    )
