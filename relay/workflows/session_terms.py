"""What a session may be: how long it lasts and what is said about it."""

from __future__ import annotations

import math

from relay.domain.errors import Fault, Invalid
from relay.domain.free_text import is_unreadable, read_numbers
from relay.domain.pool import Pool
from relay.domain.session import LONGEST_CONTEXT


def check_context(context: str) -> None:
    """Raises Invalid for a context that is too long, unreadable, or carries a number out."""
    if len(context) > LONGEST_CONTEXT:
        _refuse("/context", f"at most {LONGEST_CONTEXT} characters")
    if is_unreadable(context):
        _refuse("/context", "no control characters, tabs or line breaks")
    if fault := read_numbers(context).fault:
        _refuse("/context", fault)


def expiry_after(ttl: int, pool: Pool, *, now: float) -> int:
    """When a session of ``ttl`` seconds from now ends: never earlier than asked for, in whole
    seconds. Raises Invalid beyond the pool's longest."""
    if ttl > pool.max_ttl:
        _refuse("/ttl", f"at most {pool.max_ttl} seconds in this pool")
    return math.ceil(now) + ttl


def expiry_at(instant: float, pool: Pool, *, now: float) -> int:
    """The same for a given moment. Raises Invalid for one that is past or too far away."""
    if instant <= now:
        _refuse("/expires_at", "in the future; DELETE closes the session at once")
    if instant > math.ceil(now) + pool.max_ttl:
        _refuse("/expires_at", f"at most {pool.max_ttl} seconds from now in this pool")
    return math.ceil(instant)


def _refuse(pointer: str, detail: str) -> None:
    raise Invalid("Some values are not allowed.", (Fault(pointer, detail),))
