"""Forgets a person: their sessions are closed, and nothing that the store answers can be turned
into their number. ``rewrite_files.py`` takes it out of Redis's files.
"""

from __future__ import annotations

import structlog

from relay.domain.erasure import Erasure
from relay.domain.errors import NotFound
from relay.domain.participant import Role
from relay.workflows.services import Services

log = structlog.get_logger()


def erase_participant(services: Services, role: Role, ref: str, *, now: float) -> Erasure:
    """Erases in one step, and has calls ended that ring. What remains are keyed hashes: bindings
    that cool, so that a late call reaches nobody else, and a STOP, which outlives everything.
    Repeated within a month it answers how far the erasure is.

    Raises NotFound, Conflict (others change the person again and again), Unavailable.
    """
    if not services.store.erasures.erase(role, ref, now=now):
        raise NotFound(f"There is no such {role}.")
    log.info("participant erased", role=role, ref=ref)
    services.jobs.end_calls(role, ref)
    return find_erasure(services, role, ref)


def find_erasure(services: Services, role: Role, ref: str) -> Erasure:
    """Raises NotFound for somebody who was not erased within a month; Unavailable."""
    found = services.store.erasures.get(role, ref)
    if found is None:
        raise NotFound(f"No {role} with this ref was erased within a month.")
    return found
