"""People: their records, who holds a phone, and the pools they have sessions in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from relay.domain.errors import Conflict
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: How long, in seconds, a client's phone conflicts are counted together.
_CONFLICT_WINDOW = 3600


class PutOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    #: The person has another phone: only a phone change may replace it.
    OTHER_PHONE = "other_phone"
    #: Another candidate has this phone.
    HELD = "held"
    CHANGING = "changing"


class PhoneChanging(Conflict):
    """A phone change or an erasure of this person is under way; it ends within seconds."""

    def __init__(self) -> None:
        super().__init__(
            "The participant is being changed by another request; try again.", retry_after=1
        )


class People:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def get(self, role: Role, ref: str) -> Participant | None:
        """None for somebody unknown or erased. Raises Unavailable."""
        record = self._client.hgetall(self._keys.person(role, ref))
        return unpack_participant(role, ref, record) if is_somebody(record) else None

    def put(self, person: Participant, *, now: float) -> PutOutcome:
        """Creates or updates the record, all but a phone the person has: sealed anew from the
        seal on record, it takes that one's place. ``pools`` stay as they are. A person without
        ``sealed_phone`` is kept without one. Raises Unavailable."""
        (outcome,) = self._scripts.run_positional(
            "put_participant",
            [self._keys.person(person.role, person.ref), *_holder_keys(self._keys, person)],
            [
                int(now),
                person.ref,
                person.sealed_phone,
                ",".join(person.phone_indexes),
                *("key_ids", ",".join(person.index_key_ids)),
                *("hint", person.phone_hint),
                *("country", person.country),
                *("locale", person.locale),
                *("name", person.name),
                *("organization", person.organization),
                *("time_zone", person.time_zone),
                *("screen", int(person.screen_calls)),
            ],
        )
        return PutOutcome(outcome)

    def enter_pool(self, role: Role, ref: str, pool: str) -> Participant | None:
        """The person, with ``pool`` among theirs; None for somebody unknown. To be called before
        a session is claimed, so that a phone change finds it.

        Raises PhoneChanging, Unavailable.
        """
        outcome, *record = self._scripts.run_positional(
            "enter_pool", [self._keys.person(role, ref)], [pool]
        )
        match outcome:
            case "unknown":
                return None
            case "changing":
                raise PhoneChanging
            case _:
                return unpack_participant(
                    role, ref, dict(zip(record[::2], record[1::2], strict=True))
                )

    def reindex(self, person: Participant, *, known: Participant) -> bool:
        """Stores the person's indexes and sealed phone under new rings; False when the phone has
        changed since ``known``, the same person, was read. Raises Unavailable."""
        holders: list[str] = []
        if person.role is Role.CANDIDATE:
            indexes = dict.fromkeys((*person.phone_indexes, *known.phone_indexes))
            holders = [self._keys.holder(index) for index in indexes]
        return bool(
            self._scripts.run_positional(
                "reindex",
                [self._keys.person(person.role, person.ref), *holders],
                [
                    known.sealed_phone,
                    person.sealed_phone,
                    ",".join(person.phone_indexes),
                    ",".join(person.index_key_ids),
                    person.ref,
                ],
            )
        )

    def count_conflict(self, client_id: str) -> None:
        """Notes that an API client was told of a phone conflict. Raises Unavailable."""
        self._scripts.run_positional(
            "count_in_window", [self._keys.rate("conflicts", client_id)], [_CONFLICT_WINDOW]
        )

    def conflicts_met_by(self, client_id: str) -> tuple[int, int]:
        """How many phone conflicts a client was told of, and for how many seconds they count."""
        key = self._keys.rate("conflicts", client_id)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.get(key)
            pipe.ttl(key)
            count, seconds = pipe.execute()
        return int(count or 0), max(int(seconds), 1)


def _holder_keys(keys: BoardKeys, person: Participant) -> list[str]:
    if person.role is Role.RECRUITER:
        return []
    return [keys.holder(index) for index in person.phone_indexes]


def is_somebody(record: Mapping[str, str]) -> bool:
    """Whether a record is a person's: not empty, and not what an erasure has left to do."""
    return "status" in record and record.get("stage") != "erasing"


def unpack_participant(role: Role, ref: str, record: Mapping[str, str]) -> Participant:
    return Participant(
        ref=ref,
        role=role,
        status=ParticipantStatus(record["status"]),
        sealed_phone=record.get("sealed", ""),
        phone_indexes=split(record.get("indexes", "")),
        index_key_ids=split(record.get("key_ids", "")),
        phone_hint=record.get("hint", ""),
        country=record.get("country", ""),
        locale=record["locale"],
        name=record["name"],
        organization=record["organization"],
        time_zone=record["time_zone"],
        screen_calls=record["screen"] == "1",
        pools=split(record.get("pools", "")),
        created_at=int(record["created_at"]),
        updated_at=int(record["updated_at"]),
    )


def split(joined: str) -> tuple[str, ...]:
    return tuple(part for part in joined.split(",") if part)
