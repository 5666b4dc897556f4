"""Sealing and finding real numbers: AES-256-GCM-SIV to keep them, HMAC-SHA-256 to find them.

Both work under key rings (``config/key_rings.py``), so that keys rotate. A seal is bound to whom or
what it is of: moved to another place in Redis, it cannot be opened. The mode forgives a nonce that
is used twice (RFC 8452), and a nonce never comes from what is stored.
"""

from __future__ import annotations

import base64
import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from config.key_rings import KeyRing
from relay.domain.participant import LONGEST_EXTENSION, Role
from relay.domain.phone import PhoneNumber
from relay.domain.spelling import line_of
from relay.signing import Signer

_NONCE_BYTES = 12
_NUMBER_BYTES = 8
_INDEX_BYTES = 16  # 128 bits of a keyed hash: 22 characters in a key, no collision to fear


class Unreadable(Exception):
    """Sealed under a key that is not in the ring, damaged, or sealed for another place."""


class Vault:
    """Seals and indexes; the only place where a real number turns into something storable.
    ``signer`` signs under the same environment."""

    def __init__(self, sealing: KeyRing, indexing: KeyRing) -> None:
        self.sealing_key_ids = sealing.ids
        self._sealing_id = sealing.ids[0]
        self._ciphers = {key_id: AESGCMSIV(key) for key_id, key in sealing.keys}
        self._index_keys = tuple(key for _, key in indexing.keys)
        self.index_key_ids = indexing.ids
        self.signer = Signer(indexing)

    def indexes_of(self, phone: str) -> tuple[str, ...]:
        """Keyed hashes of a number under every index key, the writing key's first; the same for all
        spellings of one line."""
        message = b"phone:" + line_of(phone).encode()
        return tuple(self._hash(key, message) for key in self._index_keys)

    def keyed_hash(self, data: bytes) -> str:
        """A keyed hash of anything else we must recognise and not keep (a request body)."""
        return self._hash(self._index_keys[0], b"data:" + data)

    def marks_of(self, sid: str) -> tuple[int, ...]:
        """Eight bytes of a keyed hash of a carrier's sid, under every index key."""
        digests = (hmac.digest(key, b"sid:" + sid.encode(), sha256) for key in self._index_keys)
        return tuple(int.from_bytes(digest[:8], "big") >> 1 for digest in digests)

    @staticmethod
    def _hash(key: bytes, message: bytes) -> str:
        digest = hmac.digest(key, message, sha256)[:_INDEX_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def seal_phone(self, phone: PhoneNumber, *, board: str, role: Role, ref: str) -> str:
        """The number as it is kept, sealed to its owner; another text each time."""
        return self._seal(_pack(phone), "phone", board, role, ref)

    def unseal_phone(self, sealed: str, *, board: str, role: Role, ref: str) -> PhoneNumber:
        """The real number again. Raises Unreadable."""
        return _unpack(self._unseal(sealed, "phone", board, role, ref))

    def is_current(self, sealed: str) -> bool:
        """Whether it is sealed under the key that seals now."""
        return sealed.startswith(f"{self._sealing_id}:")

    def seal_text(
        self, text: str, *, board: str, message_id: str, session: str, reader: Role
    ) -> str:
        """A message body, sealed to its message, and to the side of a session that may read it."""
        return self._seal(text.encode(), "text", board, message_id, session, reader)

    def unseal_text(
        self, sealed: str, *, board: str, message_id: str, session: str, reader: Role
    ) -> str:
        """Raises Unreadable."""
        return self._unseal(sealed, "text", board, message_id, session, reader).decode()

    def seal_token(self, token: str, *, board: str) -> str:
        """An auth token of a board's carrier account, sealed to the board."""
        return self._seal(token.encode(), "token", board)

    def unseal_token(self, sealed: str, *, board: str) -> str:
        """Raises Unreadable."""
        return self._unseal(sealed, "token", board).decode()

    def seal_key_secret(self, secret: str, *, board: str, key_sid: str) -> str:
        """The secret of an API key of a board's carrier account, sealed to board and key."""
        return self._seal(secret.encode(), "key secret", board, key_sid)

    def unseal_key_secret(self, sealed: str, *, board: str, key_sid: str) -> str:
        """Raises Unreadable."""
        return self._unseal(sealed, "key secret", board, key_sid).decode()

    def _seal(self, plain: bytes, *place: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._ciphers[self._sealing_id]
        sealed = nonce + cipher.encrypt(nonce, plain, _bound_to(place))
        return f"{self._sealing_id}:{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def _unseal(self, sealed: str, *place: str) -> bytes:
        key_id, _, encoded = sealed.partition(":")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Unreadable("sealed under a key that is not in RELAY_SEALING_KEYS")
        try:
            raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound_to(place))
        except (InvalidTag, ValueError) as error:
            raise Unreadable("damaged, or sealed for another place") from error


def _bound_to(place: tuple[str, ...]) -> bytes:
    """Additional data. Names, refs and ids hold no colon."""
    return ":".join(place).encode()


def _pack(phone: PhoneNumber) -> bytes:
    """Eight bytes for every number, so that the length tells nothing about the country, and as many
    more for every extension as the longest one needs."""
    number = int(phone.reveal()[1:]).to_bytes(_NUMBER_BYTES, "big")
    extension = phone.extension.encode()
    return number + extension.ljust(LONGEST_EXTENSION, b"\0") if extension else number


def _unpack(plain: bytes) -> PhoneNumber:
    number = int.from_bytes(plain[:_NUMBER_BYTES], "big")
    return PhoneNumber(f"+{number}", plain[_NUMBER_BYTES:].rstrip(b"\0").decode())
