"""Who has stopped texts, by STOP until START: those of a virtual number or of a messaging service.

Kept apart from sessions, pools and numbers, which it outlives. A messaging service may serve
several boards: a STOP to it belongs to the deployment, and holds for all of them (TW-stop).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from relay.domain.opt_out import Suppression
from relay.domain.participant import Participant, Role
from relay.domain.session import Session
from relay.store.connection import Client
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.number_map import NumberMap
from relay.store.scripts import Scripts

_STOPPED = "stopped"
#: Said to the number that a session had before: the carrier knows nothing of it.
_CARRIED = "stopped_before"
_STARTED = "started"
#: By an operator, while the carrier may keep its own block.
_LIFTED = "lifted"
#: Webhooks come twice and late: so many words of a person are known again.
_CAUSES = 8
#: Seconds for which the START of somebody who never stopped is remembered: longer than any STOP
#: from before it can take to be fetched from the carrier's list.
START_ALONE_FOR = 30 * 24 * 3600


def _says_stopped(word: str | None) -> bool:
    return word is not None and word.startswith(_STOPPED)


def _may_be_blocked(word: str) -> bool:
    return word.startswith((_STOPPED, _LIFTED))


def _was_stopped_since(moment: str | None, word: str | None) -> bool:
    return (
        moment is not None
        and word is not None
        and _says_stopped(word)
        and _said_at(word) >= float(moment)
    )


def _said_at(word: str) -> float:
    return _moment(word, 1)


def _known_at(word: str) -> float:
    """When it was said, or the carrier last refused a text because of it; infinite where it knows
    nothing of it."""
    if word.startswith(_CARRIED):
        return math.inf
    return max(_said_at(word), _moment(word, 3))


def _moment(word: str, place: int) -> float:
    """0 for none, and for what somebody else has written there."""
    try:
        return float(word.split(" ")[place])
    except (IndexError, ValueError):
        return 0.0


class _Scope(NamedTuple):
    """Where a STOP holds: under a virtual number in the board's keys, or under a messaging service
    in the deployment's."""

    keys: BoardKeys | DeploymentKeys
    field: str


class Block(NamedTuple):
    """``stopped_at``: when a phone stopped the texts from a number, or the carrier last said so;
    None when it gets them. ``may_be_at_carrier``: also where an operator has lifted a STOP since,
    and no text has been taken yet."""

    stopped_at: float | None
    may_be_at_carrier: bool


