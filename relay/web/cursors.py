"""Where a list goes on, as an opaque ``next_cursor``.

A cursor carries a keyed hash: one that we did not make is refused, so that nobody asks the store
for positions that do not exist.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from relay.domain.errors import Fault, Invalid
from relay.web.current import deployment

Place = TypeVar("Place")


class Cursors(Generic[Place]):
    """Turns the positions of one kind of list into text and back."""

    def __init__(self, kind: str, position: TypeAdapter[Place]) -> None:
        self._kind = kind
        self._place = position

    def write(self, position: Place | None) -> str | None:
        if position is None:
            return None
        text = self._place.dump_json(position)
        return f"{base64.urlsafe_b64encode(text).rstrip(b'=').decode()}.{self._hash(text)}"

    def read(self, cursor: str) -> Place | None:
        """None for an empty one, which begins the list. Raises Invalid."""
        if not cursor:
            return None
        encoded, _, shown_hash = cursor.partition(".")
        try:
            text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            text = b""
        if not hmac.compare_digest(self._hash(text).encode(), shown_hash.encode()):
            fault = Fault("/cursor", "the next_cursor of a page of this list")
            raise Invalid("Not a cursor of this list.", (fault,))
        return self._place.validate_json(text)

    def _hash(self, text: bytes) -> str:
        return deployment().vault.keyed_hash(b"cursor:" + self._kind.encode() + b":" + text)
