"""The latest rewriting of the files of Redis, for all boards."""

from __future__ import annotations

import json
from dataclasses import asdict

from relay.domain.erasure import Progress, Rewriting
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


class Rewritings:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = DeploymentKeys().rewriting

    def latest(self) -> Rewriting | None:
        """None before the first, and when what is noted cannot be read: then one begins anew."""
        noted = self._client.get(self._key)
        try:
            fields = json.loads(noted or "")
            servers = {name: Progress(word) for name, word in fields["servers"].items()}
            return Rewriting(float(fields["began_at"]), dict(fields["covers"]), servers)
        except (ValueError, TypeError, LookupError, AttributeError):
            return None

    def note(self, rewriting: Rewriting) -> None:
        self._client.set(self._key, json.dumps(asdict(rewriting)))
