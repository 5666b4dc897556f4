"""Purchases of numbers: what each wants and has, who buys for a pool, and what is under way.

A purchase stands in the pool's ``purchases`` until it is over: whoever works on it may die at any
moment, the sweeper finds it there. A number stands in ``buying`` from before it is bought until it
is in its pool or known not to be bought.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from relay.domain.purchase import (
    Failure,
    FailureCode,
    Intent,
    JobKind,
    JobStatus,
    Purchase,
    Reservation,
)
from relay.domain.rent import Rent
from relay.domain.session import pool_of
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: Seconds that a buyer has for one step: a purchase and what belongs to it are some six requests to
#: the carrier. Who takes longer, and is taken over, finds that out at the next step.
LEASE = 90.0
#: A job that nobody has begun is enqueued again after this many seconds.
LOOK_AGAIN = 20.0
#: An ended job can be read for so many seconds.
RETENTION = 30 * 24 * 3600
#: So long, in seconds, a repeated request finds its job (docs/api.md).
REMEMBERED = 24 * 3600
_BATCH = 50


@dataclass(frozen=True)
class Begun:
    """This execution buys for the pool now."""


@dataclass(frozen=True)
class Busy:
    """Somebody else does, until then at most."""

    until: float


@dataclass(frozen=True)
class Over:
    """The job has ended, or never was."""


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """A pool wants so many numbers and cannot buy them; it is not tried again before then."""

    reason: FailureCode
    missing: int
    retry_at: float = 0.0


class Purchases:
    """All raise Unavailable."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def create(self, job: Purchase, *, request: str = "") -> str:
        """Puts it on record. Answers its id; of a ``request`` that has one already, that one's."""
        job_id: str = self._scripts.run(
            "create_purchase",
            self._keys.in_pool(job.pool),
            id=job.id,
            request=request or job.id,
            look_at=job.created_at + LOOK_AGAIN,
            remembered=REMEMBERED,
            fields=[part for field in _pack(job).items() for part in field],
        )
        return job_id

    def ordered(self, pool: str, request: str) -> Purchase | None:
        """The job that this request has begun before, as long as it is remembered."""
        job_id = self._client.get(self._keys.in_pool(pool).ordered(request))
        return self.get(job_id) if job_id else None

    def get(self, job_id: str) -> Purchase | None:
        try:
            pool = pool_of(job_id)
        except ValueError:
            return None
        record = self._client.hgetall(self._keys.in_pool(pool).purchase(job_id))
        return _unpack(job_id, pool, record) if record else None

    def unfinished(self, pool: str) -> list[Purchase]:
        ids = self._client.zrange(self._keys.in_pool(pool).purchases, 0, -1)
        return [job for job_id in ids if (job := self.get(job_id))]

    def sweep(self, pool: str, *, now: float) -> list[str]:
        """Ids of jobs that nobody works on; each is due again after a pause."""
        due: list[str] = self._scripts.run(
            "sweep_purchases",
            self._keys.in_pool(pool),
            durably=False,
            now=now,
            most=_BATCH,
            pause=LOOK_AGAIN,
        )
        return due

    def begin(self, job_id: str, *, token: str, now: float) -> Begun | Busy | Over:
        """Asks to be the pool's buyer, for ``LEASE`` seconds that every reservation renews."""
        answer, *rest = self._scripts.run(
            "begin_purchase",
            self._keys.in_pool(pool_of(job_id)),
            durably=False,
            id=job_id,
            token=token,
            now=now,
            lease=LEASE,
        )
        match answer:
            case "begun":
                return Begun()
            case "busy":
                return Busy(float(rest[0]))
            case _:
                return Over()

    def reserve(
        self, job_id: str, number: str, *, token: str, now: float, account: str = ""
    ) -> Reservation:
        """Notes that a number is about to be bought by the carrier's ``account``, if the policy's
        limits let the pool have it."""
        answer = self._scripts.run(
            "reserve_purchase",
            self._keys.in_pool(pool_of(job_id)),
            id=job_id,
            token=token,
            number=number,
            now=now,
            lease=LEASE,
            account=account,
        )
        return Reservation(answer)

    def settle(self, job_id: str, number: str, *, is_bought: bool) -> bool:
        """Takes the intent away, and counts the number when it was bought. False without one."""
        return bool(
            self._scripts.run(
                "settle_purchase",
                self._keys.in_pool(pool_of(job_id)),
                id=job_id,
                number=number,
                is_bought=is_bought,
            )
        )

    def end(
        self,
        job_id: str,
        status: JobStatus,
        failures: tuple[Failure, ...],
        *,
        token: str,
        now: float,
    ) -> bool:
        """False when another execution has taken the job over."""
        return bool(
            self._scripts.run(
                "end_purchase",
                self._keys.in_pool(pool_of(job_id)),
                id=job_id,
                token=token,
                now=int(now),
                status=status,
                failures=_pack_failures(failures),
                retention=RETENTION,
            )
        )

    def postpone(self, job_id: str, *, token: str, until: float, has_failed: bool) -> bool:
        """Somebody else may buy meanwhile. False when another execution has taken over."""
        return bool(
            self._scripts.run(
                "postpone_purchase",
                self._keys.in_pool(pool_of(job_id)),
                id=job_id,
                token=token,
                look_at=until,
                has_failed=has_failed,
            )
        )

    def intents(self, pool: str) -> list[Intent]:
        """Numbers about to be bought, and those of which it is not known whether they were."""
        noted = self._client.hgetall(self._keys.in_pool(pool).buying)
        return [_intent(number, value) for number, value in noted.items()]

    def rent(self, pool: str, *, now: float) -> Rent:
        """What the pool's limits count."""
        rented, prepaid = self._scripts.run(
            "count_rented", self._keys.in_pool(pool), durably=False, now=now
        )
        return Rent(rented=rented, prepaid=prepaid)

    def shortage(self, pool: str) -> Shortage | None:
        noted = self._client.hgetall(self._keys.in_pool(pool).shortage)
        if not noted:
            return None
        return Shortage(
            reason=FailureCode(noted["reason"]),
            missing=int(noted["missing"]),
            retry_at=float(noted["retry_at"]),
        )

    def note_shortage(self, pool: str, shortage: Shortage | None) -> None:
        key = self._keys.in_pool(pool).shortage
        if shortage is None:
            self._client.delete(key)
        else:
            self._client.hset(key, mapping=asdict(shortage))


