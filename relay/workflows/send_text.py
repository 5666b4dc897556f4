"""Send what is first in a lane: one text at a time to one phone, in order, each exactly once.

The carrier knows no idempotency key. So every attempt is on record before it is made; one whose
outcome is unknown is looked up at the carrier before anything is sent again (``settle_send``).
"""

from __future__ import annotations

import secrets
from typing import assert_never

import structlog

from relay.carrier.codes import OPTED_OUT, UNREADABLE_TEXT
from relay.carrier.urls import WebhookUrls
from relay.domain.code_prefix import CodePrefix
from relay.domain.errors import CarrierError
from relay.domain.gsm7 import count_segments, fold
from relay.domain.message_progress import REPORT_GRACE, OwnFailure
from relay.domain.opt_out import OFFERED_AGAIN_AFTER
from relay.domain.phone import PhoneNumber
from relay.domain.texts import Behind, NothingToSend, NotYet, SendLease, Turn, second_id
from relay.domain.trouble import Trouble
from relay.vault import Unreadable
from relay.workflows.end_turn import Clock, confirm, find_next_try, give_up, postpone
from relay.workflows.find_receiver import PhoneChanged, find_receiver
from relay.workflows.open_seals import goes_from_ours
from relay.workflows.services import Services
from relay.workflows.settle_send import settle_send
from relay.workflows.stamp_words import kept_code_prefix
from relay.workflows.weigh_refusals import count_refusal
from relay.workflows.word_text import words_of

log = structlog.get_logger()

#: The request must end within the lease: what is left of it when we begin, in seconds.
_LEASE_NEEDED = 10.5


def send_text(services: Services, message_id: str, *, clock: Clock) -> str:
    """Sends this message if it is its turn. Returns the one of its lane to go on with, or "".

    Raises Unavailable when Redis goes away; the sweeper comes back to it.
    """
    token = secrets.token_urlsafe(9)
    match services.store.messages.outbox.begin(message_id, token=token, now=clock()):
        case Behind(head):
            return head
        case NotYet() | NothingToSend():
            return ""
        case SendLease() as lease:
            return _use(services, lease, clock)
        case never:
            assert_never(never)


def _use(services: Services, lease: SendLease, clock: Clock) -> str:
    if lease.turn is Turn.REVOKED:
        return give_up(services, lease, clock, "revoked")
    if not goes_from_ours(services, lease):
        return give_up(services, lease, clock, "not our number")
    prefix = kept_code_prefix(services, lease, lease.receiver, part=lease.part)
    if lease.turn is Turn.UNSETTLED:
        return settle_send(services, lease, prefix, clock)
    return _send(services, lease, prefix, clock)


def _send(services: Services, lease: SendLease, prefix: CodePrefix, clock: Clock) -> str:
    now = clock()
    try:
        to = find_receiver(services, lease, now=now)
        words = words_of(services, lease, now=now)
    except Unreadable:
        return give_up(
            services, lease, clock, "unreadable", code=UNREADABLE_TEXT, why=OwnFailure.UNREADABLE
        )
    except PhoneChanged:
        return postpone(services, lease, now, clock, outcome_unknown=False, code=0)
    if to is None:
        return give_up(services, lease, clock, "revoked")
    indexes = services.vault.indexes_of(to.reveal())
    block = services.store.suppressions.find_block(indexes, lease.number)
    if _is_kept_back(lease, block.stopped_at, now):
        return give_up(services, lease, clock, "opted_out", code=OPTED_OUT, why=Trouble.OPTED_OUT)
    parts = prefix.split(words)
    if parts:
        return _split(services, lease, parts, clock)
    if lease.until - clock() < _LEASE_NEEDED:
        # We were held up; the attempt has not been made, so anybody may make it.
        return postpone(services, lease, clock(), clock, outcome_unknown=False, code=0)
    urls = WebhookUrls(services.settings.public_base_url, services.board.name)
    body = prefix.before(words)
    try:
        sent = services.carrier.messages.send_text(
            virtual_number=lease.number,
            to=to,
            body=body,
            status_callback=urls.message_status(lease.message, lease.token),
        )
    except CarrierError as error:
        return _after_error(services, lease, to, error, clock, segments=count_segments(fold(body)))
    return confirm(services, lease, sent, clock, indexes=indexes, block=block, begun_at=now)


def _split(services: Services, lease: SendLease, parts: tuple[str, str], clock: Clock) -> str:
    """Goes on with what is first then: the first part, unless we were held up for too long."""
    first, second = parts
    second_message = second_id(lease.message)
    is_split = services.store.messages.outbox.split(
        lease.message,
        token=lease.token,
        now=clock(),
        first=_seal(services, lease, lease.message, first),
        second=_seal(services, lease, second_message, second),
    )
    log.info("text split", message=lease.message, second=second_message, is_split=is_split)
    return lease.message


def _seal(services: Services, lease: SendLease, message_id: str, words: str) -> str:
    return services.vault.seal_text(
        words,
        board=services.board.name,
        message_id=message_id,
        session=lease.session,
        reader=lease.receiver,
    )


def _is_kept_back(lease: SendLease, stopped_at: float | None, now: float) -> bool:
    """Whether a STOP of the receiver's holds for this text. The carrier may have forgotten an old
    one: what somebody has written is offered to it then, and no notice of ours."""
    if stopped_at is None:
        return False
    return lease.notice is not None or now < stopped_at + OFFERED_AGAIN_AFTER


def _after_error(
    services: Services,
    lease: SendLease,
    to: PhoneNumber,
    error: CarrierError,
    clock: Clock,
    *,
    segments: int,
) -> str:
    """``segments``: what it costs if it was taken. A report that proves so does not say."""
    now = clock()
    if error.ambiguous:
        return postpone(
            services,
            lease,
            now + REPORT_GRACE,
            clock,
            outcome_unknown=True,
            code=error.code,
            segments=segments,
        )
    count_refusal(services, error.code, error.trouble)
    if error.trouble is Trouble.OPTED_OUT:
        _remember_opt_out(services, lease, to)
    elif error.trouble is Trouble.COUNTRY_CLOSED:
        services.store.messages.closed_countries.note(to.country, now=now)
    elif error.trouble is Trouble.NOT_OURS:
        services.jobs.compare_numbers()
    again = find_next_try(services, lease, error, now)
    if again is not None:
        return postpone(
            services,
            lease,
            again,
            clock,
            outcome_unknown=False,
            code=error.code,
            trouble=error.trouble,
        )
    return give_up(services, lease, clock, "refused", code=error.code, why=error.trouble)


def _remember_opt_out(services: Services, lease: SendLease, to: PhoneNumber) -> None:
    """The carrier knows of a STOP, which we may not have seen."""
    indexes = services.vault.indexes_of(to.reveal())
    services.store.suppressions.note_refused(
        indexes, lease.number, attempted_at=lease.attempted_at, cause=lease.message
    )
