"""What a use case works with: one board's part of the deployment (``workflows/deployment.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from config.settings import Settings
from relay.carrier.client import Carrier
from relay.domain.board import Board, CarrierAccount
from relay.domain.participant import Role
from relay.store.store import Store
from relay.vault import Vault


class Jobs(Protocol):
    """What is done later by a worker. Enqueuing is a hint: the outbox is what is certain."""

    def send_message(self, message_id: str) -> None:
        """Send what waits on the lane of this message. Never raises: the sweeper is behind it."""

    def buy_numbers(self, job_id: str) -> None:
        """Work on this purchase. Never raises: the sweeper is behind it."""

    def end_calls(self, role: Role, ref: str) -> None:
        """End the calls of somebody erased that ring. Never raises: recycling is behind it."""

    def compare_numbers(self) -> None:
        """Compare the pools with the carrier's account now. Never raises: the schedule is behind
        it."""

    def is_backed_up(self) -> bool:
        """Whether so much waits for a worker, or it cannot be known, that another hint is no help.
        Never raises."""


@dataclass(frozen=True)
class Services:
    """``account`` is the carrier account that the board uses, ``carrier`` its REST API."""

    board: Board
    account: CarrierAccount
    settings: Settings
    store: Store
    vault: Vault
    carrier: Carrier
    jobs: Jobs
