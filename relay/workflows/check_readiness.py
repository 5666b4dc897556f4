"""Looks whether this process can do its work: for people and deploys, not for routers.

A router that asked would take every web process away when the store dies, and callers would hear
nothing instead of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.errors import Unavailable
from relay.store.clock import MOST_DIFFERENCE, largest_clock_difference
from relay.store.durability import Durability, absent_masters, durability
from relay.store.writes import Refusal, refusal_of_writes
from relay.workflows.deployment import Deployment


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; ``detail`` says how to mend it when it is not ok."""

    name: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True)
class Readiness:
    checks: tuple[Check, ...]

    @property
    def is_ready(self) -> bool:
        return all(check.verdict is not Verdict.FAILED for check in self.checks)


def check_readiness(deployment: Deployment) -> Readiness:
    """Raises nothing: a store that is away is a finding."""
    client = deployment.client
    try:
        if absent := absent_masters(client):
            return Readiness((check_masters(absent),))
        difference = largest_clock_difference(client)
        found = durability(client)
        refusal = refusal_of_store(deployment)
    except Unavailable:
        return Readiness((Check("store", Verdict.FAILED, "does not answer: see REDIS_URL"),))
    return Readiness(
        (
            Check("store", Verdict.OK, "answers"),
            check_writes("writes", refusal),
            check_clock(difference),
            check_durability(found, is_required=deployment.settings.require_durable),
        )
    )


def check_masters(absent: Sequence[str]) -> Check:
    """Of a cluster's masters those that do not answer."""
    return Check("store", Verdict.FAILED, f"{', '.join(absent)} does not answer: see REDIS_URL")


def refusal_of_store(deployment: Deployment) -> Refusal | None:
    """Why the store takes no writes; None when it does. Raises Unavailable."""
    boards = [deployment.main.board, *deployment.registry.all()]
    return refusal_of_writes(deployment.client, [board.name for board in boards])


_HOW_TO_WRITE = {
    Refusal.READ_ONLY: "it is a replica: point the URL at the master",
    Refusal.FAILING_DISK: "it cannot save to its disk: look at the disk, and at Redis's log",
    Refusal.FULL: "its memory is full: raise maxmemory, or give it more",
    Refusal.NO_REPLICAS: "too few replicas are connected (min-replicas-to-write)",
    Refusal.OTHER: "look at Redis's log, and at what its user may do",
}


def check_writes(name: str, refusal: Refusal | None) -> Check:
    """``name`` of the Redis, and why it takes no writes."""
    if refusal is None:
        return Check(name, Verdict.OK, "are taken")
    detail = f"are refused ({refusal}): {_HOW_TO_WRITE[refusal]}"
    return Check(name, Verdict.FAILED, detail)


def check_clock(difference: float) -> Check:
    if difference <= MOST_DIFFERENCE:
        return Check("clock", Verdict.OK, "agrees with the store's")
    return Check(
        "clock",
        Verdict.FAILED,
        f"differs from the store's by {difference:.1f} s: synchronise both (NTP)",
    )


def check_durability(found: Durability, *, is_required: bool) -> Check:
    if found.is_proven:
        return Check("durability", Verdict.OK, "append-only file on, nothing is evicted")
    verdict = Verdict.FAILED if is_required else Verdict.WARNING
    return Check("durability", verdict, _how_to_mend(found))


def _how_to_mend(found: Durability) -> str:
    if not found.is_refuted:
        return "cannot be seen: ask who runs the store for appendonly yes and noeviction"
    wrong = []
    if found.append_only is False:
        wrong.append("set appendonly yes, or a crash loses acknowledged writes")
    if found.no_eviction is False:
        wrong.append("set maxmemory-policy noeviction, or a full store forgets sessions")
    return "; ".join(wrong)
