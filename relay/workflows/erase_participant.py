"""Forgets a person: their sessions are closed, their number can be recovered from nothing."""

from __future__ import annotations

import structlog

from relay.domain.errors import NotFound
from relay.domain.participant import Role
from relay.workflows.services import Services

log = structlog.get_logger()


def erase_participant(services: Services, role: Role, ref: str, *, now: float) -> None:
    """Erases in one step, and has calls ended that ring. What remains are keyed hashes: bindings
    that cool, so that a late call reaches nobody else, and a STOP, which outlives everything.

    Raises NotFound, Conflict (others change the person again and again), Unavailable.
    """
    if not services.store.erasures.erase(role, ref, now=now):
        raise NotFound(f"There is no such {role}.")
    log.info("participant erased", role=role, ref=ref)
    services.jobs.end_calls(role, ref)
