"""Texts that are on their way when something is killed."""

from __future__ import annotations

import time

from tests.e2e.stage import Stage

#: Seconds from a kill to the arrival of what was accepted.
LIMIT = 30.0
#: The same for what may not have been accepted: the carrier's list is read once a minute.
FETCHED_WITHIN = 100.0
#: Long enough for a second copy to show up: a lane's lease, the settling, two sweeps.
QUIET = 10.0


def text(stage: Stage, body: str, *, timeout: float = 20.0) -> str:
    """Rita texts Carl; returns when the relay has accepted it."""
    session = stage.open()
    stage.phone("rita").text(session["virtual_number"], body).wait(timeout)
    return str(session["id"])


def assert_arrives_once(
    stage: Stage, bodies: list[str], killed_at: float, *, within: float = LIMIT
) -> None:
    carl = stage.phone("carl")
    carl.wait_for_text(len(bodies), timeout=max(within - (time.monotonic() - killed_at), 0.1))
    assert carl.stays_silent(QUIET), [received.body for received in carl.texts]
    assert sorted(received.body for received in carl.texts) == sorted(bodies)
