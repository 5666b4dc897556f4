"""Ends the phone changes and erasures whose process has died on the way."""

from __future__ import annotations

from typing import assert_never

import structlog

from relay.domain.participant import Role
from relay.store.phone_changes import Stage
from relay.workflows.change_phone import complete_phone_change, undo_phone_change
from relay.workflows.erase_participant import complete_erasure
from relay.workflows.pass_over_unreachable import pass_over_unreachable
from relay.workflows.services import Services

log = structlog.get_logger()

#: A change takes milliseconds, and seconds when it waits for another one.
ABANDONED_AFTER = 30.0


def resume_phone_changes(services: Services, *, now: float) -> int:
    """Completes or undoes each change begun more than ``ABANDONED_AFTER`` seconds ago; how many.
    Safe beside the process that began it, and beside itself. Raises Unavailable."""
    abandoned = services.store.phone_changes.begun_before(now - ABANDONED_AFTER)
    for role, ref in abandoned:
        log.warning("phone change resumed", role=role, ref=ref)
        with pass_over_unreachable(role=role, ref=ref):
            _resume(services, role, ref, now=now)
    return len(abandoned)


def _resume(services: Services, role: Role, ref: str, *, now: float) -> None:
    change = services.store.phone_changes.get(role, ref)
    if change is None:
        return  # it has just ended
    match change.stage:
        case Stage.RESERVING | Stage.UNDOING:
            undo_phone_change(services, change, now=now)
        case Stage.COMMITTING:
            complete_phone_change(services, change, now=now)
        case Stage.ERASING:
            complete_erasure(services, role, ref, now=now)
        case Stage.LOSING:
            pass  # who takes the phone has it on record
        case _:
            assert_never(change.stage)
