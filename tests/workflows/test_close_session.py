"""Closing a session by hand."""

from __future__ import annotations

import pytest

from relay.domain.errors import NotFound
from relay.domain.session import ClosedReason, SessionStatus
from relay.workflows.close_session import close_session
from tests.world import NOW, make_world


def test_a_closed_session_stays_as_it_was_closed_first() -> None:
    world = make_world()
    session = world.open()
    closed = close_session(world.services, session.id, now=NOW + 5)
    assert (closed.status, closed.closed_reason) == (SessionStatus.CLOSED, ClosedReason.BY_API)

    again = close_session(world.services, session.id, now=NOW + 9, reason=ClosedReason.BLOCKED)
    assert again == closed


@pytest.mark.parametrize("session_id", ["us.nothing", "nowhere.7k2m", "nonsense", "us.", ""])
def test_a_session_that_is_not_there_is_not_found(session_id: str) -> None:
    with pytest.raises(NotFound):
        close_session(make_world().services, session_id, now=NOW)
