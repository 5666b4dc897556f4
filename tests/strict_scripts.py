"""Runs each script as a Redis user who may touch its declared keys and nothing else.

A Redis Cluster needs every key in KEYS; a single server does not notice one that is missing. This
does: the server itself refuses it (NOPERM).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from relay.store.key_declarations import Keys
from relay.store.scripts import Scripts, Value
from relay.store.store import Store
from tests.key_ring import SIGNER

_USER = "strict"


class StrictScripts(Scripts):
    def __init__(self, client: redis.Redis) -> None:
        super().__init__(client)
        self._admin = client
        options = {**client.connection_pool.connection_kwargs, "username": _USER, "password": "x"}
        self._user: redis.Redis | None = None
        self._options = {k: options[k] for k in ("host", "port", "username", "password")}
        #: The names of the scripts that have run.
        self.ran: set[str] = set()

    def run(self, name: str, keys: Keys, /, *, durably: bool = True, **args: Value) -> Any:
        self.ran.add(name)
        return super().run(name, keys, durably=durably, **args)

    def send(
        self,
        text: str,
        sha: str,
        keys: Sequence[str],
        args: Sequence[Any],
        *,
        durably: bool,
    ) -> Any:
        return self.run_text(text, keys, args)

    def run_text(self, text: str, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        slots = {key[: key.index("}")] for key in keys}
        assert len(slots) == 1, f"keys of several slots: {sorted(keys)}"
        patterns = [f"~{key}" for key in keys]
        self._admin.execute_command(
            "ACL", "SETUSER", _USER, "reset", "on", ">x", "+@all", *patterns
        )
        if self._user is None:
            self._user = redis.Redis(**self._options, decode_responses=True)
        return self._user.eval(text, len(keys), *keys, *args)


def run_strictly(records: Any, scripts: StrictScripts) -> None:
    """From now on the records' scripts, and those of their parts, are run by these."""
    for part in (records, *vars(records).values()):
        if hasattr(part, "_scripts"):
            part._scripts = scripts


def strict_store(client: redis.Redis, scripts: StrictScripts) -> Store:
    """A store on a real Redis whose every script runs strictly."""
    store = Store(client, SIGNER)
    for records in (*vars(store).values(), store.resealing):
        run_strictly(records, scripts)
    return store
