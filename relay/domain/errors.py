"""Errors the relay raises on purpose; ``web/problems.py`` turns them into answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.domain.trouble import Trouble


@dataclass(frozen=True)
class Fault:
    """One reason why an input was refused, addressed by a JSON pointer (RFC 6901)."""

    pointer: str
    detail: str


@dataclass(eq=False)
class RelayError(Exception):
    """Something the caller can be told. ``code`` is the stable machine fact of ``docs/api.md``."""

    detail: str
    faults: tuple[Fault, ...] = field(default=())
    code: str = "error"
    status: int = 400
    title: str = "The request was refused"
    retry_after: int | None = None

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class Invalid(RelayError):
    """What was given cannot be taken. A refusal with no fault of its own is one of the whole."""

    code: str = "invalid"
    status: int = 422
    title: str = "The request is not valid"

    def __post_init__(self) -> None:
        self.faults = self.faults or (Fault("", self.detail),)


@dataclass(eq=False)
class NotFound(RelayError):
    code: str = "not_found"
    status: int = 404
    title: str = "Not found"


@dataclass(eq=False)
class Conflict(RelayError):
    """What is on record stands against it. The same request may be tried again where there is a
    ``retry_after``; else it is refused until something has changed."""

    code: str = "conflict"
    status: int = 409
    title: str = "Conflict with existing data"
    sessions: tuple[str, ...] = ()
    reason: str = ""


@dataclass(eq=False)
class PhoneTaken(Conflict):
    """Somebody or some session has the phone already."""

    code: str = "phone_taken"
    title: str = "The phone is in use"


@dataclass(eq=False)
class BeingChanged(Conflict):
    """Others change the same at the same time: the same request may pass in a moment."""

    code: str = "being_changed"
    title: str = "Others are changing this right now"
    retry_after: int | None = 1


class NumberMoved(Exception):
    """A virtual number has moved to another board since this process read the map."""


@dataclass(eq=False)
class SessionClosed(RelayError):
    code: str = "session_closed"
    status: int = 409
    title: str = "The session is closed"


@dataclass(eq=False)
class PoolExhausted(RelayError):
    """No number can serve the pair; ``reason`` names the hard fact (P6). ``free_for_new_pairs`` are
    numbers that two new people would get one of now."""

    reason: str = ""
    free_for_new_pairs: int = 0
    code: str = "pool_exhausted"
    status: int = 409
    title: str = "No virtual number left for this pair"


@dataclass(eq=False)
class Unauthenticated(RelayError):
    code: str = "unauthenticated"
    status: int = 401
    title: str = "A valid API key is needed"


@dataclass(eq=False)
class Forbidden(RelayError):
    code: str = "forbidden"
    status: int = 403
    title: str = "This key may not do that"


@dataclass(eq=False)
class RateLimited(RelayError):
    code: str = "rate_limited"
    status: int = 429
    title: str = "Too many requests"
    retry_after: int | None = 60


@dataclass(eq=False)
class Unavailable(RelayError):
    """The store or the carrier is away; the same request may be tried again."""

    code: str = "unavailable"
    status: int = 503
    title: str = "The service cannot answer now"
    retry_after: int | None = 2


@dataclass(eq=False)
class CarrierError(Exception):
    """The carrier refused or did not answer. ``code`` is its own word, to be shown and logged;
    ``ambiguous``: the request may have had its effect."""

    trouble: Trouble
    code: int
    retry_after: float | None = None
    ambiguous: bool = False

    @property
    def retryable(self) -> bool:
        return self.trouble.passes

    def __str__(self) -> str:
        return f"carrier error {self.code}"
