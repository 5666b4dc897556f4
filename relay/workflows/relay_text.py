"""A text has come in, by webhook or from the carrier's list: pass it on to the other side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

import structlog

from relay.carrier.webhooks import InboundText
from relay.domain.access_code import read_heading
from relay.domain.opt_out import OptOut, classify_opt_out, is_conversation
from relay.domain.phone import is_withheld
from relay.domain.texts import (
    Acceptance,
    AcceptState,
    Notice,
    SealedText,
    message_id,
)
from relay.metrics import TEXTS
from relay.store.suppressions import SERVICE
from relay.workflows.services import Services

log = structlog.get_logger()

_IGNORED = "ignored"
_OPT_OUT = "opt_out"

#: What somebody is told whose text goes to nobody.
_REFUSALS = {
    AcceptState.STRANGER: Notice.NOT_CONNECTED,
    AcceptState.CLOSED: Notice.NO_LONGER_CONNECTED,
    AcceptState.EXPIRED: Notice.NO_LONGER_CONNECTED,
    AcceptState.NO_SMS: Notice.CALLS_ONLY,
    AcceptState.SEVERAL: Notice.WHICH_SESSION,
}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A text on its way in: when it comes to us, and when it was written (POSIX seconds).

    ``is_answerable``: the carrier waits for an answer, which it texts back.
    """

    text: InboundText
    now: float
    said_at: float
    is_answerable: bool
    pool: str
    indexes: tuple[str, ...] = field(repr=False)

    @property
    def id(self) -> str:
        return message_id(self.pool, self.text.message_sid)


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
    log.info(
        "text received",
        outcome=answer.outcome,
        message=answer.message,
        session=answer.accepted.session if answer.accepted else "",
        virtual_number=text.virtual_number,
    )
    return answer


def _relay(services: Services, text: InboundText, now: float, said_at: float | None) -> TextAnswer:
    # A short code or a name is no person, and a withheld caller is everybody who withholds.
    if is_withheld(text.sender) or not text.sender.startswith("+"):
        return TextAnswer(outcome=_IGNORED)
    pool = services.store.numbers.pool_of(text.virtual_number)
    if pool is None:
        return TextAnswer(outcome=AcceptState.UNKNOWN_NUMBER)
    letter = Letter(
        text=text,
        now=now,
        said_at=now if said_at is None else said_at,
        is_answerable=said_at is None,
        pool=pool,
        indexes=services.vault.indexes_of(text.sender),
    )
    if _is_opt_out(services, letter):
        return TextAnswer(outcome=_OPT_OUT, message=letter.id)
    if not text.body.strip() and not text.media:
        return TextAnswer(outcome=_IGNORED)
    return _answer(services, letter, _accept(services, letter))


def _is_opt_out(services: Services, letter: Letter) -> bool:
    """Follows STOP and START as the carrier does by itself; False for what is to be relayed."""
    body, number = letter.text.body, letter.text.virtual_number
    suppressions = services.store.suppressions
    match classify_opt_out(body):
        case OptOut.NEITHER:
            return False
        case OptOut.START:
            undone = suppressions.resume(
                letter.indexes, number, since=letter.said_at, cause=letter.id
            )
            return not is_conversation(body, undoes_a_stop=undone)
        case OptOut.STOP:
            in_service = bool(services.board.messaging_service_sid)
            scope = SERVICE if in_service else number
            if suppressions.stop(letter.indexes, scope, since=letter.said_at, cause=letter.id):
                _tell_counterpart(services, letter)
            return True
        case never:
            assert_never(never)


def _tell_counterpart(services: Services, letter: Letter) -> None:
    notice = services.store.notices.tell_counterpart(
        letter.id,
        Notice.TEXTS_STOPPED,
        now=letter.now,
        number=letter.text.virtual_number,
        indexes=letter.indexes,
        retention=services.settings.record_retention,
    )
    if notice:
        services.jobs.send_message(notice)


def _accept(services: Services, letter: Letter) -> Acceptance:
    text = letter.text
    return services.store.messages.accept(
        letter.id,
        now=letter.now,
        said_at=letter.said_at,
        number=text.virtual_number,
        indexes=letter.indexes,
        inbound_sid=text.message_sid,
        text=_seal(services, letter),
        media=text.media,
        retention=services.settings.record_retention,
    )


def _seal(services: Services, letter: Letter) -> SealedText:
    """The body in every form in which it may have to be sent on: only the store knows which."""
    body = letter.text.body
    if not body.strip():
        return SealedText()

    def seal(text: str) -> str:
        return services.vault.seal_text(text, message_id=letter.id)

    heading = read_heading(body)
    says_more = heading is not None and (heading.rest.strip() or letter.text.media)
    return SealedText(
        whole=seal(body),
        code=heading.code if heading and says_more else "",
        rest=seal(heading.rest) if heading and heading.rest.strip() else "",
    )


def _answer(services: Services, letter: Letter, accepted: Acceptance) -> TextAnswer:
    if accepted.state is AcceptState.ACCEPTED:
        services.jobs.send_message(letter.id)
    refusal = _REFUSALS.get(accepted.state)
    return TextAnswer(
        outcome=accepted.state,
        message=letter.id,
        accepted=accepted,
        tell=refusal if refusal and _may_tell(services, letter, accepted) else None,
        locale=accepted.locale or services.board.default_locale,
    )


def _may_tell(services: Services, letter: Letter, accepted: Acceptance) -> bool:
    """Once a day and session, or once a text that may be for several, and never to somebody who has
    stopped texts: the carrier would refuse it. A stranger only where the carrier waits for an
    answer: we keep no number of theirs."""
    number = letter.text.virtual_number
    if not letter.is_answerable and accepted.sender is None:
        return False
    if services.store.suppressions.is_stopped(letter.indexes, number):
        return False
    notices, index = services.store.notices, accepted.index or letter.indexes[0]
    sid = letter.text.message_sid
    is_question = accepted.state is AcceptState.SEVERAL
    return notices.may_tell(
        letter.pool,
        number=number,
        index=index,
        about=sid if is_question else accepted.session,
        answering=sid if letter.is_answerable else f"listed {sid}",
    ) and (not is_question or notices.may_ask(letter.pool, number=number, index=index))
