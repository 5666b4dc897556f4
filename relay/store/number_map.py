"""The map of numbers: which board and pool each virtual number of the deployment is in."""

from __future__ import annotations

from contextlib import suppress

from relay.domain.board import NumberPlace
from relay.domain.errors import Unavailable
from relay.domain.spelling import line_of
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys
from relay.store.scripts import Scripts
from relay.store.sign_anew import sign_anew


class NumberMap:
    """Keeps a copy in the process, and reads the whole map again when its version has changed: to
    ask Redis for one number would send it what may be a person's phone (P2). A copy may be stale
    where a number has moved; the scripts check that a number is in the pool.

    An entry that we have not signed is none (P9). All raise Unavailable, unless they say otherwise.
    """

    def __init__(self, client: Client, signer: Signer) -> None:
        self._client = client
        self._signer = signer
        self._scripts = Scripts(client)
        self._keys = DeploymentKeys()
        self._keep({}, "")

    def find(self, number: str) -> NumberPlace | None:
        """Where a virtual number belongs; None when it is none of any board's."""
        return self._places.get(number) or self.look_again(number)

    def is_line_of_ours(self, phone: str) -> bool:
        """Whether a phone is one of any board's virtual numbers, however either is spelled."""
        line = line_of(phone)
        if line not in self._lines:
            self.look_again(phone)
        return line in self._lines

    def look_again(self, number: str) -> NumberPlace | None:
        """The same as ``find``, by what the map says now."""
        if (self._client.get(self._keys.numbers_version) or "") != self._version:
            self.learn()
        return self._places.get(number)

    def look_again_if_possible(self, number: str) -> None:
        """Raises nothing: while the store is away, what is known stays."""
        with suppress(Unavailable):
            self.look_again(number)

    def learn(self) -> None:
        """Reads the whole map. After this, calls to known numbers do not need the master that has
        it."""
        # In this order: what is entered in between changes the version once more.
        version = self._client.get(self._keys.numbers_version) or ""
        entries = self._client.hgetall(self._keys.numbers)
        places = {number: self._unpack(number, entry) for number, entry in entries.items()}
        self._keep({number: place for number, place in places.items() if place}, version)

    def is_known(self, number: str) -> bool:
        """Whether it is one of ours, as far as this process knows. Asks nobody."""
        return number in self._places

    def enter(self, number: str, place: NumberPlace) -> NumberPlace:
        """Enters the number unless it is somewhere. Returns where it is now."""
        found = self._client.hget(self._keys.numbers, number) or ""
        entry, version = self._scripts.run(
            "enter_number",
            self._keys,
            number=number,
            entry=self._pack(number, place),
            instead_of="" if self._unpack(number, found) else found,
        )
        there = self._unpack(number, entry) or place
        self._follow(version, {**self._places, number: there})
        return there

    def strike_off(self, number: str, place: NumberPlace) -> None:
        """Takes the entry away where the number is in this place, and in no other."""
        version = self._scripts.run("strike_off", self._keys, number=number, place=_words(place))
        rest = {other: where for other, where in self._places.items() if other != number}
        self._follow(version, rest)

    def _follow(self, version: str, places: dict[str, NumberPlace]) -> None:
        """After a change of ours: reads the map again only where others have changed it, too."""
        if int(version or 0) == int(self._version or 0) + 1:
            self._keep(places, version)
        else:
            self.look_again("")

    def _keep(self, places: dict[str, NumberPlace], version: str) -> None:
        self._places, self._version = places, version
        self._lines = {line_of(number) for number in places}

    def count_unsigned(self) -> int:
        """Entries that somebody else has written."""
        entries = self._client.hgetall(self._keys.numbers)
        return sum(self._unpack(number, entry) is None for number, entry in entries.items())

    def sign_anew(self) -> None:
        """Signs all entries of ours under the key that signs now."""
        sign_anew(
            self._client,
            self._scripts,
            self._keys,
            "numbers",
            signer=self._signer,
            place_of=_place,
        )

    def _pack(self, number: str, place: NumberPlace) -> str:
        return self._signer.stamp(_words(place), *_place(number))

    def _unpack(self, number: str, entry: str) -> NumberPlace | None:
        written = self._signer.read(entry, *_place(number))
        if written is None:
            return None
        board, _, pool = written.partition("/")
        return NumberPlace(board, pool)


def _place(number: str) -> tuple[str, str]:
    return ("number", number)


def _words(place: NumberPlace) -> str:
    return f"{place.board}/{place.pool}"
