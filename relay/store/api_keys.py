"""API keys: 256 random bits each, of which the store keeps only a SHA-256.

A plain hash will do here: unlike a phone number, nobody can try all keys. A record that we have not
signed is nobody's: who can write to Redis cannot make a key (P9).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from hashlib import sha256

from relay.domain.api_key import ApiKey, Scope
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.scripts import Scripts
from relay.store.sign_anew import sign_anew

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

    def __init__(self, client: Client, keys: BoardKeys | DeploymentKeys, signer: Signer) -> None:
        self._client = client
        self._signer = signer
        self._scripts = Scripts(client)
        self._keys = keys
        self._board = keys.board if isinstance(keys, BoardKeys) else ""

    def create(self, name: str, scopes: Collection[Scope], *, now: float) -> str:
        """A new key, which is shown this once. Raises ValueError for a board's key with the scope
        ``boards``, or a deployment key with one that is a board's; Unavailable."""
        if self._board and Scope.BOARDS in scopes:
            raise ValueError("Only deployment keys have the scope boards.")
        if not self._board and not set(scopes) <= {Scope.BOARDS, Scope.METRICS}:
            raise ValueError("Deployment keys have the scopes boards and metrics, and no other.")
        key = f"{_PREFIX}_{self._board}_{secrets.token_hex(_KEY_BYTES)}"
        record = {"name": name, "scopes": sorted(scopes), "created_at": int(now)}
        digest = _hash(key)
        stamped = self._stamp(digest, json.dumps(record))
        self._scripts.write("HSET", self._keys.api_keys, digest, stamped)
        return key

    def find(self, key: str) -> ApiKey | None:
        """Whose key it is; None for one that was never made or is revoked. Raises Unavailable."""
        digest = _hash(key)
        record = self._client.hget(self._keys.api_keys, digest)
        return self._unpack(digest, record) if record else None

    def all(self) -> list[ApiKey]:
        """Every key, oldest first. Raises Unavailable."""
        found = [key for key in self._read().values() if key]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    def count_unsigned(self) -> int:
        """Records that somebody else has written, and that open nothing. Raises Unavailable."""
        return sum(key is None for key in self._read().values())

    def sign_anew(self) -> None:
        """Signs all records of ours under the key that signs now. Raises Unavailable."""
        sign_anew(
            self._client,
            self._scripts,
            self._keys,
            "api_keys",
            signer=self._signer,
            place_of=self._place,
        )

    def revoke(self, name_or_id: str) -> list[ApiKey]:
        """Revokes the keys of this name or id, at once. Returns those that it found. Raises
        Unavailable."""
        found = {digest: key for digest, key in self._read().items() if key}
        gone = {digest: key for digest, key in found.items() if name_or_id in {key.name, key.id}}
        if gone:
            self._scripts.write("HDEL", self._keys.api_keys, *gone)
        return list(gone.values())

    def _read(self) -> dict[str, ApiKey | None]:
        records = self._client.hgetall(self._keys.api_keys)
        return {digest: self._unpack(digest, record) for digest, record in records.items()}

    def _place(self, digest: str) -> tuple[str, str, str]:
        return ("api key", self._board, digest)

    def _stamp(self, digest: str, record: str) -> str:
        return self._signer.stamp(record, *self._place(digest))

    def _unpack(self, digest: str, stamped: str) -> ApiKey | None:
        record = self._signer.read(stamped, *self._place(digest))
        if record is None:
            return None
        kept = json.loads(record)
        return ApiKey(
            id=digest[:_ID_LENGTH],
            name=kept["name"],
            scopes=frozenset(map(Scope, kept["scopes"])),
            created_at=kept["created_at"],
        )


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
