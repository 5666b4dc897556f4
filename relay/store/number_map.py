"""The map of numbers: which board and pool each virtual number of the deployment is in."""

from __future__ import annotations

import time
from contextlib import suppress

from relay.domain.board import NumberPlace
from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys
from relay.store.scripts import Scripts

#: A number nobody knows is looked up again at most this often, in seconds.
_UNKNOWN_FOR = 1.0
#: The whole map is read at most this often, in seconds.
_LEARN_AGAIN_AFTER = 10.0


class NumberMap:
    """Keeps a copy in the process, which may be stale: the scripts check that a number is in the
    pool, and ``forget`` makes the next look-up read it again. All raise Unavailable, unless
    they say otherwise."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._key = DeploymentKeys().numbers
        self._places: dict[str, NumberPlace] = {}
        self._unknown: dict[str, float] = {}
        self._learned_at = float("-inf")
        self._looked_again_at: dict[str, float] = {}

    def find(self, number: str) -> NumberPlace | None:
        """Where a virtual number belongs; None when it is none of any board's."""
        place = self._places.get(number)
        if place is None and self._unknown.get(number, 0.0) < time.monotonic():
            place = self._read(number)
            if place is None:
                self._unknown = {number: time.monotonic() + _UNKNOWN_FOR}
            else:
                self._places[number] = place
                self._learn_now_and_then()
        return place

    def look_again(self, number: str) -> None:
        """Reads the place of a known number again, at most once a second each, because unsigned
        requests cause it. While the store is away, what is known stays. Raises nothing."""
        now = time.monotonic()
        last = self._looked_again_at.get(number, float("-inf"))
        if number not in self._places or now - last < _UNKNOWN_FOR:
            return
        self._looked_again_at[number] = now
        with suppress(Unavailable):
            place = self._read(number)
            self.forget(number)
            if place is not None:
                self._places[number] = place

    def learn(self) -> None:
        """Reads the whole map. After this, calls to known numbers do not need the master that has
        it."""
        self._learned_at = time.monotonic()
        written = self._client.hgetall(self._key)
        self._places = {number: _unpack(text) for number, text in written.items()}

    def _learn_now_and_then(self) -> None:
        """If one number is new to us, others probably are, too."""
        if time.monotonic() - self._learned_at > _LEARN_AGAIN_AFTER:
            self.learn()

    def forget(self, number: str) -> None:
        self._places.pop(number, None)
        self._unknown.pop(number, None)

    def enter(self, number: str, place: NumberPlace) -> NumberPlace:
        """Enters the number unless it is somewhere. Returns where it is now."""
        self._client.hsetnx(self._key, number, _pack(place))
        return self._read(number) or place

    def strike_off(self, number: str, place: NumberPlace) -> None:
        """Takes the entry away where the number is in this place, and in no other."""
        self._scripts.run("strike_off", DeploymentKeys(), number=number, place=_pack(place))
        self.forget(number)

    def _read(self, number: str) -> NumberPlace | None:
        written = self._client.hget(self._key, number)
        return _unpack(written) if written else None


def _pack(place: NumberPlace) -> str:
    return f"{place.board}/{place.pool}"


def _unpack(written: str) -> NumberPlace:
    board, _, pool = written.partition("/")
    return NumberPlace(board, pool)