def _pack(job: Purchase) -> dict[str, Any]:
    return {
        "kind": job.kind,
        "country": job.country,
        "area_code": job.area_code,
        "wanted": job.wanted,
        "bought": " ".join(job.bought),
        "failures": _pack_failures(job.failures),
        "status": job.status,
        "created_at": job.created_at,
    }


def _pack_failures(failures: tuple[Failure, ...]) -> str:
    return "\n".join(f"{failure.code}\t{failure.detail}" for failure in failures)


def _unpack(job_id: str, pool: str, record: dict[str, str]) -> Purchase:
    return Purchase(
        id=job_id,
        pool=pool,
        kind=JobKind(record["kind"]),
        country=record["country"],
        area_code=record["area_code"],
        wanted=int(record["wanted"]),
        bought=tuple(record["bought"].split()),
        failures=tuple(map(_failure, record["failures"].splitlines())),
        status=JobStatus(record["status"]),
        created_at=int(record["created_at"]),
        ended_at=int(record["ended_at"]) if "ended_at" in record else None,
        pauses=int(record.get("pauses", 0)),
    )


def _failure(line: str) -> Failure:
    code, _, detail = line.partition("\t")
    return Failure(FailureCode(code), detail)


def _intent(number: str, value: str) -> Intent:
    job, since, account = value.split("\t")
    return Intent(number=number, job=job, since=float(since), account=account)
