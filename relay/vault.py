"""Sealing and finding real numbers: AES-256-GCM to keep them, HMAC-SHA-256 to find them.

Both work under key rings (``config/key_rings.py``), so that keys rotate.
"""

from __future__ import annotations

import base64
import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config.key_rings import KeyRing
from relay.domain.phone import PhoneNumber

_NONCE_BYTES = 12
_INDEX_BYTES = 16  # 128 bits of a keyed hash: 22 characters in a key, no collision to fear
_PHONE = b"phone"


class Unreadable(Exception):
    """Sealed under a key that is not in the ring, or damaged."""


class Vault:
    """Seals and indexes; the only place where a real number turns into something storable."""

    def __init__(self, sealing: KeyRing, indexing: KeyRing) -> None:
        self._sealing_id = sealing.keys[0][0]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in sealing.keys}
        self._index_keys = tuple(key for _, key in indexing.keys)
        self.index_key_ids = indexing.ids

    def indexes_of(self, phone: str) -> tuple[str, ...]:
        """Keyed hashes of a number under every index key, the writing key's first."""
        message = b"phone:" + phone.encode()
        return tuple(self._hash(key, message) for key in self._index_keys)

    def keyed_hash(self, data: bytes) -> str:
        """A keyed hash of anything else we must recognise and not keep (a request body)."""
        return self._hash(self._index_keys[0], b"data:" + data)

    @staticmethod
    def _hash(key: bytes, message: bytes) -> str:
        digest = hmac.digest(key, message, sha256)[:_INDEX_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def seal_phone(self, phone: PhoneNumber) -> str:
        """The number as it is kept; another text each time."""
        # Eight bytes for every number, so that the length tells nothing about the country.
        return self._seal(int(phone.reveal()[1:]).to_bytes(8, "big"), _PHONE)

    def is_current(self, sealed: str) -> bool:
        """Whether it is sealed under the key that seals now."""
        return sealed.startswith(f"{self._sealing_id}:")

    def unseal_phone(self, sealed: str) -> PhoneNumber:
        """The real number again. Raises Unreadable."""
        return PhoneNumber(f"+{int.from_bytes(self._unseal(sealed, _PHONE), 'big')}")

    def seal_text(self, text: str, *, message_id: str) -> str:
        """A message body, sealed to its message: it can be unsealed under no other id."""
        return self._seal(text.encode(), b"text:" + message_id.encode())

    def unseal_text(self, sealed: str, *, message_id: str) -> str:
        """Raises Unreadable."""
        return self._unseal(sealed, b"text:" + message_id.encode()).decode()

    def seal_token(self, token: str, *, board: str) -> str:
        """An auth token of a board's carrier account, sealed to the board."""
        return self._seal(token.encode(), b"token:" + board.encode())

    def unseal_token(self, sealed: str, *, board: str) -> str:
        """Raises Unreadable."""
        return self._unseal(sealed, b"token:" + board.encode()).decode()

    def _seal(self, plain: bytes, purpose: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self._sealing_id].encrypt(nonce, plain, purpose)
        return f"{self._sealing_id}:{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def _unseal(self, sealed: str, purpose: bytes) -> bytes:
        key_id, _, encoded = sealed.partition(":")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Unreadable("sealed under a key that is not in RELAY_SEALING_KEYS")
        try:
            raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose)
        except (InvalidTag, ValueError) as error:
            raise Unreadable("damaged, or sealed for another purpose") from error
