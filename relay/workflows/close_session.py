"""Closes a session at once: nobody gets through any more, and its bindings begin to cool."""

from __future__ import annotations

import structlog

from relay.domain.errors import NotFound
from relay.domain.session import ClosedReason, Session
from relay.workflows.services import Services

log = structlog.get_logger()


def close_session(
    services: Services,
    session_id: str,
    *,
    now: float,
    reason: ClosedReason = ClosedReason.BY_API,
) -> Session:
    """The session after it; one that was closed before stays as it was closed first.

    Raises NotFound, Unavailable.
    """
    session = services.store.sessions.close(session_id, reason, now=now)
    if session is None:
        raise NotFound("There is no session with this id.")
    log.info("session closed", session=session.id, reason=session.closed_reason)
    return session
