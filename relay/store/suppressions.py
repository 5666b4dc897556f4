"""Who has stopped texts: by STOP until START, for one virtual number or the whole service.

Kept apart from sessions, pools and numbers, which it outlives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: The scope of a STOP when our numbers are in a messaging service: all of them (FACTS 2.4).
SERVICE = "service"
_STOPPED = "stopped"
_STARTED = "started"
#: Webhooks come twice and late: so many words of a person are known again.
_CAUSES = 8
#: Seconds for which the START of somebody who never stopped is remembered: longer than any STOP
#: from before it can take to be fetched from the carrier's list.
START_ALONE_FOR = 30 * 24 * 3600


def _says_stopped(words: Sequence[str | None]) -> bool:
    return any(word is not None and word.startswith(_STOPPED) for word in words)


def _numbers_stopped(words: Mapping[str, str]) -> Iterator[str]:
    return (scope for scope, word in words.items() if scope != SERVICE and _says_stopped([word]))


class Suppressions:
    """A phone is known by its indexes, one for each index key. Raises Unavailable."""

    def __init__(self, client: Client, keys: BoardKeys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def stop(self, indexes: Sequence[str], scope: str, *, since: float, cause: str) -> bool:
        """Stops texts to the phone from ``scope``, a virtual number or SERVICE.

        True when this message (``cause``) is what stopped them, however often it comes.
        """
        return self._record(_STOPPED, indexes, [scope], since, cause)

    def resume(self, indexes: Sequence[str], number: str, *, since: float, cause: str) -> bool:
        """Undoes every STOP that keeps ``number`` from texting the phone. True when this message
        is what undid one, however often it comes."""
        return self._record(_STARTED, indexes, [number, SERVICE], since, cause)

    def is_stopped(self, indexes: Sequence[str], number: str) -> bool:
        """Whether the phone gets no texts from this number."""
        return self.are_stopped([(indexes, number)])[0]

    def are_stopped(self, questions: Sequence[tuple[Sequence[str], str]]) -> list[bool]:
        """For each (indexes, number), whether any of the indexes gets no texts from the number."""
        with self._client.pipeline(transaction=False) as pipe:
            for indexes, number in questions:
                for index in indexes:
                    pipe.hmget(self._keys.stopped(index), [number, SERVICE])
            words = pipe.execute()
        answers = iter(map(_says_stopped, words))
        return [True in [next(answers) for _ in indexes] for indexes, _ in questions]

    def stopped_numbers(self, indexes: Sequence[str]) -> set[str]:
        """The virtual numbers whose texts the phone has stopped, each by itself."""
        return self.stopped_by_each([indexes])[0]

    def stopped_by_each(self, phones: Sequence[Sequence[str]]) -> list[set[str]]:
        """The same for each of several phones (its indexes)."""
        with self._client.pipeline(transaction=False) as pipe:
            for indexes in phones:
                for index in indexes:
                    pipe.hgetall(self._keys.stopped(index))
            words = iter(pipe.execute())
        return [
            {number for _ in indexes for number in _numbers_stopped(next(words))}
            for indexes in phones
        ]

    def carry_over(self, indexes: Sequence[str]) -> None:
        """Makes the last word known by one index known by all: to be called for a phone while index
        keys rotate, or a STOP would be lost with the key it was written under."""
        if len(indexes) > 1:
            self._scripts.run_positional(
                "carry_stops_over", [self._keys.stopped(i) for i in indexes], []
            )

    def _record(
        self, word: str, indexes: Sequence[str], scopes: list[str], since: float, cause: str
    ) -> bool:
        return bool(
            self._scripts.run_positional(
                "record_opt_out",
                [self._keys.stopped(index) for index in indexes],
                [word, f"{since:.3f}", cause, _CAUSES, START_ALONE_FOR, *scopes],
            )
        )
