"""What happens to a call on a virtual number.

Every outcome is a value; ``carrier/twiml.py`` renders each of them, and mypy proves that none is
forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from relay.domain.guard import Guard
from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.session import Seals, Session

#: What a call's attestation is when its caller ID failed the networks' check.
FAILED_ATTESTATION = "failed"


class RouteState(StrEnum):
    """What the store found on a (virtual number, caller)."""

    UNKNOWN_NUMBER = "unknown_number"
    STRANGER = "stranger"
    STRANGER_WITH_CODE = "stranger_with_code"
    SILENT_STRANGER = "silent_stranger"
    SEVERAL = "several"
    UNVERIFIED = "unverified"
    WRONG = "wrong"
    TRIED_OUT = "tried_out"
    CLOSED = "closed"
    EXPIRED = "expired"
    NO_VOICE = "no_voice"
    OVER_LIMIT = "over_limit"
    REPLAYED = "replayed"
    CONNECT = "connect"


@dataclass(frozen=True, kw_only=True)
class Route:
    """What the store knows of a call.

    ``session`` and ``caller`` are there when the caller leads to one session; ``seals`` and the
    counterpart's ``stamped_guard`` only for CONNECT. ``digits`` is how long the longest code of the
    number is, where the caller is asked for one. ``limit`` is the one of the pool's policy that is
    reached, for OVER_LIMIT.
    """

    state: RouteState
    session: Session | None = None
    caller: Role | None = None
    seals: Seals = field(default=Seals("", ""), repr=False)
    stamped_guard: str = ""
    digits: int = 0
    known_locale: str = ""
    limit: str = ""

    @property
    def locale(self) -> str:
        """The caller's language, as far as we know the caller."""
        if self.session and self.caller:
            return self.session.party(self.caller).locale
        return self.known_locale


class Refusal(StrEnum):
    """Why a call is not connected; the caller hears the announcement of the same name."""

    NOT_CONNECTED = "not_connected"
    NO_LONGER_CONNECTED = "no_longer_connected"
    CALLER_WITHHELD = "caller_withheld"
    CODE_MISSING = "code_missing"
    CODE_TRIED_OUT = "code_tried_out"
    TEXTS_ONLY = "texts_only"
    CALLS_OVER_LIMIT = "calls_over_limit"
    CALL_AGAIN = "call_again"
    TRY_LATER = "try_later"


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """Dial the counterpart and show the virtual number. ``is_guarded``: ask before connecting."""

    session: Session
    caller: Role
    counterpart: PhoneNumber
    is_guarded: bool


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Say why, in the caller's language, and hang up."""

    refusal: Refusal
    locale: str = ""


class CodeQuestion(StrEnum):
    """How a caller is asked for an access code; they hear the announcement of the same name."""

    SEVERAL = "code_of_several"
    STRANGER = "code_of_stranger"
    WITHHELD = "code_of_withheld"
    UNVERIFIED = "code_of_unverified"
    AGAIN = "code_again"

    @property
    def unanswered(self) -> Refusal:
        """What a caller hears who enters nothing."""
        return _UNANSWERED[self]


_UNANSWERED = {
    CodeQuestion.SEVERAL: Refusal.CODE_MISSING,
    CodeQuestion.STRANGER: Refusal.NOT_CONNECTED,
    CodeQuestion.WITHHELD: Refusal.CALLER_WITHHELD,
    CodeQuestion.UNVERIFIED: Refusal.CODE_MISSING,
    CodeQuestion.AGAIN: Refusal.CODE_MISSING,
}


@dataclass(frozen=True, kw_only=True)
class AskAccessCode:
    """Ask for the code of one session, ``digits`` long at most; ``attempt`` is the one that comes
    next in this call, from 1."""

    question: CodeQuestion
    digits: int
    attempt: int
    locale: str = ""


@dataclass(frozen=True)
class Reject:
    """Do not answer, which costs nothing: a stranger has called twice and entered nothing."""


CallDecision: TypeAlias = Bridge | AskAccessCode | Decline | Reject


