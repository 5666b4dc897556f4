"""The keys of tests that need any, the same in every run."""

from __future__ import annotations

import zlib
from typing import Any

from config.key_rings import KeyRing
from relay.domain.board import NumberPlace
from relay.signing import Signer
from relay.store.number_map import NumberMap

RING = KeyRing((("k1", bytes(range(32))),))
SIGNER = Signer(RING)
NEXT_RING = KeyRing((("k2", bytes(reversed(range(32)))), *RING.keys))
#: Signs under the next key, and reads what SIGNER has signed.
NEXT_SIGNER = Signer(NEXT_RING)
#: When the key of SIGNER has gone.
LAST_SIGNER = Signer(KeyRing(NEXT_RING.keys[:1]))


def move_number(client: Any, number: str, board: str, pool: str, signer: Signer = SIGNER) -> None:
    """Another process puts the number on the map, or moves it there."""
    others = NumberMap(client, signer)
    before = others.find(number)
    if before:
        others.strike_off(number, before)
    others.enter(number, NumberPlace(board, pool))


def marks_of(sid: str) -> tuple[int, ...]:
    """In place of a vault's."""
    return (zlib.crc32(sid.encode()),)
