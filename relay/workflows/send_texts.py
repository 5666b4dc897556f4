"""Send what waits on a lane: one text at a time to one phone, in order, each exactly once.

The carrier knows no idempotency key. So every attempt is on record before it is made; one whose
outcome is unknown is looked up at the carrier before anything is sent again (``settle_send``).
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from typing import assert_never

import structlog

from relay.carrier import announcements
from relay.carrier.announcements import Announcement
from relay.carrier.messages import SentText
from relay.carrier.urls import WebhookUrls
from relay.domain.errors import CarrierError
from relay.domain.headed_text import headed, split
from relay.domain.message_progress import (
    OPTED_OUT,
    REPORT_GRACE,
    RETRY_FOR,
    TAKEN,
    read_status,
    retry_at,
)
from relay.domain.phone import PhoneNumber
from relay.domain.texts import (
    Behind,
    Grant,
    NothingToSend,
    Notice,
    NotYet,
    Turn,
    notice_id,
    second_id,
)
from relay.store.suppressions import SERVICE
from relay.vault import Unreadable
from relay.workflows.ask_which_session import ask_which_session
from relay.workflows.find_receiver import PhoneMoving, find_attempted, find_receiver
from relay.workflows.services import Services

log = structlog.get_logger()

Clock = Callable[[], float]

#: How long one job goes on before it lets others have the worker, in seconds.
_TURN = 20.0
#: The request must end within the lease: what is left of it when we begin, in seconds.
_LEASE_NEEDED = 10.5
#: A phone change that stopped between its steps is looked at again after so many seconds.
_MOVE = 5.0
#: The carrier's clock against ours, in seconds, when it is asked what it took since an attempt.
_CLOCK_MARGIN = 5.0
#: Code of a text that was never offered to the carrier: nothing can be unsealed any more.
_UNREADABLE = 3


def send_texts(services: Services, message_id: str, *, clock: Clock) -> None:
    """Sends this message and what waits behind it, or whatever must go first.

    Raises Unavailable when Redis goes away; the sweeper comes back to it.
    """
    current, begun_at = message_id, clock()
    while clock() - begun_at < _TURN:
        token = secrets.token_urlsafe(9)
        match services.store.messages.outbox.begin(current, token=token, now=clock()):
            case Behind(head):
                current = head
            case NotYet() | NothingToSend():
                return
            case Grant() as grant:
                current = _use(services, grant, clock)
            case never:
                assert_never(never)
        if not current:
            return
    services.jobs.send_message(current)


def _use(services: Services, grant: Grant, clock: Clock) -> str:
    """Answers the message to go on with, or ""."""
    match grant.turn:
        case Turn.SEND:
            return _send(services, grant, clock)
        case Turn.UNSETTLED:
            return _settle(services, grant, clock)
        case Turn.SEVERED:
            return _give_up(services, grant, 0, clock, "severed")
        case never:
            assert_never(never)


def _send(services: Services, grant: Grant, clock: Clock) -> str:
    now = clock()
    try:
        to = find_receiver(services, grant, now=now)
        words = _words(services, grant, now)
    except Unreadable:
        return _give_up(services, grant, _UNREADABLE, clock, "unreadable")
    except PhoneMoving:
        return _await_move(services, grant, clock, is_open=False)
    if to is None:
        return _give_up(services, grant, 0, clock, "severed")
    if _has_stopped(services, grant, to):
        return _give_up(services, grant, OPTED_OUT, clock, "opted_out")
    parts = None if grant.part else split(words, code=grant.code, context=grant.context)
    if parts:
        return _split(services, grant, parts, clock)
    if grant.until - clock() < _LEASE_NEEDED:
        # We were held up; the attempt has not been made, so anybody may make it.
        return _postpone(services, grant, clock(), clock, is_open=False, code=0)
    urls = WebhookUrls(services.settings.public_base_url, services.board.name)
    try:
        sent = services.carrier.messages.send_text(
            virtual_number=grant.number,
            to=to,
            body=_headed(grant, words),
            status_callback=urls.message_status(grant.message, grant.token),
        )
    except CarrierError as error:
        return _after_error(services, grant, to, error, clock)
    return _confirm(services, grant, sent, clock)


def _words(services: Services, grant: Grant, now: float) -> str:
    if grant.notice is Notice.WHICH_SESSION:
        return ask_which_session(
            services,
            grant.message,
            index=grant.index,
            number=grant.number,
            locale=grant.locale,
            now=now,
        )
    if grant.notice is None:
        return services.vault.unseal_text(grant.sealed_text, message_id=grant.message)
    return announcements.text(
        Announcement(grant.notice), grant.locale, board=services.board.spoken_name
    )


def _headed(grant: Grant, words: str) -> str:
    return headed(words, code=grant.code, context=grant.context, part=grant.part)


def _split(services: Services, grant: Grant, parts: tuple[str, str], clock: Clock) -> str:
    """Goes on with what is first then: the first part, unless we were held up for too long."""
    first, second = parts
    second_message = second_id(grant.message)
    is_split = services.store.messages.outbox.split(
        grant.message,
        token=grant.token,
        now=clock(),
        first=services.vault.seal_text(first, message_id=grant.message),
        second=services.vault.seal_text(second, message_id=second_message),
    )
    log.info("text split", message=grant.message, second=second_message, is_split=is_split)
    return grant.message


def _await_move(services: Services, grant: Grant, clock: Clock, *, is_open: bool) -> str:
    """For an hour, as the carrier: others may wait behind it."""
    now = clock()
    if now >= grant.accepted_at + RETRY_FOR:
        return _give_up(services, grant, 0, clock, "moving")
    return _postpone(services, grant, now + _MOVE, clock, is_open=is_open, code=0)


def _has_stopped(services: Services, grant: Grant, to: PhoneNumber) -> bool:
    indexes = services.vault.indexes_of(to.reveal())
    return services.store.suppressions.is_stopped(indexes, grant.number)


def _after_error(
    services: Services, grant: Grant, to: PhoneNumber, error: CarrierError, clock: Clock
) -> str:
    now = clock()
    if error.ambiguous:
        return _postpone(services, grant, now + REPORT_GRACE, clock, is_open=True, code=error.code)
    if error.code == OPTED_OUT:
        _remember_opt_out(services, grant, to, now)
    if error.retryable:
        again = _retry_at(grant, now, error.retry_after)
        if again is not None:
            return _postpone(services, grant, again, clock, is_open=False, code=error.code)
    return _give_up(services, grant, error.code, clock, "refused")


def _remember_opt_out(services: Services, grant: Grant, to: PhoneNumber, now: float) -> None:
    """The carrier knows of a STOP that we have not seen."""
    in_service = bool(services.board.messaging_service_sid)
    services.store.suppressions.stop(
        services.vault.indexes_of(to.reveal()),
        SERVICE if in_service else grant.number,
        since=now,
        cause=grant.message,
    )


def _settle(services: Services, grant: Grant, clock: Clock) -> str:
    """Finds out at the carrier whether an earlier attempt was taken.

    One send at a time goes to this phone and every sid that we know has its owner, so a text
    there that nobody owns is that attempt's.
    """
    try:
        to = find_attempted(services, grant)
        body = _headed(grant, _words(services, grant, clock()))
    except Unreadable:
        return _give_up(services, grant, _UNREADABLE, clock, "unreadable")
    except PhoneMoving:
        return _await_move(services, grant, clock, is_open=True)
    if to is None:
        return _give_up(services, grant, 0, clock, "severed")
    try:
        listed = services.carrier.messages.find_sent(
            virtual_number=grant.number, to=to, since=grant.attempted_at - _CLOCK_MARGIN
        )
    except CarrierError as error:
        again = _retry_at(grant, clock(), error.retry_after)
        if again is None:
            return _give_up(services, grant, error.code, clock, "unsettled")
        return _postpone(services, grant, again, clock, is_open=True, code=error.code)
    taken = _unowned(services, grant, [text for text in listed if _says(text, body)])
    if taken:
        return _confirm(services, grant, taken, clock)
    _postpone(services, grant, clock(), clock, is_open=False, code=0)
    return grant.message


def _says(text: SentText, body: str) -> bool:
    """The carrier may put words around a text (trial accounts), trim it, or not show it."""
    shown = " ".join(text.body.split())
    return not shown or " ".join(body.split()) in shown


def _unowned(services: Services, grant: Grant, texts: list[SentText]) -> SentText | None:
    pool = grant.message.partition(".")[0]
    owned = services.store.messages.outbox.owned(pool, [text.sid for text in texts])
    return next((text for text in texts if text.sid not in owned), None)


def _retry_at(grant: Grant, now: float, retry_after: float | None) -> float | None:
    return retry_at(
        now=now,
        accepted_at=grant.accepted_at,
        attempts=grant.attempts,
        retry_after=retry_after,
        jitter=random.random(),
    )


def _confirm(services: Services, grant: Grant, sent: SentText, clock: Clock) -> str:
    status, rank = read_status(sent.status) or TAKEN
    log.info("text sent", message=grant.message, session=grant.session, sid=sent.sid)
    return services.store.messages.outbox.confirm(
        grant.message,
        token=grant.token,
        now=clock(),
        sid=sent.sid,
        status=status,
        rank=rank,
        segments=sent.segments,
        retention=services.settings.record_retention,
    )


def _postpone(
    services: Services, grant: Grant, until: float, clock: Clock, *, is_open: bool, code: int
) -> str:
    """Nothing to go on with: the sweeper comes back to this lane. Does nothing when a report has
    settled the attempt meanwhile."""
    if services.store.messages.outbox.postpone(
        grant.message,
        token=grant.token,
        now=clock(),
        until=until,
        is_open=is_open,
        error_code=code,
    ):
        log.info("text postponed", message=grant.message, code=code, is_open=is_open)
    return ""


def _give_up(services: Services, grant: Grant, code: int, clock: Clock, reason: str) -> str:
    notice = Notice.TEXTS_PAUSED if code == OPTED_OUT else Notice.TEXT_FAILED
    given_up = services.store.messages.outbox.give_up(
        grant.message,
        token=grant.token,
        now=clock(),
        error_code=code,
        notice=notice,
        retention=services.settings.record_retention,
        number=grant.number,
    )
    log.warning("text given up", message=grant.message, code=code, reason=reason)
    if given_up.sender_told:
        services.jobs.send_message(notice_id(grant.message, notice))
    return given_up.next
