"""How far the list of inbound texts was gone through, by carrier account."""

from __future__ import annotations

from relay.domain.fetching import ListPlace, Look
from relay.domain.policy import DAY
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys

#: Seconds: longer than a text may be looked back for.
TRIES_KEPT = 2 * DAY


class Fetched:
    """Times are POSIX seconds; every method raises Unavailable."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._keys = DeploymentKeys()

    def until(self, account: str) -> float | None:
        """Everything that came in before then was taken on."""
        text = self._client.get(self._keys.fetched(account))
        return float(text) if text else None

    def note_until(self, account: str, until: float) -> None:
        self._client.set(self._keys.fetched(account), f"{until:.3f}")

    def first_tried(self, sid: str, *, now: float) -> float:
        """When a text that cannot be taken on was tried first; now, if it was not before."""
        key = self._keys.tried(sid)
        self._client.set(key, f"{now:.3f}", nx=True, ex=TRIES_KEPT)
        return float(self._client.get(key) or now)

    def unfinished(self, account: str) -> Look | None:
        record = self._client.hgetall(self._keys.fetching(account))
        if not record:
            return None
        return Look(
            began_at=float(record["began_at"]),
            since=float(record["since"]),
            place=ListPlace(int(record["page"]), record["token"]),
            is_to_be_repeated=record["again"] == "1",
        )

    def note_unfinished(self, account: str, look: Look, place: ListPlace) -> None:
        self._client.hset(
            self._keys.fetching(account),
            mapping={
                "began_at": f"{look.began_at:.3f}",
                "since": f"{look.since:.3f}",
                "page": place.page,
                "token": place.token,
                "again": "1" if look.is_to_be_repeated else "",
            },
        )

    def forget_unfinished(self, account: str) -> None:
        self._client.delete(self._keys.fetching(account))
