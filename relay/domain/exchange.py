"""One request to the carrier and its answer, as it is measured: words that hold no number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Verb(StrEnum):
    GET = "get"
    POST = "post"
    DELETE = "delete"


class Resource(StrEnum):
    """What the request was about."""

    MESSAGES = "messages"
    CALLS = "calls"
    NUMBERS = "numbers"
    MARKET = "market"
    SERVICES = "services"
    OTHER = "other"


class ExchangeEnd(StrEnum):
    #: The carrier did what it was asked for.
    DONE = "done"
    REFUSED = "refused"
    #: Too many requests.
    THROTTLED = "throttled"
    #: The carrier's own trouble.
    FAILED = "failed"
    #: No connection, or no answer in time.
    NO_ANSWER = "no_answer"


@dataclass(frozen=True)
class Exchange:
    verb: Verb
    resource: Resource
    end: ExchangeEnd
    seconds: float


#: Is told of each request; any thread may do so.
Observer: TypeAlias = Callable[[Exchange], None]
