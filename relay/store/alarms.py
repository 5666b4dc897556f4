"""Alarms: how often something in Redis was not to be believed (P9), for all processes together."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum

from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys


class Alarm(StrEnum):
    """What was not to be believed."""

    JOB = "job"
    SESSION = "session"
    SEAL = "seal"
    CALLER = "caller"
    NUMBER = "number"
    WORDS = "words"
    CODE = "code"


class Alarms:
    """A worker's metrics are read by nobody, so they are counted in the store."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._key = DeploymentKeys().alarms

    def count(self, alarm: Alarm) -> None:
        """Raises nothing: whoever counts has logged it, too."""
        with suppress(Unavailable):
            self._client.hincrby(self._key, alarm, 1)

    def counts(self) -> dict[Alarm, int]:
        """Raises Unavailable."""
        counted = self._client.hgetall(self._key)
        return {alarm: whole_count(counted.get(alarm, "")) for alarm in Alarm}


def whole_count(count: str) -> int:
    """What somebody else may have written there must not take the metrics away."""
    return int(count) if count.isdecimal() else 0
