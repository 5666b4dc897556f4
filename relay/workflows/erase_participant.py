"""Forgets a person: their sessions are closed, their number can be recovered from nothing."""

from __future__ import annotations

import structlog

from relay.domain.errors import NotFound
from relay.domain.participant import Role
from relay.domain.session import ClosedReason
from relay.store.people import PhoneChanging
from relay.store.phone_changes import Stage
from relay.workflows.change_phone import policies
from relay.workflows.enter_pool import when_not_changing
from relay.workflows.services import Services

log = structlog.get_logger()


def erase_participant(services: Services, role: Role, ref: str, *, now: float) -> None:
    """From the first step on nobody finds the person; a process that dies after it leaves the rest
    to ``resume_phone_changes``. What remains are keyed hashes: bindings that cool, so that a late
    call reaches nobody else, and a STOP, which outlives everything.

    Raises NotFound, Conflict (a phone change is under way), Unavailable.
    """

    def begin_once() -> str:
        outcome = services.store.phone_changes.begin_erasure(role, ref, now=now)
        if outcome == "changing":
            raise PhoneChanging
        return outcome

    if when_not_changing(begin_once) == "unknown":
        raise NotFound(f"There is no such {role}.")
    complete_erasure(services, role, ref, now=now)


def complete_erasure(services: Services, role: Role, ref: str, *, now: float) -> None:
    """Closes the sessions in every pool, then forgets the record. Raises Unavailable."""
    erasure = services.store.phone_changes.get(role, ref)
    if erasure is None or erasure.stage is not Stage.ERASING:
        return  # another process was quicker
    for pool in policies(services, erasure.pools):
        services.store.phone_moves.leave_pool(
            pool, role, ref, mark=erasure.mark, reason=ClosedReason.ERASED, now=now
        )
        sessions = services.store.sessions.of_participant(pool.name, role, ref)
        services.store.erasing.forget_in_texts(role, ref, sessions)
    services.store.phone_changes.finish_erasure(role, ref)
    log.info("participant erased", role=role, ref=ref)
