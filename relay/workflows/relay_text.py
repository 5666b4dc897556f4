"""A text has come in, by webhook or from the carrier's list: pass it on to the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import structlog

from relay.carrier.webhooks import InboundText
from relay.domain.access_code import PrefixedText, read_code_prefix
from relay.domain.charges import Charges, Unit, text_in
from relay.domain.errors import Unavailable
from relay.domain.notices import GATHERED_FOR, Notice
from relay.domain.opt_out import OptOut, classify_opt_out, is_start_for_others
from relay.domain.participant import Role
from relay.domain.phone import is_withheld
from relay.domain.policy import DAY
from relay.domain.texts import (
    Acceptance,
    AcceptState,
    Distrusted,
    IncomingText,
    SupposedSender,
    Verdict,
    Vouched,
)
from relay.metrics import TEXTS
from relay.vault import Unreadable
from relay.workflows.open_seals import check_is_shown
from relay.workflows.services import Services

log = structlog.get_logger()

_IGNORED = "ignored"
_OPT_OUT = "opt_out"
#: How often a sender whose sessions others change at the same time is looked at again.
_ATTEMPTS = 4

#: What somebody is told whose text goes to nobody.
_REFUSALS = {
    AcceptState.STRANGER: Notice.NOT_CONNECTED,
    AcceptState.CLOSED: Notice.NO_LONGER_CONNECTED,
    AcceptState.EXPIRED: Notice.NO_LONGER_CONNECTED,
    AcceptState.NO_SMS: Notice.CALLS_ONLY,
    AcceptState.OVER_LIMIT: Notice.TEXTS_OVER_LIMIT,
    AcceptState.SEVERAL: Notice.WHICH_SESSION,
    AcceptState.DISTRUSTED: Notice.TEXT_FAILED,
}


@dataclass(frozen=True, kw_only=True)
class TextAnswer:
    """What became of a text. ``tell``: what its sender is to be told, in this language."""

    outcome: str
    message: str = ""
    accepted: Acceptance | None = None
    tell: Notice | None = None
    locale: str = ""


def relay_text(
    services: Services, text: InboundText, *, now: float, said_at: float | None = None
) -> TextAnswer:
    """Takes the text on once, however often it comes. ``said_at``: it was fetched from the
    carrier's list, and this is when it was written. Raises Unavailable: then it should come again;
    NumberMoved when the number is another board's by now.
    """
    answer = _relay(services, text, now, said_at)
    if answer.outcome == AcceptState.UNKNOWN_NUMBER:
        # The number may have come or moved since this process read its map: read it again, once.
        services.store.numbers.look_again(text.virtual_number)
        answer = _relay(services, text, now, said_at)
    TEXTS.labels(answer.outcome).inc()
    _count_charges(services, text, answer, now)
    log.info(
        "text received",
        outcome=answer.outcome,
        message=answer.message,
        session=answer.accepted.session if answer.accepted else "",
        limit=answer.accepted.limit if answer.accepted else "",
        virtual_number=text.virtual_number,
    )
    return answer


def _count_charges(services: Services, text: InboundText, answer: TextAnswer, now: float) -> None:
    """The carrier answers STOP and its like by itself, by a text of one segment."""
    pool = services.store.numbers.find_pool(text.virtual_number)
    if pool is None:
        return
    charges: Charges = text_in(segments=text.segments, media=text.media)
    if answer.outcome == _OPT_OUT:
        charges = {**charges, Unit.SMS_OUT: 1}
    marks = services.vault.marks_of(f"{text.message_sid} charged")
    services.store.pools.charges.count_once(pool, charges, marks=marks, now=now)


def _relay(services: Services, text: InboundText, now: float, said_at: float | None) -> TextAnswer:
    # A short code or a name is no person, and a withheld caller is everybody who withholds.
    if is_withheld(text.sender) or not text.sender.startswith("+"):
        return TextAnswer(outcome=_IGNORED)
    pool = services.store.numbers.find_pool(text.virtual_number)
    if pool is None:
        return TextAnswer(outcome=AcceptState.UNKNOWN_NUMBER)
    incoming = IncomingText(
        sid=text.message_sid,
        number=text.virtual_number,
        pool=pool,
        body=text.body,
        media=text.media,
        now=now,
        said_at=now if said_at is None else said_at,
        is_answerable=said_at is None,
        indexes=services.vault.indexes_of(text.sender),
        marks=services.vault.marks_of(text.message_sid),
        opt_out=classify_opt_out(text.body) if text.opt_out is None else text.opt_out,
    )
    if _is_opt_out(services, incoming):
        return TextAnswer(outcome=_OPT_OUT, message=incoming.id)
    if not text.body.strip() and not text.media:
        return TextAnswer(outcome=_IGNORED)
    return _answer(services, incoming, _accept(services, incoming, text.sender))


def _is_opt_out(services: Services, incoming: IncomingText) -> bool:
    """Follows STOP and START as the carrier does by itself; False for what is to be relayed.

    The list does not say what the carrier has taken a text for, so what the webhook made of it
    holds: a text that is decided on is taken on by nobody, whatever its words.
    """
    decided = services.store.messages.decided
    is_fetched_word = incoming.opt_out is not OptOut.NEITHER and not incoming.is_answerable
    if is_fetched_word and decided.has(incoming.marks, now=incoming.now):
        return False
    is_opt_out = _follow(services, incoming)
    if is_opt_out:
        decided.note(incoming.marks, now=incoming.now)
    return is_opt_out


def _follow(services: Services, incoming: IncomingText) -> bool:
    suppressions = services.store.suppressions
    indexes, number, since = incoming.indexes, incoming.number, incoming.said_at
    match incoming.opt_out:
        case OptOut.NEITHER:
            return False
        case OptOut.HELP:
            return True
        case OptOut.START:
            undone = suppressions.resume(indexes, number, since=since, cause=incoming.id)
            return not is_start_for_others(incoming.body, undoes_a_stop=undone)
        case OptOut.STOP:
            if suppressions.stop(indexes, number, since=since, cause=incoming.id):
                _tell_counterpart(services, incoming)
            return True
        case never:
            assert_never(never)


def _tell_counterpart(services: Services, incoming: IncomingText) -> None:
    # STOP and START in turn, of a phone that answers by itself, are told of once in a period.
    stopper = services.vault.keyed_hash(f"{incoming.number}\t{incoming.indexes[0]}".encode())
    notice = services.store.notices.tell_counterpart(
        f"{incoming.pool}.{stopper}.{int(incoming.now // GATHERED_FOR)}",
        Notice.TEXTS_STOPPED,
        now=incoming.now,
        number=incoming.number,
        indexes=incoming.indexes,
        retention=services.settings.record_retention,
    )
    if notice:
        services.jobs.send_message(notice)


def _accept(services: Services, incoming: IncomingText, shown: str) -> Acceptance:
    """``shown`` is the sender's phone. Raises Unavailable."""
    prefixed, verdict = _prefixed_text(incoming), None
    for _ in range(_ATTEMPTS):
        found = services.store.messages.accept(
            incoming,
            verdict,
            code=prefixed.code if prefixed else "",
            retention=services.settings.record_retention,
        )
        if isinstance(found, Acceptance):
            return found
        verdict = _judge(services, incoming, prefixed, found, shown)
    raise Unavailable("The sender's sessions are being changed by others.")


