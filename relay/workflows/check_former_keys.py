"""Looks whether data is still under keys that are no longer given: nobody can read it.

From the counts that the scripts keep of every key, and from what the last ``reseal`` has left.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from relay.store.resealing import ClearedKeys, Kind
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.deployment import Deployment

_NAME = "keys"


def check_former_keys(deployment: Deployment) -> Iterator[Check]:
    """One finding for each key that is still needed. Raises Unavailable."""
    counts = count_under_keys(deployment)
    for key_id in _former(counts, (Kind.PHONE, Kind.TEXT), deployment.vault.sealing_key_ids):
        phones, texts = counts[Kind.PHONE, key_id], counts[Kind.TEXT, key_id]
        yield _missing(
            "RELAY_SEALING_KEYS", key_id, f"{phones} phones and {texts} texts are sealed under it"
        )
    for key_id, boards in boards_under_keys(deployment).items():
        if key_id not in deployment.vault.sealing_key_ids:
            what = f"credentials at Twilio of {', '.join(boards)} are sealed under it"
            yield _missing("RELAY_SEALING_KEYS", key_id, what)
    given = deployment.vault.index_key_ids
    for key_id in _former(counts, (Kind.INDEX,), given):
        people = counts[Kind.INDEX, key_id]
        yield _missing("RELAY_INDEX_KEYS", key_id, f"{people} people are on record under it")
    for key_id, moments in ClearedKeys(deployment.client).all().items():
        if key_id not in given and max(moments) > time.time():
            yield _missing(
                "RELAY_INDEX_KEYS",
                key_id,
                f"bindings that cool or codes of open sessions are under it until"
                f" {spoken(max(moments))}",
            )


def count_under_keys(deployment: Deployment) -> Counter[tuple[Kind, str]]:
    """How many phones, texts and people are under each key id, of all boards together. Raises
    Unavailable."""
    counts: Counter[tuple[Kind, str]] = Counter()
    for services in deployment.boards():
        counts.update(services.store.resealing.counts())
    return counts


def boards_under_keys(deployment: Deployment) -> dict[str, list[str]]:
    """The boards that have credentials of their own under each sealing key. Raises Unavailable."""
    found: dict[str, list[str]] = {}
    for board in deployment.registry.all():
        seals = (*board.sealed_tokens, board.sealed_key_secret)
        for key_id in sorted({sealed.partition(":")[0] for sealed in seals if sealed}):
            found.setdefault(key_id, []).append(board.name)
    return found


def spoken(moment: float) -> str:
    """As ``2026-11-28 14:30 UTC``, not before that moment."""
    return datetime.fromtimestamp(moment + 59, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _former(
    counts: Counter[tuple[Kind, str]], kinds: tuple[Kind, ...], given: tuple[str, ...]
) -> list[str]:
    return sorted({key_id for kind, key_id in counts if kind in kinds} - set(given))


def _missing(ring: str, key_id: str, what: str) -> Check:
    return Check(
        _NAME,
        Verdict.FAILED,
        f"{key_id} is no longer in {ring}, and {what}: put it back at the end,"
        " and run python -m relay reseal",
    )