class Suppressions:
    """A phone is known by its indexes, one for each index key. ``services`` are the sids of the
    messaging services that the board's numbers join; which one a number is in stands on its record,
    and one of which that is not known counts as in the first. Every method raises Unavailable."""

    def __init__(
        self,
        client: Client,
        scripts: Scripts,
        keys: BoardKeys,
        number_map: NumberMap,
        services: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._deployment = DeploymentKeys()
        self._map = number_map
        self._services = services

    def stop(self, indexes: Sequence[str], number: str, *, since: float, cause: str) -> bool:
        """Stops the texts that the phone gets from ``number``, and from all others of its messaging
        service. Returns True when this message (``cause``) is what stopped them, however often it
        comes."""
        return self._record(_STOPPED, self._scopes(number)[-1], indexes, since, cause)

    def resume(self, indexes: Sequence[str], number: str, *, since: float, cause: str) -> bool:
        """Undoes every STOP that keeps ``number`` from texting the phone. Returns True when this
        message is what undid one, however often it comes."""
        undone = [
            self._record(_STARTED, scope, indexes, since, cause) for scope in self._scopes(number)
        ]
        return any(undone)

    def note_refused(
        self, indexes: Sequence[str], number: str, *, attempted_at: float, cause: str
    ) -> None:
        """The carrier has refused a text, handed over then, because of a STOP. One that nobody has
        told us of is put on record, unless there has been a START since; ``cause`` is the
        message."""
        known = [
            self._scripts.run(
                "note_refused_stop",
                scope.keys,
                scope=scope.field,
                attempted_at=attempted_at,
                indexes=indexes,
            )
            for scope in self._scopes(number)
        ]
        if not any(known):
            self.stop(indexes, number, since=attempted_at, cause=cause)

    def lift(
        self, indexes: Sequence[str], place: str, *, said_until: float, said_since: float = 0.0
    ) -> bool:
        """Undoes what keeps a virtual number, or a messaging service of the board, from texting the
        phone, as far as it was said between the two moments, on our side alone. Returns False when
        that is nothing."""
        return self._lift(_LIFTED, indexes, place, said_since, said_until)

    def note_taken(self, indexes: Sequence[str], number: str, *, said_until: float) -> bool:
        """The carrier takes texts to the phone: no block that was said by then holds there, nor
        here. Returns False when there is none."""
        return self._lift(_STARTED, indexes, number, 0.0, said_until)

    def _lift(
        self, word: str, indexes: Sequence[str], place: str, said_since: float, said_until: float
    ) -> bool:
        lifted = [
            self._scripts.run(
                "lift_stop",
                scope.keys,
                scope=scope.field,
                word=word,
                said_since=said_since,
                said_until=said_until,
                indexes=indexes,
            )
            for scope in self._scopes(place)
        ]
        return any(lifted)

    def is_stopped(self, indexes: Sequence[str], number: str) -> bool:
        """Whether any of the phone's indexes gets no texts from this number."""
        return self.find_block(indexes, number).stopped_at is not None

    def find_block(self, indexes: Sequence[str], number: str) -> Block:
        """What may keep this number from texting the phone."""
        last_words = self._last_words(indexes, number)
        return Block(
            stopped_at=max(
                (_known_at(word) for word in last_words if _says_stopped(word)), default=None
            ),
            may_be_at_carrier=any(_may_be_blocked(word) for word in last_words),
        )

    def said_at(self, index: str, number: str) -> float | None:
        """When the phone said the STOP that keeps this number from texting it."""
        last_words = self._last_words([index], number)
        return max((_said_at(word) for word in last_words if _says_stopped(word)), default=None)

    def _last_words(self, indexes: Sequence[str], number: str) -> list[str]:
        with self._client.pipeline(transaction=False) as pipe:
            self._ask_service(pipe, number)
            for index in indexes:
                pipe.hget(self._keys.stopped(index), number)
                pipe.hgetall(self._of_services(index))
            service, *words = pipe.execute()
        of_service = (said.get(self._named(service)) for said in words[1::2])
        return [word for word in (*words[::2], *of_service) if word is not None]

    def said_by(self, person: Participant) -> list[Suppression]:
        """What this person has stopped since they were put on record with their phone. An older
        STOP is told to nobody, as in ``are_suspended`` (P2)."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hget(self._keys.person(person.role, person.ref), "phone_since")
            for index in person.phone_indexes:
                pipe.hgetall(self._keys.stopped(index))
                pipe.hgetall(self._of_services(index))
            on_record_since, *answers = pipe.execute()
        stops: dict[str, str] = {}
        for of_numbers, of_services in zip(answers[::2], answers[1::2], strict=True):
            ours = {sid: word for sid, word in of_services.items() if sid in self._services}
            words = {**of_numbers, **ours}
            stops |= {
                place: word
                for place, word in words.items()
                if _was_stopped_since(on_record_since, word)
            }
        return [self._suppression(place, word) for place, word in sorted(stops.items())]

    def _suppression(self, place: str, word: str) -> Suppression:
        is_service = place in self._services
        return Suppression(
            virtual_number=None if is_service else place,
            messaging_service=place if is_service else None,
            said_at=_said_at(word),
            known_at=_known_at(word),
        )

    def are_suspended(self, sessions: Sequence[Session]) -> list[bool]:
        """Returns for each session whether one of its two gets no texts from its number, and has
        said so since they were put on record with that phone. Of an older STOP nobody is told:
        it would say that a phone which was guessed has been somebody's (P2)."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                self._ask_service(pipe, session.virtual_number)
                for role in Role:
                    party = session.party(role)
                    pipe.hget(self._keys.person(role, party.ref), "phone_since")
                    pipe.hget(self._keys.stopped(party.phone_index), session.virtual_number)
                    pipe.hgetall(self._of_services(party.phone_index))
            answers = iter(pipe.execute())
        return [self._is_one_told(answers) for _ in sessions]

    def _is_one_told(self, answers: Iterator[Any]) -> bool:
        service = self._named(next(answers))
        told = []
        for _ in Role:
            on_record_since, word, of_services = next(answers), next(answers), next(answers)
            words = (word, of_services.get(service))
            told.append(any(_was_stopped_since(on_record_since, one) for one in words))
        return any(told)

    def stopped_by_each(self, phones: Sequence[Sequence[str]]) -> list[set[str]]:
        """Returns for each of several phones (its indexes) the virtual numbers whose texts it has
        stopped, each by itself."""
        with self._client.pipeline(transaction=False) as pipe:
            for indexes in phones:
                for index in indexes:
                    pipe.hgetall(self._keys.stopped(index))
            words = iter(pipe.execute())
        return [
            {number for _ in indexes for number, word in next(words).items() if _says_stopped(word)}
            for indexes in phones
        ]

    def services_of(self, numbers: Sequence[str]) -> dict[str, str]:
        """The messaging service that each of these virtual numbers is in, or ""."""
        with self._client.pipeline(transaction=False) as pipe:
            for number in numbers:
                self._ask_service(pipe, number)
            services = pipe.execute()
        return {
            number: self._named(service) for number, service in zip(numbers, services, strict=True)
        }

    def carry_over(self, indexes: Sequence[str]) -> None:
        """Makes the last word known by one index known by all: to be called for a phone while index
        keys rotate, or a STOP would be lost with the key it was written under."""
        if len(indexes) > 1:
            for keys in (self._keys, self._deployment) if self._services else (self._keys,):
                self._scripts.run("carry_stops_over", keys, indexes=indexes)

    def _scopes(self, place: str) -> list[_Scope]:
        """All scopes in which a STOP keeps a number, or a service of the board's, from texting. A
        new one goes to the last: the number may have been in no service before."""
        service = place if place in self._services else self.services_of([place])[place]
        scopes = [_Scope(self._keys, place)]
        if service:
            scopes.append(_Scope(self._deployment, service))
        return scopes

    def _ask_service(self, pipe: Any, number: str) -> None:
        """Asks nothing about a number that is none of the board's (P2)."""
        place = self._map.find(number)
        is_ours = place is not None and place.board == self._keys.board
        key = self._keys.in_pool(place.pool).number(number) if place and is_ours else None
        pipe.hget(key or self._keys.never, "service")

    def _of_services(self, index: str) -> str:
        """Where a phone's words to messaging services stand. For a board that has none, no other
        master of a cluster is asked."""
        return self._deployment.stopped(index) if self._services else self._keys.never

    def _named(self, service: str | None) -> str:
        """The messaging service of a number that has this on record."""
        if not self._services:
            return ""
        return self._services[0] if service is None else service

    def _record(
        self, word: str, scope: _Scope, indexes: Sequence[str], since: float, cause: str
    ) -> bool:
        changed = self._scripts.run(
            "record_opt_out",
            scope.keys,
            scope=scope.field,
            word=word,
            since=f"{since:.3f}",
            cause=cause,
            remembered=_CAUSES,
            start_alone_for=START_ALONE_FOR,
            indexes=indexes,
        )
        return bool(changed)
