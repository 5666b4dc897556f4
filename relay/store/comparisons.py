"""The last comparison of the pools with the carrier's list, for whoever wants to read it."""

from __future__ import annotations

import json
from dataclasses import asdict

from relay.domain.number_comparison import Comparison, Discrepancy, Finding
from relay.store import keys as names
from relay.store.connection import Client, unavailable_when_away


class Comparisons:
    """All raise Unavailable."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def note(self, comparison: Comparison) -> None:
        findings = [asdict(finding) for finding in comparison.findings]
        with unavailable_when_away():
            self._client.hset(
                names.COMPARISON,
                mapping={
                    "at": comparison.at,
                    "rented": comparison.rented,
                    "findings": json.dumps(findings),
                    "left": json.dumps(
                        {kind: comparison.count(kind, is_repaired=False) for kind in Discrepancy}
                    ),
                },
            )

    def last(self) -> Comparison | None:
        with unavailable_when_away():
            noted = self._client.hgetall(names.COMPARISON)
        if not noted:
            return None
        findings = tuple(
            Finding(**{**finding, "kind": Discrepancy(finding["kind"])})
            for finding in json.loads(noted["findings"])
        )
        return Comparison(at=int(noted["at"]), rented=int(noted["rented"]), findings=findings)

    def left_to_mend(self) -> dict[Discrepancy, int]:
        """How many of each kind the last one found and did not mend; empty before the first. For
        metrics: the findings themselves may be thousands."""
        with unavailable_when_away():
            left = self._client.hget(names.COMPARISON, "left")
        return {Discrepancy(kind): count for kind, count in json.loads(left or "{}").items()}
