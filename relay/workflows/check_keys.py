"""Looks whether the keys of this process are those that the data was written with.

Key rings name their keys, and another key under an old name reads nothing. So each key leaves a
key check value in the store when it is first seen here: a sealed constant, or its keyed hash.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.key_rings import KeyRing
from relay.store.key_check_values import keep_check_value
from relay.store.keys import DeploymentKeys
from relay.vault import Unreadable, Vault
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.deployment import Deployment

_NAME = "keys"
_CONSTANT = "key check value"


def check_keys(deployment: Deployment) -> Iterator[Check]:
    """One finding for each wrong key, or one that all are right. Raises Unavailable."""
    wrong = [*_wrong_sealing_keys(deployment), *_wrong_index_keys(deployment)]
    yield from wrong
    if not wrong:
        yield Check(_NAME, Verdict.OK, "are those that the data was written with")


def _wrong_sealing_keys(deployment: Deployment) -> Iterator[Check]:
    for key_id, vault in _vaults(deployment.settings.relay_sealing_keys):
        name = f"seal:{key_id}"
        fresh = vault.seal_token(_CONSTANT, board=name)
        known = keep_check_value(deployment.client, name, fresh)
        try:
            vault.unseal_token(known, board=name)
        except Unreadable:
            yield _wrong(f"RELAY_SEALING_KEYS {key_id}", "sealed", name)


def _wrong_index_keys(deployment: Deployment) -> Iterator[Check]:
    for key_id, vault in _vaults(deployment.settings.relay_index_keys):
        name = f"index:{key_id}"
        hashed = vault.keyed_hash(_CONSTANT.encode())
        if keep_check_value(deployment.client, name, hashed) != hashed:
            yield _wrong(f"RELAY_INDEX_KEYS {key_id}", "indexed", name)


def _vaults(ring: KeyRing) -> Iterator[tuple[str, Vault]]:
    """A vault for each key of a ring, with no other key in it."""
    for key in ring.keys:
        alone = KeyRing((key,))
        yield key[0], Vault(alone, alone)


def _wrong(key: str, written: str, name: str) -> Check:
    return Check(
        _NAME,
        Verdict.FAILED,
        f"{key} is not the key the data was {written} with: put that one back"
        f" (when nothing is under it: redis-cli HDEL {DeploymentKeys().key_check_values} {name})",
    )
