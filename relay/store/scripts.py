"""Lua scripts: one file each in ``lua/``; what several need stands once in ``lua/shared/``.

A script names the shared parts it needs in its header (``-- uses: session``); they are put in
front of it, since Redis lets no script load another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError

from relay.domain.errors import Unavailable
from relay.store.connection import Client

LUA = Path(__file__).parent / "lua"
#: Milliseconds that replicas have; less than the client waits for an answer (``connection.py``).
_PATIENCE = 400
_USES = re.compile(r"^-- uses: (.+)$", re.MULTILINE)


@cache
def source(name: str) -> str:
    """The text of a script with its shared parts in front."""
    text = (LUA / f"{name}.lua").read_text()
    uses = _USES.search(text)
    parts = [part.strip() for part in uses.group(1).split(",")] if uses else []
    return "\n".join([*((LUA / "shared" / f"{part}.lua").read_text() for part in parts), text])


@cache
def _sha(name: str) -> str:
    """By which Redis knows a script that it has seen."""
    return hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest()


class Scripts:
    """Runs scripts on one client; with replicas, a write is acknowledged when they have it."""

    def __init__(self, client: Client, *, replicas: int = 0) -> None:
        self._client = client
        self._replicas = replicas

    def run(self, name: str, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """One round trip: the script by its hash, and its text once when Redis lacks it."""
        try:
            return self._client.evalsha(_sha(name), len(keys), *keys, *args)
        except NoScriptError:
            return self._client.eval(source(name), len(keys), *keys, *args)

    def run_durably(self, name: str, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """As ``run``, and waits for ``STORE_REPLICAS`` replicas before it returns.

        Raises Unavailable when too few of them have it in time: the write stands on the master,
        and the same request may be sent again.
        """
        if not self._replicas:
            return self.run(name, keys, args)
        text = source(name)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.eval(text, len(keys), *keys, *args)
            pipe.wait(self._replicas, _PATIENCE)
            answer, reached = pipe.execute()
        if reached < self._replicas:
            raise Unavailable("Too few replicas of the store answered.")
        return answer
