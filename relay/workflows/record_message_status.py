"""The carrier reports how a text of ours gets on."""

from __future__ import annotations

import random

import structlog

from relay.carrier.webhooks import MessageStatusReport
from relay.domain.message_progress import next_try_at, read_status
from relay.domain.notices import TOLD_DAILY, Notice, Telling, notice_of_failure, telling
from relay.domain.texts import Message, ReportOutcome, StatusReport
from relay.domain.trouble import Trouble
from relay.workflows.services import Services
from relay.workflows.weigh_refusals import count_refusal, is_young

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
    trouble = report.trouble if status.is_failure else None
    tell = _telling(message, notice_of_failure(trouble), now)
    reported = services.store.messages.record_status(
        message_id,
        StatusReport(
            attempt=attempt,
            sid=report.message_sid,
            status=status,
            rank=rank,
            error_code=report.error_code,
            trouble=trouble,
        ),
        now=now,
        number=message.number,
        send_again_at=_send_again_at(services, message, trouble, now),
        telling=tell,
        told_ids=[_telling(message, notice, now).id for notice in TOLD_DAILY],
        retention=services.settings.record_retention,
    )
    if reported.outcome is ReportOutcome.RECORDED and trouble:
        _note_trouble(services, message, trouble, report.error_code)
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
        services.jobs.send_message(tell.id)


def _telling(message: Message, notice: Notice, now: float) -> Telling:
    return telling(notice, session=message.session, to=message.side.other, now=now)


def _note_trouble(services: Services, message: Message, trouble: Trouble, code: int) -> None:
    count_refusal(services, code, trouble)
    if trouble is Trouble.OPTED_OUT:
        services.store.suppressions.note_refused(
            (message.index,), message.number, attempted_at=message.attempted_at, cause=message.id
        )


def _send_again_at(
    services: Services, message: Message, trouble: Trouble | None, now: float
) -> float | None:
    return next_try_at(
        trouble,
        message.tries,
        now=now,
        jitter=random.random(),
        is_number_young=is_young(services, message.number, trouble, now=now),
    )
