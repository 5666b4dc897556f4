"""API keys: 256 random bits each, of which the store keeps only a SHA-256.

A plain hash will do here: unlike a phone number, nobody can try all keys.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from hashlib import sha256

from relay.domain.api_key import ApiKey, Scope
from relay.store.connection import Client
from relay.store.keys import BoardKeys, DeploymentKeys

#: Says whose key it is to whoever, or whatever scanner, finds one in a repository.
_PREFIX = "relay"
_KEY_BYTES = 32
_ID_LENGTH = 12


def board_of(key: str) -> str | None:
    """The board that a key names, ``second`` of ``relay_second_…``; "" for a deployment key, None
    for what is no key."""
    prefix, *rest = key.split("_")
    return rest[0] if prefix == _PREFIX and len(rest) == 2 else None


class ApiKeys:
    """The keys of one board, or of the deployment. Nothing is cached: a revoked key stops working
    at its next request."""

    def __init__(self, client: Client, keys: BoardKeys | DeploymentKeys) -> None:
        self._client = client
        self._keys = keys
        self._board = keys.board if isinstance(keys, BoardKeys) else ""

    def create(self, name: str, scopes: Collection[Scope], *, now: float) -> str:
        """A new key, which is shown this once. Raises ValueError for a board's key with the scope
        ``boards``, or a deployment key with another one; Unavailable."""
        if (Scope.BOARDS in scopes) != (self._board == ""):
            raise ValueError("Only deployment keys have the scope boards, and they have no other.")
        key = f"{_PREFIX}_{self._board}_{secrets.token_hex(_KEY_BYTES)}"
        record = {"name": name, "scopes": sorted(scopes), "created_at": int(now)}
        self._client.hset(self._keys.api_keys, _hash(key), json.dumps(record))
        return key

    def find(self, key: str) -> ApiKey | None:
        """Whose key it is; None for one that was never made or is revoked. Raises Unavailable."""
        digest = _hash(key)
        record = self._client.hget(self._keys.api_keys, digest)
        return _unpack(digest, record) if record else None

    def all(self) -> list[ApiKey]:
        """Every key, oldest first. Raises Unavailable."""
        records = self._client.hgetall(self._keys.api_keys)
        found = [_unpack(digest, record) for digest, record in records.items()]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    def revoke(self, name_or_id: str) -> list[ApiKey]:
        """Revokes the keys of this name or id, at once. Returns those that it found. Raises
        Unavailable."""
        records = self._client.hgetall(self._keys.api_keys)
        found = {digest: _unpack(digest, record) for digest, record in records.items()}
        gone = {digest: key for digest, key in found.items() if name_or_id in {key.name, key.id}}
        if gone:
            self._client.hdel(self._keys.api_keys, *gone)
        return list(gone.values())


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _unpack(digest: str, record: str) -> ApiKey:
    kept = json.loads(record)
    return ApiKey(
        id=digest[:_ID_LENGTH],
        name=kept["name"],
        scopes=frozenset(map(Scope, kept["scopes"])),
        created_at=kept["created_at"],
    )
