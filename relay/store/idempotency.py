"""What requests with an ``Idempotency-Key`` were answered (``docs/api.md``)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from relay.domain.errors import Unavailable
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: Seconds.
LIFETIME = 24 * 3600
PATIENCE = 30


@dataclass(frozen=True)
class Begun:
    """This request may go on; ``token`` proves that it is the one."""

    token: str


@dataclass(frozen=True)
class Running:
    """Another one with the same key goes on; it is given up in ``seconds`` at the latest."""

    seconds: int


@dataclass(frozen=True)
class Reused:
    """The key was used with another body."""


@dataclass(frozen=True)
class Answered:
    """What the first request with this key and body was answered."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Planted:
    """An answer that is none of ours, by its name (``begin_request.lua``)."""

    name: str


class Idempotency:
    def __init__(self, client: Client, keys: BoardKeys, signer: Signer) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)
        self._signer = signer

    def begin(
        self, request_hash: str, body_hash: str, *, now: float
    ) -> Begun | Running | Reused | Answered:
        """``request_hash`` names API key, method, path and idempotency key; ``body_hash`` is a
        keyed hash, since a plain one of a phone number could be tried out. Raises Unavailable; also
        when somebody else writes answers again and again (P9)."""
        outcome = self._begin(request_hash, body_hash, now=now)
        if isinstance(outcome, _Planted):
            outcome = self._begin(request_hash, body_hash, now=now, disbelieved=outcome.name)
        if isinstance(outcome, _Planted):
            raise Unavailable("What was answered before is not to be believed.")
        return outcome

    def _begin(
        self, request_hash: str, body_hash: str, *, now: float, disbelieved: str = ""
    ) -> Begun | Running | Reused | Answered | _Planted:
        token = secrets.token_hex(16)
        answer = self._scripts.run(
            "begin_request",
            self._keys,
            request=request_hash,
            now=now,
            token=token,
            body_hash=body_hash,
            patience=PATIENCE,
            lifetime=LIFETIME,
            disbelieved=disbelieved,
        )
        match answer:
            case ["begin"]:
                return Begun(token)
            case ["running", seconds]:
                return Running(ceil(float(seconds)))
            case ["done", _, *kept, signature] if self._signer.is_genuine(
                signature or "", *self._signed(request_hash, body_hash, kept)
            ):
                status, headers, body = kept
                return Answered(int(status), body, json.loads(headers))
            case ["done", name, *_]:
                return _Planted(name)
            case _:
                return Reused()

    def keep(self, request_hash: str, body_hash: str, token: str, answer: Answered) -> None:
        """Raises Unavailable."""
        headers = json.dumps(dict(answer.headers))
        kept = (str(answer.status), headers, answer.body)
        self._scripts.run(
            "finish_request",
            self._keys,
            request=request_hash,
            token=token,
            status=answer.status,
            headers=headers,
            body=answer.body,
            signature=self._signer.sign(*self._signed(request_hash, body_hash, kept)),
        )

    def _signed(
        self, request_hash: str, body_hash: str, kept: Sequence[str | None]
    ) -> tuple[str, ...]:
        parts = (part or "" for part in kept)
        return ("answer", self._keys.board, request_hash, body_hash, *parts)

    def let_go(self, request_hash: str, token: str) -> None:
        """The request came to nothing that may be said again. Raises Unavailable."""
        self._scripts.run(
            "finish_request",
            self._keys,
            request=request_hash,
            token=token,
            status=None,
            headers="",
            body="",
            signature="",
        )
