"""Signatures on what grants something and is kept in Redis, which must not be believed (P9).

Whoever can write to Redis cannot make one: the keys are derived from ``RELAY_INDEX_KEYS``. The
first key signs, all of them verify, so that they rotate with the ring.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from config.key_rings import KeyRing

_SIGNATURE_BYTES = 16  # 128 bits: nobody guesses one


class Signer:
    """Signs lists of texts. The first text names the kind of thing that is signed, so that no
    signature holds for anything else."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys = tuple(hmac.digest(key, b"relay signing", sha256) for _, key in ring.keys)

    def sign(self, *texts: str) -> str:
        """22 letters, digits, ``-`` and ``_``."""
        return _signature(self._keys[0], texts)

    def is_genuine(self, signature: str, *texts: str) -> bool:
        """Whether we have signed these texts, under any key of the ring."""
        return any(
            hmac.compare_digest(signature.encode(), _signature(key, texts).encode())
            for key in self._keys
        )

    def secrets_of(self, *texts: str) -> list[bytes]:
        """32 bytes that belong to these texts, and that nobody else can make, for each key of the
        ring; the one that signs now is the first."""
        return [hmac.digest(key, _message(texts), sha256) for key in self._keys]

    def stamp(self, text: str, *place: str) -> str:
        """The text with its signature before it, for this place and no other."""
        return f"{self.sign(*place, text)} {text}"

    def read(self, stamped: str, *place: str) -> str | None:
        """The text of what was stamped for this place; None when we have not."""
        signature, _, text = stamped.partition(" ")
        return text if self.is_genuine(signature, *place, text) else None

    def stamp_anew(self, stamped: str, *place: str) -> str:
        """The same under the key that signs now; as it is, where it was not stamped for this place,
        or is empty."""
        text = self.read(stamped, *place) if stamped else None
        return stamped if text is None else self.stamp(text, *place)


def _signature(key: bytes, texts: tuple[str, ...]) -> str:
    digest = hmac.digest(key, _message(texts), sha256)[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _message(texts: tuple[str, ...]) -> bytes:
    # With all lengths in front, so that no two lists are one message.
    return f"{[*map(len, texts)]}{''.join(texts)}".encode()