def decide(
    route: Route,
    *,
    reach: Callable[[Session, Role], PhoneNumber],
    guard: Callable[[Session, Role], Guard],
    attestation: str = "",
    is_withheld: bool = False,
    attempts: int = 0,
) -> CallDecision:
    """The outcome for what the store found. ``reach`` opens the phone of a caller's counterpart,
    of a call to connect alone; what it raises is raised. ``guard`` says how a side is guarded.
    ``attempts`` is how many codes the caller has tried."""
    question = _question(route.state, is_withheld=is_withheld)
    if question is not None:
        return AskAccessCode(
            question=question, digits=route.digits, attempt=attempts + 1, locale=route.locale
        )
    if route.state is RouteState.SILENT_STRANGER:
        return Reject()
    if route.state is not RouteState.CONNECT:
        return Decline(refusal=_refusal(route.state, is_withheld=is_withheld), locale=route.locale)
    if route.session is None or route.caller is None:
        raise ValueError("a call to connect has a session and a side")
    return Bridge(
        session=route.session,
        caller=route.caller,
        counterpart=reach(route.session, route.caller),
        is_guarded=is_guarded(guard(route.session, route.caller.other), route.caller, attestation),
    )


def is_guarded(guard: Guard, caller: Role, attestation: str) -> bool:
    """Whether the counterpart, who has this guard, is asked before a call is connected: as they
    wish, and always when it may not be the candidate who calls."""
    return guard.is_on or may_be_forged(caller, attestation)


def may_be_forged(caller: Role, attestation: str) -> bool:
    """Whether a candidate's caller ID failed the check: they have no code to prove who they are."""
    return caller is Role.CANDIDATE and attestation == FAILED_ATTESTATION


def _question(state: RouteState, *, is_withheld: bool) -> CodeQuestion | None:
    match state:
        case RouteState.SEVERAL:
            return CodeQuestion.SEVERAL
        case RouteState.STRANGER_WITH_CODE:
            return CodeQuestion.WITHHELD if is_withheld else CodeQuestion.STRANGER
        case RouteState.UNVERIFIED:
            return CodeQuestion.UNVERIFIED
        case RouteState.WRONG:
            return CodeQuestion.AGAIN
        case _:
            return None


def _refusal(state: RouteState, *, is_withheld: bool) -> Refusal:
    if is_withheld and state in {RouteState.STRANGER, RouteState.UNKNOWN_NUMBER}:
        return Refusal.CALLER_WITHHELD
    return _REFUSALS[state]


_REFUSALS = {
    RouteState.STRANGER: Refusal.NOT_CONNECTED,
    RouteState.UNKNOWN_NUMBER: Refusal.NOT_CONNECTED,
    RouteState.CLOSED: Refusal.NO_LONGER_CONNECTED,
    RouteState.EXPIRED: Refusal.NO_LONGER_CONNECTED,
    RouteState.NO_VOICE: Refusal.TEXTS_ONLY,
    RouteState.OVER_LIMIT: Refusal.CALLS_OVER_LIMIT,
    RouteState.REPLAYED: Refusal.CALL_AGAIN,
    RouteState.TRIED_OUT: Refusal.CODE_TRIED_OUT,
}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who calls. A candidate has no name."""

    role: Role
    name: str = ""
    organization: str = ""


@dataclass(frozen=True, kw_only=True)
class AskHuman:
    """The guard's question, again and again, beginning with the ``turn``-th (from 0): neutral, for
    a voicemail may hear it. ``who`` is told with it to whoever has asked, where the candidate
    wishes that. ``is_unverified``: the caller's number failed the networks' check."""

    locale: str
    turn: int = 0
    who: Identity | None = None
    is_unverified: bool = False


@dataclass(frozen=True, kw_only=True)
class TellWhoAndAsk:
    """Asked for with 2: who calls and why, then the question again. ``turn`` counts on from the
    questions."""

    locale: str
    turn: int
    who: Identity
    context: str


@dataclass(frozen=True)
class Connect:
    """The counterpart took the call: end the document, which bridges the legs."""


@dataclass(frozen=True)
class HangUp:
    """End this leg without a word."""


ScreenDecision: TypeAlias = AskHuman | TellWhoAndAsk | Connect | HangUp


@dataclass(frozen=True, kw_only=True)
class TellOutcome:
    """What became of the call: ``announcement`` for the caller, who would else hear silence.
    ``may_text``: the caller can reach the counterpart by text, too."""

    announcement: str
    locale: str
    may_text: bool = False


DialledDecision: TypeAlias = TellOutcome | HangUp
