"""What a worker does with one hint (``workers/drain.py``), without its threads."""

from __future__ import annotations

from relay.workflows.end_turn import Clock
from relay.workflows.send_text import send_text
from relay.workflows.services import Services


def send_lane(services: Services, message_id: str, *, clock: Clock) -> None:
    """Sends the message, and goes on with whatever is first in its lane then."""
    while message_id:
        message_id = send_text(services, message_id, clock=clock)
