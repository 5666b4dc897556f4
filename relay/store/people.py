"""People: their records, and who holds a phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from redis.client import Pipeline

from relay.domain.errors import RateLimited
from relay.domain.guesses import CONTEXTS, MOST_REGISTERED, PHONES, TOO_MANY_GUESSES, WINDOW, Budget
from relay.domain.message_progress import Reach
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.domain.session import Session
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts


class PutOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    #: The person has another phone: only a phone change may replace it.
    OTHER_PHONE = "other_phone"
    #: Another candidate has this phone.
    HELD = "held"


class People:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def get(self, role: Role, ref: str) -> Participant | None:
        """None for somebody unknown or erased."""
        with self._client.pipeline(transaction=False) as pipe:
            ask_for_person(pipe, self._keys, role, ref)
            pipe.hget(self._keys.reach, f"{role}:{ref}")
            record, sealed, reach = pipe.execute()
        return unpack_participant(role, ref, record, sealed, reach) if record else None

    def countries_of(self, sessions: Sequence[Session]) -> list[set[str]]:
        """For each session, the countries of its two people's phones, as far as they have one."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                for role in Role:
                    pipe.hget(self._keys.person(role, session.party(role).ref), "country")
            answers = iter(pipe.execute())
        return [{country for _ in Role if (country := next(answers))} for _ in sessions]

    def list(self, role: Role, *, after: str, limit: int) -> tuple[list[Participant], str | None]:
        """Of all on record the next ones by ref, which follow ``after``, and the ref after which
        the list goes on; None at its end. Somebody may be erased meanwhile."""
        first = f"({after}" if after else "-"
        refs = self._client.zrange(
            self._keys.refs(role), first, "+", bylex=True, offset=0, num=limit + 1
        )
        last = refs[limit - 1] if len(refs) > limit else None
        refs = refs[:limit]
        with self._client.pipeline(transaction=False) as pipe:
            for ref in refs:
                ask_for_person(pipe, self._keys, role, ref)
                pipe.hget(self._keys.reach, f"{role}:{ref}")
            answers = pipe.execute()
        found = zip(refs, answers[::3], answers[1::3], answers[2::3], strict=True)
        people = [
            unpack_participant(role, ref, record, sealed, reach)
            for ref, record, sealed, reach in found
            if record
        ]
        return people, last

    def amend(self, person: Participant, *, known: Participant, now: float) -> bool:
        """Stores all that is known of somebody but the phone: of that one the extension, where
        ``person`` has another seal than ``known``. False when they are gone, or have another phone
        than ``known``, by now."""
        is_resealed = person.sealed_phone != known.sealed_phone
        return bool(
            self._scripts.run(
                "amend_participant",
                self._keys,
                now=now,
                role=person.role,
                ref=person.ref,
                seen=",".join(known.phone_indexes),
                sealed=person.sealed_phone if is_resealed else None,
                hint=person.phone_hint,
                locale=person.locale,
                name=person.name,
                organization=person.organization,
                time_zone=person.time_zone,
                guard=person.stamped_guard,
            )
        )

    def known_since(self, people: Iterable[tuple[Role, str]]) -> dict[tuple[Role, str], int]:
        """When each was put on record, of those who are: an erased person's ref may be given
        again. One round trip."""
        asked = list(dict.fromkeys(people))
        with self._client.pipeline(transaction=False) as pipe:
            for role, ref in asked:
                pipe.hget(self._keys.person(role, ref), "created_at")
            answers = pipe.execute()
        return {one: int(at) for one, at in zip(asked, answers, strict=True) if at}

    def put(self, person: Participant, *, client: str, now: float) -> PutOutcome:
        """Creates or updates the record, all but a phone that the person has: of that one, the seal
        and the indexes become those given. ``client`` is the API key's id; raises RateLimited when
        it has had too many phones compared."""
        outcome, *wait = self._scripts.run(
            "put_participant",
            self._keys,
            **limits_of(PHONES, client),
            **details_of(person, now),
        )
        if outcome == "too_many":
            raise RateLimited(TOO_MANY_GUESSES, retry_after=wait[0])
        return PutOutcome(outcome)

    def count_compared(self, role: Role, ref: str, fingerprint: str, *, client: str) -> None:
        """Before a context is compared with a person's phone. ``fingerprint`` is a keyed hash of
        its digits: the same ones count once a day. Raises RateLimited."""
        wait = self._scripts.run(
            "count_compared",
            self._keys,
            durably=False,
            role=role,
            ref=ref,
            fingerprint=fingerprint,
            **limits_of(CONTEXTS[role], client),
        )
        if wait:
            raise RateLimited(TOO_MANY_GUESSES, retry_after=wait)

    def reindex(self, person: Participant, *, known: Participant) -> bool:
        """Stores the person's indexes, sealed phone and guard under new rings. False when the phone
        has changed since ``known``, the same person, was read."""
        both = dict.fromkeys((*person.phone_indexes, *known.phone_indexes))
        return bool(
            self._scripts.run(
                "reindex",
                self._keys,
                role=person.role,
                ref=person.ref,
                sealed=known.sealed_phone,
                sealed_anew=person.sealed_phone,
                indexes=",".join(person.phone_indexes),
                key_ids=",".join(person.index_key_ids),
                guard=person.stamped_guard,
                held=tuple(both) if person.role is Role.CANDIDATE else (),
            )
        )

    def refresh_party(self, role: Role, ref: str) -> int:
        """Makes the person's open sessions follow the locale and guard on record. Returns how many
        were changed."""
        return int(self._scripts.run("refresh_party", self._keys, role=role, ref=ref))


