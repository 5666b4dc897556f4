"""The person at the parent end of a call, and what they mean to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.sandbox.calls.dial_string import SentKey

if TYPE_CHECKING:
    from relay.sandbox.phone import Phone


@dataclass(frozen=True)
class Caller:
    phone: Phone
    shown: str
    sent_keys: tuple[SentKey, ...] = ()
    digits: str = ""
    talk_seconds: float | None = None
    hang_up_after: float | None = None
    star_after: float | None = None
    says: str = ""
    forwarded_from: str | None = None
    verstat: str | None = None
