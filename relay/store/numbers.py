"""Virtual numbers: which pool each is in, and its ordinal and status there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.domain.board import NumberPlace
from relay.domain.errors import Conflict, NotFound, NumberMoved
from relay.domain.phone import area_code_of
from relay.domain.pool import NumberStatus, SmsTrouble, VirtualNumber
from relay.domain.registration import NOT_LOOKED_UP, Registered, Registration
from relay.domain.rent import Release
from relay.domain.reputation import Complaint
from relay.signing import Signer
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.number_map import NumberMap
from relay.store.scripts import Scripts
from relay.store.swept_numbers import SweptNumbers


class Numbers:
    """The numbers of one board's pools; the map says which of all numbers these are. ``swept`` is
    when the carrier's records about them were last deleted."""

    def __init__(
        self,
        client: Client,
        scripts: Scripts,
        keys: BoardKeys,
        number_map: NumberMap,
        signer: Signer,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._map = number_map
        self.swept = SweptNumbers(client, keys, signer)

    def find_pool(self, number: str) -> str | None:
        """The pool a virtual number is in; None when it is none of this board's. Raises
        Unavailable."""
        place = self._map.find(number)
        return place.pool if place and place.board == self._keys.board else None

    def look_again(self, number: str) -> str | None:
        """The same by what the map says now: a number may have come or moved since this process
        read it. Raises NumberMoved when another board has it, Unavailable."""
        place = self._map.look_again(number)
        if place and place.board != self._keys.board:
            raise NumberMoved
        return place.pool if place else None

    def is_in(self, number: str, pool: str) -> bool:
        """Whether the map has the number in this pool of the board; it is read again where this
        process's copy says else. Raises Unavailable."""
        place = self._place(pool)
        return self._map.find(number) == place or self._map.look_again(number) == place

    def _place(self, pool: str) -> NumberPlace:
        return NumberPlace(self._keys.board, pool)

    def add(
        self,
        number: str,
        pool: str,
        *,
        carrier_sid: str,
        capabilities: str,
        now: float,
        rented_since: float | None = None,
        account: str = "",
        status: NumberStatus = NumberStatus.AVAILABLE,
        registered: Registered = NOT_LOOKED_UP,
    ) -> bool:
        """Puts a number into a pool. Returns False when it was there: its rental and registration
        are noted all the same. ``capabilities``: some of ``vsm``. Raises Unavailable, Conflict,
        NotFound for a pool that is gone."""
        self._enter_the_map(number, pool)
        outcome, *_ = self._scripts.run(
            "import_number",
            self._keys.in_pool(pool),
            number=number,
            area_code=area_code_of(number),
            **_status(status),
            carrier_sid=carrier_sid,
            capabilities=capabilities,
            now=now,
            rented_since=int(rented_since or now),
            account=account,
            **_registered(registered),
        )
        self._check_taken(outcome, number, pool)
        self._keep_on_the_map(number, pool)
        return bool(outcome == "imported")

    def _check_taken(self, outcome: str, number: str, pool: str) -> None:
        if outcome == "releasing":
            raise Conflict("The number is being given back to the carrier.", code="number_leaving")
        if outcome == "gone":
            self._map.strike_off(number, self._place(pool))
            raise NotFound("The pool has been deleted.")

    def _enter_the_map(self, number: str, pool: str) -> None:
        """Before the pool: without an entry in the map, calls cannot reach the board."""
        if self._map.enter(number, self._place(pool)) != self._place(pool):
            raise Conflict("The number is in another pool.", code="number_in_another_pool")

    def _keep_on_the_map(self, number: str, pool: str) -> None:
        """A removal at the same time may have deleted our entry."""
        if self._client.hexists(self._keys.in_pool(pool).numbers, number):
            self._map.enter(number, self._place(pool))

    def set_status(
        self,
        number: str,
        pool: str,
        status: NumberStatus,
        *,
        expected: NumberStatus | None = None,
    ) -> bool:
        """False when the number is not in the pool, or has not the ``expected`` status any more.
        Raises Unavailable."""
        return self._set_status(number, pool, status, expected=expected)

    def rest(self, number: str, pool: str, complaints: Sequence[Complaint], *, now: float) -> bool:
        """Keeps new sessions off an available number where another one is free. False when it is
        not available any more: an operator's word stands. Raises Unavailable."""
        return self._set_status(
            number,
            pool,
            NumberStatus.RESTING,
            expected=NumberStatus.AVAILABLE,
            since=int(now),
            complaints=",".join(complaints),
        )

    def wake(self, number: str, pool: str) -> bool:
        """Ends a rest. False when the number does not rest any more. Raises Unavailable."""
        return self.set_status(number, pool, NumberStatus.AVAILABLE, expected=NumberStatus.RESTING)

    def _set_status(
        self,
        number: str,
        pool: str,
        status: NumberStatus,
        *,
        expected: NumberStatus | None,
        since: int | None = None,
        complaints: str = "",
    ) -> bool:
        return bool(
            self._scripts.run(
                "set_number_status",
                self._keys.in_pool(pool),
                number=number,
                **_status(status),
                is_resting=status is NumberStatus.RESTING,
                expected=expected,
                since=since,
                complaints=complaints,
            )
        )

    def trust_texts(self, number: str, pool: str, *, sent_at: float | None = None) -> bool:
        """Sessions that text get it again, until the carrier refuses one for its sake. ``sent_at``:
        not if that has happened since then. Returns False when it has to be registered first.
        Raises Unavailable."""
        return bool(
            self._scripts.run(
                "trust_texts", self._keys.in_pool(pool), number=number, sent_at=sent_at
            )
        )

    def note_registration(
        self, number: str, pool: str, registered: Registered, *, now: float
    ) -> None:
        """What was found out about it. Raises Unavailable."""
        self._scripts.run(
            "note_registration",
            self._keys.in_pool(pool),
            number=number,
            now=now,
            **_registered(registered),
        )

    def retire(
        self,
        number: str,
        pool: str,
        *,
        expected: NumberStatus | None = None,
        is_lost: bool = False,
    ) -> str:
        """Takes a number out of its pool, and notes in the same step that the carrier gets it back.
        It stays on the map until ``note_released``, so that no pool takes it on meanwhile.
        ``is_lost``: the account has it no more; should it have it again by now, nobody gives it
        back.

        ``removed``, ``unknown``, ``changed`` when its status is not the expected one any more, or
        ``bound`` while sessions on it are open or cooling. Raises Unavailable.
        """
        outcome: str = self._scripts.run(
            "remove_number",
            self._keys.in_pool(pool),
            number=number,
            area_code=area_code_of(number),
            expected=expected,
            is_lost=is_lost,
        )
        return outcome

    def _leave_the_map(self, number: str, pool: str) -> None:
        self._map.strike_off(number, self._place(pool))
        # Somebody may have put it back in between, and found the entry that has just gone.
        self._keep_on_the_map(number, pool)

    def releasing(self, pool: str) -> dict[str, Release]:
        """Numbers that have left the pool and not yet the account."""
        noted = self._client.hgetall(self._keys.in_pool(pool).releasing)
        return {number: _release(number, text) for number, text in noted.items()}

    def note_released(self, release: Release, pool: str, *, now: float) -> None:
        """The carrier has it back. Off the map first: what still is on record is done again. And
        once more: an import that was refused in between has left its entry."""
        self._leave_the_map(release.number, pool)
        self._scripts.run(
            "note_released",
            self._keys.in_pool(pool),
            number=release.number,
            carrier_sid=release.carrier_sid,
            paid_until=0 if release.is_lost else release.paid_until(now),
            now=now,
        )
        self._leave_the_map(release.number, pool)

    def can_text(self, pool: str) -> bool:
        """Whether some number of the pool can, or could: a pool that has texted has to go on.
        Raises Unavailable."""
        return bool(self._client.hget(self._keys.in_pool(pool).policy, "texts") == "1")

    def get(self, number: str) -> VirtualNumber | None:
        pool = self.find_pool(number)
        if pool is None:
            return None
        record = self._client.hgetall(self._keys.in_pool(pool).number(number))
        return _unpack(number, pool, record) if record else None

    def of_pool(self, pool: str) -> list[VirtualNumber]:
        """All numbers of a pool in the order of their ordinals. Raises Unavailable."""
        keys = self._keys.in_pool(pool)
        numbers = self._client.hkeys(keys.numbers)
        with self._client.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hgetall(keys.number(number))
            records = pipe.execute()
        found = [
            _unpack(number, pool, record)
            for number, record in zip(numbers, records, strict=True)
            if record
        ]
        return sorted(found, key=lambda number: number.ordinal)


def _release(number: str, text: str) -> Release:
    sid, since, account = text.split("\t")
    return Release(number=number, carrier_sid=sid, rented_since=int(since), account=account)


def _status(status: NumberStatus) -> dict[str, Any]:
    return {"status": status, "is_blocked": not status.is_allocatable}


def _registered(registered: Registered) -> dict[str, Any]:
    """As ``shared/registration.lua`` takes it."""
    return {
        "registration": registered.registration,
        "service": registered.service or "",
        "knows_service": registered.service is not None,
        "must_wait": registered.must_wait,
        "unregistered_codes": registered.codes,
    }


def _sms_trouble(record: dict[str, str]) -> SmsTrouble | None:
    if "waits_since" in record:
        return SmsTrouble(None, since=int(record["waits_since"]))
    if "sms_trouble" not in record:
        return None
    return SmsTrouble(int(record["sms_trouble"]), since=int(record["sms_trouble_since"]))


def _unpack(number: str, pool: str, record: dict[str, str]) -> VirtualNumber:
    return VirtualNumber(
        number=number,
        pool=pool,
        ordinal=int(record["ordinal"]),
        status=NumberStatus(record["status"]),
        carrier_sid=record["carrier_sid"],
        voice="v" in record["capabilities"],
        sms="s" in record["capabilities"],
        mms="m" in record["capabilities"],
        imported_at=int(record["imported_at"]),
        rented_since=int(record["rented_since"]),
        account=record["account"],
        resting_since=int(record["resting_since"]) if record.get("resting_since") else None,
        sms_trouble=_sms_trouble(record),
        registration=Registration(record["registration"]),
        service=record.get("service"),
        complaints=tuple(map(Complaint, filter(None, record.get("complaints", "").split(",")))),
    )
