"""Forgets a person: their sessions are closed, their number can be recovered from nothing."""

from __future__ import annotations

import structlog

from relay.domain.errors import NotFound
from relay.domain.participant import Role
from relay.workflows.services import Services

log = structlog.get_logger()


def erase_participant(services: Services, role: Role, ref: str, *, now: float) -> None:
    """Erases in one step; the texts on their way to the person are cleaned right after it, by
    ``clean_texts_of_erased`` where this process dies. None of these is sent meanwhile. What remains
    are keyed hashes: bindings that cool, so that a late call reaches nobody else, and a STOP, which
    outlives everything.

    Raises NotFound, Conflict (others change the person again and again), Unavailable.
    """
    if not services.store.erasures.erase(role, ref, now=now):
        raise NotFound(f"There is no such {role}.")
    log.info("participant erased", role=role, ref=ref)
    _clean_texts(services, role, ref)


def clean_texts_of_erased(services: Services) -> int:
    """Takes the sealed phones of erased people out of the texts that were on their way to them.
    Returns how many people there were. Safe side by side with itself. Raises Unavailable."""
    pending = services.store.erasures.pending()
    for role, ref in pending:
        _clean_texts(services, role, ref)
    return len(pending)


def _clean_texts(services: Services, role: Role, ref: str) -> None:
    sessions = services.store.sessions.of_participant(role, ref)
    services.store.erasures.forget_in_texts(role, ref, sessions)
    services.store.erasures.finish(role, ref)
