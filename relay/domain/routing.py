"""What happens to a call on a virtual number.

Every outcome is a value; ``carrier/twiml.py`` renders each of them, and mypy proves that none is
forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.session import Session


class RouteState(StrEnum):
    """What the store found on a (virtual number, caller)."""

    UNKNOWN_NUMBER = "unknown_number"
    STRANGER = "stranger"
    CLOSED = "closed"
    EXPIRED = "expired"
    NO_VOICE = "no_voice"
    SPENT = "spent"
    CONNECT = "connect"


@dataclass(frozen=True, kw_only=True)
class Route:
    """What the store knows of a call. ``session`` and ``caller`` are there unless the caller is a
    stranger; ``sealed_counterpart`` only for CONNECT."""

    state: RouteState
    session: Session | None = None
    caller: Role | None = None
    sealed_counterpart: str = ""

    @property
    def locale(self) -> str:
        """The caller's language, as far as we know the caller."""
        return self.session.party(self.caller).locale if self.session and self.caller else ""


class Refusal(StrEnum):
    """Why a call is not connected; the caller hears the announcement of the same name."""

    NOT_CONNECTED = "not_connected"
    NO_LONGER_CONNECTED = "no_longer_connected"
    CALLER_WITHHELD = "caller_withheld"
    TEXTS_ONLY = "texts_only"
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


CallDecision: TypeAlias = Bridge | Decline


def decide(route: Route, *, unseal: Callable[[str], PhoneNumber]) -> CallDecision:
    """The outcome for what the store found; only a call to connect has its number unsealed."""
    if route.state is not RouteState.CONNECT:
        return Decline(refusal=_refusal(route.state), locale=route.locale)
    if route.session is None or route.caller is None:
        raise ValueError("a call to connect has a session and a side")
    return Bridge(
        session=route.session,
        caller=route.caller,
        counterpart=unseal(route.sealed_counterpart),
        is_guarded=route.session.party(route.caller.other).screen_calls,
    )


def _refusal(state: RouteState) -> Refusal:
    match state:
        case RouteState.STRANGER | RouteState.UNKNOWN_NUMBER:
            return Refusal.NOT_CONNECTED
        case RouteState.CLOSED | RouteState.EXPIRED:
            return Refusal.NO_LONGER_CONNECTED
        case RouteState.NO_VOICE:
            return Refusal.TEXTS_ONLY
        case RouteState.SPENT | RouteState.CONNECT:
            return Refusal.CALL_AGAIN
        case _:
            assert_never(state)


@dataclass(frozen=True, kw_only=True)
class AskHuman:
    """The guard's first question: neutral, for it may be heard by a voicemail."""

    locale: str


@dataclass(frozen=True, kw_only=True)
class TellWhoAndAsk:
    """Asked for with 2: who calls and why, then the question again."""

    locale: str
    caller: Role
    name: str
    organization: str
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
    """What became of the call: ``announcement`` for the caller, who would else hear silence."""

    announcement: str
    locale: str


DialledDecision: TypeAlias = TellOutcome | HangUp
