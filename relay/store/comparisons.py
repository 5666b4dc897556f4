"""The last comparison of the pools with the carrier's list, for whoever wants to read it."""

from __future__ import annotations

import json
from dataclasses import asdict

from relay.domain.number_comparison import Comparison, Discrepancy, Finding
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


class Comparisons:
    """All raise Unavailable."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def note(self, comparison: Comparison) -> None:
        findings = [asdict(finding) for finding in comparison.findings]
        self._client.hset(
            DeploymentKeys().compared(""),
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
        noted = self._client.hgetall(DeploymentKeys().compared(""))
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
        left = self._client.hget(DeploymentKeys().compared(""), "left")
        return {Discrepancy(kind): count for kind, count in json.loads(left or "{}").items()}
