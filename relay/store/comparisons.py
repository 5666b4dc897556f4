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
        with unavailable_when_away():
            self._client.set(names.COMPARISON, json.dumps(asdict(comparison)))

    def last(self) -> Comparison | None:
        with unavailable_when_away():
            text = self._client.get(names.COMPARISON)
        if not text:
            return None
        noted = json.loads(text)
        findings = tuple(
            Finding(**{**finding, "kind": Discrepancy(finding["kind"])})
            for finding in noted.pop("findings")
        )
        return Comparison(**noted, findings=findings)
