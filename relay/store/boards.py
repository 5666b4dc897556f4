"""The registry of boards: all but ``main``, which is made of the settings.

A record that we have not signed is none: a board names an account and its tokens (P9).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict

from relay.domain.board import Board
from relay.domain.errors import Unavailable
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys
from relay.store.scripts import Scripts
from relay.store.sign_anew import sign_anew

#: A copy is read again after so many seconds; for a name that is not in it, sooner.
_FRESH_FOR = 5.0
_MISSING_FOR = 1.0


class BoardRegistry:
    """Keeps a copy in the process. While the store is away, the last one read is good."""

    def __init__(
        self, client: Client, signer: Signer, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._signer = signer
        self._timer = timer
        self._scripts = Scripts(client)
        self._keys = DeploymentKeys()
        self._boards: dict[str, Board] | None = None
        self._looked_at = float("-inf")

    def find(self, name: str) -> Board | None:
        """Raises Unavailable when the registry has never been read here."""
        self._look(after=_FRESH_FOR)
        if name not in self._known():
            self._look(after=_MISSING_FOR)
        return self._known().get(name)

    def all(self) -> list[Board]:
        """Every board but ``main``, by name. Raises Unavailable as ``find`` does."""
        self._look(after=_FRESH_FOR)
        return sorted(self._known().values(), key=lambda board: board.name)

    def put(self, board: Board) -> bool:
        """True for a new one. Raises Unavailable."""
        is_new = bool(
            self._scripts.write("HSET", self._keys.boards, board.name, self._stamped(board))
        )
        self._looked_at = float("-inf")
        return is_new

    def replace(self, known: Board, board: Board) -> None:
        """Puts one in the place of another, if that one is still on record. Raises Unavailable."""
        seen = self._client.hget(self._keys.boards, known.name)
        if seen is not None and self._unpack(known.name, seen) == known:
            self._scripts.run(
                "replace_stamped",
                self._keys,
                hash_name="boards",
                field=known.name,
                seen=seen,
                record=self._stamped(board),
            )
            self._looked_at = float("-inf")

    def _stamped(self, board: Board) -> str:
        return self._signer.stamp(json.dumps(asdict(board)), *_place(board.name))

    def _known(self) -> dict[str, Board]:
        if self._boards is None:
            raise Unavailable("The boards are not known yet.")
        return self._boards

    def _look(self, *, after: float) -> None:
        if self._timer() < self._looked_at + after:
            return
        # Also after a failure: a store that is away must not keep every request waiting.
        self._looked_at = self._timer()
        try:
            records = self._client.hgetall(self._keys.boards)
        except Unavailable:
            return
        boards = {name: self._unpack(name, record) for name, record in records.items()}
        self._boards = {name: board for name, board in boards.items() if board}

    def count_unsigned(self) -> int:
        """Records that somebody else has written. Raises Unavailable."""
        records = self._client.hgetall(self._keys.boards)
        return sum(self._unpack(name, record) is None for name, record in records.items())

    def sign_anew(self) -> None:
        """Signs all records of ours under the key that signs now. Raises Unavailable."""
        sign_anew(
            self._client,
            self._scripts,
            self._keys,
            "boards",
            signer=self._signer,
            place_of=_place,
        )

    def _unpack(self, name: str, stamped: str) -> Board | None:
        record = self._signer.read(stamped, *_place(name))
        return _board(record) if record is not None else None


def _place(name: str) -> tuple[str, str]:
    return ("board", name)


def _board(record: str) -> Board:
    kept = json.loads(record)
    lists = {name: tuple(kept[name]) for name in ("sealed_tokens", "messaging_services")}
    return Board(**{**kept, **lists})
