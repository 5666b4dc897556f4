"""The key rings ``RELAY_SEALING_KEYS`` and ``RELAY_INDEX_KEYS``: the first key writes, all read.

To rotate, append the new key everywhere first, and only then move it to the front; otherwise a
process that does not know it yet could not find what the others wrote (``docs/rotation.md``).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class BadKeyRing(ValueError):
    """The setting is no key ring. The message names what is wrong, never the value."""


@dataclass(frozen=True)
class KeyRing:
    """``(id, 32-byte key)`` pairs, the writing one first. Never printed."""

    keys: tuple[tuple[str, bytes], ...]

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(key_id for key_id, _ in self.keys)})"

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(key_id for key_id, _ in self.keys)


def parse_key_ring(text: str, *, purpose: str) -> KeyRing:
    """A ring from ``id:base64,id:base64``; a bare secret in a key's place, as one-click deploys
    generate, becomes key ``k1`` by HKDF, whatever it looks like: some make up what could be a key.
    That it is a key that has lost its id shows ``doctor``, by the key check values. Raises
    BadKeyRing."""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if not entries:
        raise BadKeyRing("no key in it")
    keys = tuple(_parse_key(entry, purpose) for entry in entries)
    if len({key_id for key_id, _ in keys}) != len(keys):
        raise BadKeyRing("two keys have the same id; a secret without an id is k1")
    return KeyRing(keys)


def _parse_key(entry: str, purpose: str) -> tuple[str, bytes]:
    key_id, separator, encoded = entry.partition(":")
    if not separator:
        return "k1", _stretch(entry, purpose)
    if not key_id.isalnum() or len(key_id) > 8:
        raise BadKeyRing("each key is id:base64, with an id of 1 to 8 letters and digits")
    key = _decode(encoded)
    if key is None:
        raise BadKeyRing(f"key {key_id} is not {KEY_BYTES} bytes in base64")
    return key_id, key


def _decode(encoded: str) -> bytes | None:
    """The key; None where this is none."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def _stretch(secret: str, purpose: str) -> bytes:
    if len(secret) < 16:
        raise BadKeyRing("a bare secret needs at least 16 characters")
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"relay {purpose}".encode())
    return hkdf.derive(secret.encode())
