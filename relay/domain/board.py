"""A job board or brand: the unit of isolation. Everything of one board is in one slot of Redis."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BOARD_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
#: The board that a deployment serves without saying so, made of its settings.
MAIN = "main"


@dataclass(frozen=True, kw_only=True)
class Board:
    """What is on record of a board.

    ``account_sid``, its sealed auth tokens and its carrier key with a sealed secret, if it has one,
    are of its own carrier account; without one it uses the deployment's. ``requests_per_minute`` is
    the limit of each of its API keys; None: the deployment's. ``messaging_services`` are sids: the
    first one with room takes a new number.
    """

    name: str
    spoken_name: str
    default_locale: str = "en"
    requests_per_minute: int | None = None
    account_sid: str = ""
    sealed_tokens: tuple[str, ...] = field(default=(), repr=False)
    carrier_key_sid: str = ""
    sealed_key_secret: str = field(default="", repr=False)
    messaging_services: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CarrierKey:
    """An API key of an account at the carrier: it opens the carrier's API, and signs no webhook."""

    sid: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class CarrierAccount:
    """An account at the carrier, with an API key, an auth token or both.

    The carrier may sign its webhooks with any of the tokens: during a rotation there are two. A
    process that answers no webhook can do without them.
    """

    sid: str
    tokens: tuple[str, ...] = field(default=(), repr=False)
    key: CarrierKey | None = None

    @property
    def credentials(self) -> tuple[str, str]:
        """User and password of our requests: the key, or for want of one the first token."""
        return (self.key.sid, self.key.secret) if self.key else (self.sid, self.tokens[0])


@dataclass(frozen=True, order=True)
class NumberPlace:
    """Where a virtual number belongs."""

    board: str
    pool: str
