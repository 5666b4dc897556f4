"""The last comparison of the pools with a carrier account's list, for whoever wants to read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from relay.domain.number_comparison import Comparison, Discrepancy, Finding
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


class Comparisons:
    """One an account; all raise Unavailable."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def note(self, account: str, comparison: Comparison, *, boards: Iterable[str]) -> None:
        """``boards`` are those that use the account."""
        findings = [asdict(finding) for finding in comparison.findings]
        left = {board: _left_to_mend(comparison, board) for board in ("", *boards)}
        self._client.hset(
            DeploymentKeys().compared(account),
            mapping={
                "at": comparison.at,
                "rented": comparison.rented,
                "findings": json.dumps(findings),
                "left": json.dumps(left),
            },
        )

    def last(self, account: str) -> Comparison | None:
        noted = self._client.hgetall(DeploymentKeys().compared(account))
        if not noted:
            return None
        findings = tuple(
            Finding(**{**finding, "kind": Discrepancy(finding["kind"])})
            for finding in json.loads(noted["findings"])
        )
        return Comparison(at=int(noted["at"]), rented=int(noted["rented"]), findings=findings)

    def left_to_mend(self, account: str) -> dict[str, dict[Discrepancy, int]]:
        """How many of each kind the last one found for each board and did not mend; empty before
        the first. Those of nobody's numbers are under "". For metrics: the findings themselves may
        be thousands."""
        left = self._client.hget(DeploymentKeys().compared(account), "left")
        return {
            board: {Discrepancy(kind): count for kind, count in counts.items()}
            for board, counts in json.loads(left or "{}").items()
        }


def _left_to_mend(comparison: Comparison, board: str) -> dict[Discrepancy, int]:
    found = Counter(
        finding.kind
        for finding in comparison.findings
        if finding.board == board and not finding.is_repaired
    )
    kinds = Discrepancy if board else (Discrepancy.FOREIGN,)
    return {kind: found[kind] for kind in kinds if board == "" or kind is not Discrepancy.FOREIGN}
