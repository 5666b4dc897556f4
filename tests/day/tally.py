"""What the day met and what came of it, counted; and each thing that must not be, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def count(self, what: str, by: int = 1) -> None:
        self.counts[what] += by

    def blame(self, claim: str, what: str) -> None:
        self.faults.setdefault(claim, []).append(what)

    def faults_of(self, claim: str) -> int:
        return len(self.faults.get(claim, []))