def limits_of(budget: Budget, client: str) -> dict[str, Any]:
    """What the scripts that count guesses of an API key take of a budget."""
    return {
        "client": client,
        "kind": budget.kind,
        "most_of": budget.of,
        "most_by": budget.by,
        "registered_a_guess": budget.registered_a_guess,
        "most_registered": MOST_REGISTERED,
        "guess_window": WINDOW,
    }


def details_of(person: Participant, now: float) -> dict[str, Any]:
    """What the scripts that write a person's record take of them (``lua/shared/person.lua``)."""
    return {
        "now": now,
        "role": person.role,
        "ref": person.ref,
        "sealed": person.sealed_phone,
        "indexes": person.phone_indexes,
        "held": held_by(person),
        "key_ids": ",".join(person.index_key_ids),
        "hint": person.phone_hint,
        "country": person.country,
        "locale": person.locale,
        "name": person.name,
        "organization": person.organization,
        "time_zone": person.time_zone,
        "guard": person.stamped_guard,
    }


def held_by(person: Participant) -> tuple[str, ...]:
    """The indexes under which a person holds their phone: candidates alone are unique by it."""
    return person.phone_indexes if person.role is Role.CANDIDATE else ()


def ask_for_person(pipe: Pipeline, keys: BoardKeys, role: Role, ref: str) -> None:
    """For two answers: the record and the seal, as ``unpack_participant`` takes them."""
    pipe.hgetall(keys.person(role, ref))
    pipe.hget(keys.seals, f"{role}:{ref}")


def unpack_participant(
    role: Role,
    ref: str,
    record: Mapping[str, str],
    sealed: str | None = None,
    reach: str | None = None,
) -> Participant:
    """``sealed`` is for those who read the phone, ``reach`` for those who show the person."""
    indexes = _split(record.get("indexes", ""))
    return Participant(
        ref=ref,
        role=role,
        status=ParticipantStatus(record["status"]),
        sealed_phone=sealed or "",
        phone_indexes=indexes,
        index_key_ids=_split(record.get("key_ids", "")),
        phone_hint=record.get("hint", ""),
        country=record.get("country", ""),
        locale=record["locale"],
        name=record["name"],
        organization=record["organization"],
        time_zone=record["time_zone"],
        sms=_reach_of(reach, indexes),
        stamped_guard=record["guard"],
        created_at=int(record["created_at"]),
        updated_at=int(record["updated_at"]),
    )


def _reach_of(noted: str | None, indexes: tuple[str, ...]) -> Reach:
    """What was noted of a phone that the person has no more says nothing of the new one."""
    reach, _, index = (noted or "").partition(" ")
    return Reach(reach) if index in indexes else Reach.OK


def _split(joined: str) -> tuple[str, ...]:
    return tuple(part for part in joined.split(",") if part)
