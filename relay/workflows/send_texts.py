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

from relay.carrier.codes import NO_ANSWER, OPTED_OUT, UNREADABLE_TEXT
from relay.carrier.messages import SentText
from relay.carrier.urls import WebhookUrls
from relay.domain.code_prefix import CodePrefix
from relay.domain.errors import CarrierError
from relay.domain.gsm7 import count_segments, fold, plainer
from relay.domain.message_progress import (
    REPORT_GRACE,
    next_look_at,
    next_try_at,
    read_taken,
)
from relay.domain.opt_out import OFFERED_AGAIN_AFTER
from relay.domain.phone import PhoneNumber
from relay.domain.texts import (
    Behind,
    NothingToSend,
    NotYet,
    SendLease,
    Turn,
    notice_of_failure,
    second_id,
    telling,
)
from relay.domain.trouble import Trouble
from relay.vault import Unreadable
from relay.workflows.find_receiver import PhoneChanged, find_receiver
from relay.workflows.open_seals import goes_from_ours, open_text
from relay.workflows.services import Services
from relay.workflows.stamp_words import kept_code_prefix
from relay.workflows.weigh_refusals import count_refusal, is_young
from relay.workflows.word_notice import word_notice

log = structlog.get_logger()

Clock = Callable[[], float]

#: How long one job goes on before it lets others have the worker, in seconds.
_TURN = 20.0
#: The request must end within the lease: what is left of it when we begin, in seconds.
_LEASE_NEEDED = 10.5
#: The carrier's clock against ours, in seconds, when it is asked what it took since an attempt.
_CLOCK_MARGIN = 5.0
_NOT_TAKEN = CarrierError(Trouble.LATER, NO_ANSWER)


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
            case SendLease() as lease:
                current = _use(services, lease, clock)
            case never:
                assert_never(never)
        if not current:
            return
    services.jobs.send_message(current)


def _use(services: Services, lease: SendLease, clock: Clock) -> str:
    """Returns the message to go on with, or ""."""
    if lease.turn is Turn.REVOKED:
        return _give_up(services, lease, clock, "revoked")
    if not goes_from_ours(services, lease):
        return _give_up(services, lease, clock, "not our number")
    prefix = kept_code_prefix(services, lease, lease.receiver, part=lease.part)
    if lease.turn is Turn.UNSETTLED:
        return _settle(services, lease, prefix, clock)
    return _send(services, lease, prefix, clock)


def _send(services: Services, lease: SendLease, prefix: CodePrefix, clock: Clock) -> str:
    now = clock()
    try:
        to = find_receiver(services, lease, now=now)
        words = _words(services, lease, now)
    except Unreadable:
        return _give_up(services, lease, clock, "unreadable", code=UNREADABLE_TEXT)
    except PhoneChanged:
        return _postpone(services, lease, now, clock, outcome_unknown=False, code=0)
    if to is None:
        return _give_up(services, lease, clock, "revoked")
    indexes = services.vault.indexes_of(to.reveal())
    block = services.store.suppressions.find_block(indexes, lease.number)
    if _is_kept_back(lease, block.stopped_at, now):
        return _give_up(
            services, lease, clock, "opted_out", code=OPTED_OUT, trouble=Trouble.OPTED_OUT
        )
    parts = prefix.split(words)
    if parts:
        return _split(services, lease, parts, clock)
    if lease.until - clock() < _LEASE_NEEDED:
        # We were held up; the attempt has not been made, so anybody may make it.
        return _postpone(services, lease, clock(), clock, outcome_unknown=False, code=0)
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
    blocked = indexes if block.may_be_at_carrier else ()
    return _confirm(services, lease, sent, blocked, clock, begun_at=now)


