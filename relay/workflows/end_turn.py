"""Ends a text's turn in its lane: the carrier has it, it is for later, or it is given up."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import structlog

from relay.carrier.messages import SentText
from relay.domain.errors import CarrierError
from relay.domain.message_progress import OwnFailure, next_try_at, read_taken
from relay.domain.notices import notice_of_failure, telling
from relay.domain.texts import SendLease
from relay.domain.trouble import Trouble
from relay.store.suppressions import Block
from relay.workflows.services import Services
from relay.workflows.weigh_refusals import is_young

log = structlog.get_logger()

Clock = Callable[[], float]


def find_next_try(
    services: Services, lease: SendLease, error: CarrierError, now: float
) -> float | None:
    """When to try again after this error, in POSIX seconds; None: never. Raises Unavailable."""
    return next_try_at(
        error.trouble,
        lease.tries,
        now=now,
        jitter=random.random(),
        retry_after=error.retry_after,
        is_number_young=is_young(services, lease.number, error.trouble, now=now),
    )


def confirm(
    services: Services,
    lease: SendLease,
    sent: SentText,
    clock: Clock,
    *,
    indexes: Sequence[str],
    block: Block,
    begun_at: float,
) -> str:
    """The carrier has it, so that no STOP of the receiver's that was said before ``begun_at`` holds
    there any more. ``indexes`` are of the receiver's phone, ``block`` is what may keep it from
    texts. Returns the message to go on with, or "". Raises Unavailable."""
    if block.may_be_at_carrier:
        services.store.suppressions.note_taken(indexes, lease.number, said_until=begun_at)
    status, rank = read_taken(sent.status)
    log.info("text sent", message=lease.message, session=lease.session, sid=sent.sid)
    return services.store.messages.outbox.confirm(
        lease.message,
        token=lease.token,
        now=clock(),
        sid=sent.sid,
        status=status,
        rank=rank,
        segments=sent.segments,
        retention=services.settings.record_retention,
    )


def postpone(
    services: Services,
    lease: SendLease,
    until: float,
    clock: Clock,
    *,
    outcome_unknown: bool,
    code: int,
    trouble: Trouble | None = None,
    segments: int | None = None,
) -> str:
    """Returns "", nothing to go on with: the sweeper comes back to this lane. Does nothing when a
    report has settled the attempt meanwhile. Raises Unavailable."""
    if services.store.messages.outbox.postpone(
        lease.message,
        token=lease.token,
        now=clock(),
        until=until,
        outcome_unknown=outcome_unknown,
        error_code=code,
        trouble=trouble,
        number=lease.number,
        segments=segments,
    ):
        log.info(
            "text postponed", message=lease.message, code=code, outcome_unknown=outcome_unknown
        )
    return ""


def give_up(
    services: Services,
    lease: SendLease,
    clock: Clock,
    reason: str,
    *,
    code: int = 0,
    why: Trouble | OwnFailure | None = None,
) -> str:
    """It will not be sent: its sender is told, once in a while. Returns the message to go on with,
    or ""; ``reason`` is for the log. Raises Unavailable."""
    tell = telling(
        notice_of_failure(why), session=lease.session, to=lease.receiver.other, now=clock()
    )
    given_up = services.store.messages.outbox.give_up(
        lease.message,
        token=lease.token,
        now=clock(),
        error_code=code,
        why=why,
        telling=tell,
        retention=services.settings.record_retention,
        number=lease.number,
    )
    log.warning("text given up", message=lease.message, code=code, reason=reason)
    if given_up.sender_told:
        services.jobs.send_message(tell.id)
    return given_up.next
