"""Counts the records that grant something and that we have not signed: somebody planted them."""

from __future__ import annotations

from collections.abc import Iterator

from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.deployment import Deployment

_NAME = "signatures"


def check_signatures(deployment: Deployment) -> Iterator[Check]:
    """One finding for each kind of record, or one that all are signed. Raises Unavailable."""
    unsigned = {
        "API keys": deployment.api_keys.count_unsigned()
        + sum(board.store.api_keys.count_unsigned() for board in deployment.boards()),
        "boards": deployment.registry.count_unsigned(),
        "numbers": deployment.numbers.count_unsigned(),
        "pools": sum(board.store.pools.count_unsigned() for board in deployment.boards()),
    }
    planted = {kind: count for kind, count in unsigned.items() if count}
    for kind, count in planted.items():
        yield Check(
            _NAME,
            Verdict.FAILED,
            f"{count} {kind} in Redis were not written under RELAY_INDEX_KEYS and are ignored: see"
            " who can write to Redis (or put the key back that they were written under)",
        )
    if not planted:
        yield Check(_NAME, Verdict.OK, "API keys, boards, numbers and pools are signed")