def _words(services: Services, lease: SendLease, now: float) -> str:
    if lease.notice is None:
        return open_text(services, lease)
    return word_notice(services, lease, lease.notice, now=now)


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
        return _postpone(
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
    again = _next_try_at(services, lease, error, now)
    if again is not None:
        return _postpone(
            services,
            lease,
            again,
            clock,
            outcome_unknown=False,
            code=error.code,
            trouble=error.trouble,
        )
    return _give_up(services, lease, clock, "refused", code=error.code, trouble=error.trouble)


def _remember_opt_out(services: Services, lease: SendLease, to: PhoneNumber) -> None:
    """The carrier knows of a STOP, which we may not have seen."""
    indexes = services.vault.indexes_of(to.reveal())
    services.store.suppressions.note_refused(
        indexes, lease.number, attempted_at=lease.attempted_at, cause=lease.message
    )


def _settle(services: Services, lease: SendLease, prefix: CodePrefix, clock: Clock) -> str:
    """Finds out at the carrier whether an earlier attempt was taken.

    One send at a time goes to this phone and every sid that we know has its owner, so a text
    there that nobody owns is that attempt's, even where our words are deleted by now.
    """
    try:
        body = prefix.before(_words(services, lease, clock()))
    except Unreadable:
        body = ""
    try:
        listed = services.carrier.messages.find_sent(
            virtual_number=lease.number, since=lease.attempted_at - _CLOCK_MARGIN
        )
    except CarrierError as error:
        return _look_again(services, lease, error, clock)
    to_them = [text for text in listed if lease.index in services.vault.indexes_of(text.receiver)]
    taken = _unowned(services, [text for text in to_them if _says(text, body)])
    if taken:
        indexes = services.vault.indexes_of(taken.receiver)
        block = services.store.suppressions.find_block(indexes, lease.number)
        blocked = indexes if block.may_be_at_carrier else ()
        return _confirm(services, lease, taken, blocked, clock, begun_at=lease.attempted_at)
    return _try_again(services, lease, clock)


def _look_again(services: Services, lease: SendLease, error: CarrierError, clock: Clock) -> str:
    """Whatever is wrong with the list, it may be right in a while."""
    again = next_look_at(
        lease.tries,
        attempted_at=lease.attempted_at,
        now=clock(),
        jitter=random.random(),
        retry_after=error.retry_after,
    )
    if again is None:
        return _give_up(services, lease, clock, "unsettled", code=error.code, trouble=error.trouble)
    return _postpone(services, lease, again, clock, outcome_unknown=True, code=error.code)


def _try_again(services: Services, lease: SendLease, clock: Clock) -> str:
    """After an attempt that the carrier did not answer, and did not take. The looking up was part
    of the pause. Returns the message to go on with."""
    again = _next_try_at(services, lease, _NOT_TAKEN, lease.attempted_at)
    now = clock()
    if again is None or now > lease.expires_at:
        return _give_up(services, lease, clock, "not taken", code=NO_ANSWER)
    until = max(again, now)
    _postpone(services, lease, until, clock, outcome_unknown=False, code=NO_ANSWER)
    return lease.message


def _says(text: SentText, body: str) -> bool:
    """The carrier may put words around a text (trial accounts), trim it, make its typography
    plainer, or not show it."""
    shown, ours = (" ".join(plainer(words).split()) for words in (text.body, body))
    return not shown or ours in shown


def _unowned(services: Services, texts: list[SentText]) -> SentText | None:
    owned = services.store.messages.outbox.owned([text.sid for text in texts])
    return next((text for text in texts if text.sid not in owned), None)


def _next_try_at(
    services: Services, lease: SendLease, error: CarrierError, now: float
) -> float | None:
    return next_try_at(
        error.trouble,
        lease.tries,
        now=now,
        jitter=random.random(),
        retry_after=error.retry_after,
        is_number_young=is_young(services, lease.number, error.trouble, now=now),
    )


def _confirm(
    services: Services,
    lease: SendLease,
    sent: SentText,
    blocked: tuple[str, ...],
    clock: Clock,
    *,
    begun_at: float,
) -> str:
    """``blocked``: the indexes of a receiver whom a STOP may keep from texts. None that was said
    before ``begun_at`` holds at the carrier any more."""
    if blocked:
        services.store.suppressions.note_taken(blocked, lease.number, said_until=begun_at)
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


def _postpone(
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
    """Nothing to go on with: the sweeper comes back to this lane. Does nothing when a report has
    settled the attempt meanwhile."""
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


def _give_up(
    services: Services,
    lease: SendLease,
    clock: Clock,
    reason: str,
    *,
    code: int = 0,
    trouble: Trouble | None = None,
) -> str:
    tell = telling(
        notice_of_failure(trouble), session=lease.session, to=lease.receiver.other, now=clock()
    )
    given_up = services.store.messages.outbox.give_up(
        lease.message,
        token=lease.token,
        now=clock(),
        error_code=code,
        trouble=trouble,
        telling=tell,
        retention=services.settings.record_retention,
        number=lease.number,
    )
    log.warning("text given up", message=lease.message, code=code, reason=reason)
    if given_up.sender_told:
        services.jobs.send_message(tell.id)
    return given_up.next
