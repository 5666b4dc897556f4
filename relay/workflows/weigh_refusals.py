"""A text that the carrier refused: what is counted of it, and whether its number is too new."""

from __future__ import annotations

from relay.carrier.codes import label_of
from relay.domain.message_progress import YOUNG_FOR
from relay.domain.trouble import Trouble
from relay.workflows.services import Services


def count_refusal(services: Services, code: int, trouble: Trouble) -> None:
    """Of a text that was refused, or reported as failed."""
    services.store.messages.refusals.count(f"{trouble}:{label_of(code)}")


def is_young(services: Services, number: str, trouble: Trouble | None, *, now: float) -> bool:
    """Whether the virtual number may still be on its way to be registered. Looks only where the
    trouble asks for it. Raises Unavailable."""
    if trouble is not Trouble.UNREGISTERED:
        return False
    known = services.store.numbers.get(number)
    return known is not None and now < known.imported_at + YOUNG_FOR