def _judge(
    services: Services,
    incoming: IncomingText,
    prefixed: PrefixedText | None,
    sender: SupposedSender,
    shown: str,
) -> Verdict:
    session = sender.session
    try:
        check_is_shown(services, session, sender.side, sender.sealed, shown)
    except Unreadable:
        return Distrusted(session.id)
    words = _words(incoming, prefixed, sender)
    sealed = _seal(services, incoming, sender, words)
    return Vouched(session.id, sender.side, sealed, words=_hash_of(services, session.id, words))


def _hash_of(services: Services, place: str, words: str) -> str:
    """Tells the same words in one session, or from one phone, from others, however they are spaced
    and spelled."""
    plain = " ".join(words.split()).casefold()
    return services.vault.keyed_hash(f"{place}\t{plain}".encode())


def _prefixed_text(incoming: IncomingText) -> PrefixedText | None:
    """The code that the text begins with, where more comes behind it."""
    prefixed = read_code_prefix(incoming.body)
    says_more = prefixed is not None and (prefixed.rest.strip() or incoming.media)
    return prefixed if says_more else None


def _words(incoming: IncomingText, prefixed: PrefixedText | None, sender: SupposedSender) -> str:
    """What the other side is to read: not the code by which its session was named."""
    is_named = (
        prefixed is not None
        and sender.side is Role.RECRUITER
        and prefixed.code == sender.session.access_code
    )
    words = prefixed.rest if prefixed and is_named else incoming.body
    return words if words.strip() else ""


def _seal(services: Services, incoming: IncomingText, sender: SupposedSender, words: str) -> str:
    if not words:
        return ""
    return services.vault.seal_text(
        words,
        board=services.board.name,
        message_id=incoming.id,
        session=sender.session.id,
        reader=sender.side.other,
    )


def _answer(services: Services, incoming: IncomingText, accepted: Acceptance) -> TextAnswer:
    if accepted.state is AcceptState.ACCEPTED:
        services.jobs.send_message(incoming.id)
    refusal = _REFUSALS.get(accepted.state)
    return TextAnswer(
        outcome=accepted.state,
        message=incoming.id,
        accepted=accepted,
        tell=refusal if refusal and _may_tell(services, incoming, accepted) else None,
        locale=accepted.locale or services.board.default_locale,
    )


def _may_tell(services: Services, incoming: IncomingText, accepted: Acceptance) -> bool:
    """Once a day and session, or once a text that may be for several, and never to somebody who has
    stopped texts: the carrier would refuse it. A stranger only where the carrier waits for an
    answer: we keep no number of theirs."""
    number = incoming.number
    if not incoming.is_answerable and accepted.sender is None:
        return False
    if services.store.suppressions.is_stopped(incoming.indexes, number):
        return False
    notices, index = services.store.notices, accepted.index or incoming.indexes[0]
    sid = incoming.sid
    is_question = accepted.state is AcceptState.SEVERAL
    return notices.may_tell(
        number=number,
        index=index,
        about=_about(incoming, accepted),
        answering=sid if incoming.is_answerable else f"listed {sid}",
    ) and (
        not is_question
        or notices.may_ask(
            number=number, index=index, words=_hash_of(services, index, incoming.body)
        )
    )


def _about(incoming: IncomingText, accepted: Acceptance) -> str:
    """What somebody is told about once: a text that may be for several sessions, a day's limit, or
    a session."""
    match accepted.state:
        case AcceptState.SEVERAL:
            return incoming.sid
        case AcceptState.OVER_LIMIT:
            return f"{accepted.session}.{int(incoming.now // DAY)}"
        case _:
            return accepted.session
