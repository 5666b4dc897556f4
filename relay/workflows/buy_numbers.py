"""Works on a job that buys numbers, one after the other, each on record before it is bought.

Whoever runs this may be killed at any moment: the next one settles what was under way by the
account's own list, and goes on. One buyer at a time works for a pool, by a lease.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never, cast

import structlog

from relay.domain.errors import CarrierError, Unavailable
from relay.domain.pool import Pool
from relay.domain.purchase import (
    REQUEST_WITHIN,
    AfterRefusal,
    Failure,
    FailureCode,
    Intent,
    JobKind,
    JobStatus,
    Purchase,
    Reservation,
    Settled,
    after_refusal,
    is_given_up,
    label_of,
    missing_headroom,
    next_try_at,
)
from relay.domain.registration import sells_for_campaigns
from relay.store.purchases import Begun, Busy, Over
from relay.workflows.join_service import has_room
from relay.workflows.point_here import webhooks_of
from relay.workflows.services import Services
from relay.workflows.take_number_in import settle_intent, take_number_in

log = structlog.get_logger()

Clock = Callable[[], float]
Watch = Callable[[Purchase], None]

#: How long one execution goes on before it lets others have the worker, in seconds.
_TURN = 60.0
#: So many numbers are asked for at once: some may be gone when they are to be bought.
_OFFERS = 10


@dataclass(frozen=True)
class Later:
    """The job goes on then: somebody else buys for the pool, or the carrier cannot be asked."""

    at: float


class _Stopped(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class _Postponed(Exception):
    """Whether a number was bought is not known yet."""


class _TakenOver(Exception):
    """The lease has ended, and somebody else has it."""


@dataclass(frozen=True)
class _Run:
    services: Services
    job_id: str
    token: str
    clock: Clock
    watch: Watch

    def job(self) -> Purchase:
        """Its record lives as long as it is unfinished."""
        return cast("Purchase", self.services.store.purchases.get(self.job_id))


def _nobody_watches(_job: Purchase) -> None:
    pass


def buy_numbers(
    services: Services, job_id: str, *, clock: Clock, watch: Watch = _nobody_watches
) -> Purchase | Later | None:
    """Buys what the job still wants: the job when it is over, None for one that never was.

    ``watch`` is told of the job before each purchase. Raises Unavailable; the sweeper comes back.
    """
    run = _Run(services, job_id, secrets.token_urlsafe(9), clock, watch)
    match services.store.purchases.begin(job_id, token=run.token, now=clock()):
        case Over():
            return services.store.purchases.get(job_id)
        case Busy(until):
            return Later(until)
        case Begun():
            return _work(run)
        case answer:
            assert_never(answer)


def _work(run: _Run) -> Purchase | Later:
    try:
        _settle_what_was_begun(run)
        if not _buy_all(run):
            return _postpone(run, run.clock(), has_failed=False)
    except _Stopped as stopped:
        return _end(run, stopped.failure)
    except _Postponed:
        return _postpone(run, _next_try(run), has_failed=True)
    except _TakenOver:
        return Later(run.clock())
    except CarrierError as error:
        return _after_trouble(run, error)
    except Unavailable:
        raise
    except Exception:
        _step_back(run)
        raise
    return _end(run)


def _step_back(run: _Run) -> None:
    """After a mistake of ours: the pool's other jobs go on at once, and this one later, for an
    hour."""
    job = run.job()
    if job.pauses and not _intents(run) and is_given_up(job, now=run.clock()):
        _end(run, Failure.of(FailureCode.INTERNAL_ERROR))
    else:
        _postpone(run, _next_try(run), has_failed=True)


def _settle_what_was_begun(run: _Run) -> None:
    for intent in _intents(run):
        if settle_intent(run.services, intent, now=run.clock()) is Settled.UNKNOWN:
            raise _Postponed


def _intents(run: _Run) -> list[Intent]:
    pool = run.job().pool
    return [
        intent for intent in run.services.store.purchases.intents(pool) if intent.job == run.job_id
    ]


def _buy_all(run: _Run) -> bool:
    """False when this execution's time is over before the job is."""
    begun_at = run.clock()
    while True:
        job = run.job()
        run.watch(job)
        pool = run.services.store.pools.get(job.pool)
        if pool is None:
            raise _Stopped(Failure.of(FailureCode.POOL_GONE))
        if not _wants_more(run, job, pool):
            return True
        if run.clock() >= begun_at + _TURN:
            return False
        _buy_one(run, job, pool)


def _wants_more(run: _Run, job: Purchase, pool: Pool) -> bool:
    if len(job.bought) >= job.wanted:
        return False
    match job.kind:
        case JobKind.ORDER:
            return True
        case JobKind.HEADROOM:
            store = run.services.store
            intents = len(store.purchases.intents(pool.name))
            return missing_headroom(pool, store.pools.figures(pool.name), intents=intents) > 0
        case _:
            assert_never(job.kind)


def _buy_one(run: _Run, job: Purchase, pool: Pool) -> None:
    if sells_for_campaigns(job.country) and not has_room(run.services):
        raise _Stopped(Failure.of(FailureCode.SERVICES_FULL))
    for number in _offers(run, job, pool):
        reserved_at = run.clock()
        reservation = run.services.store.purchases.reserve(
            job.id,
            number,
            token=run.token,
            now=reserved_at,
            account=run.services.account.sid,
        )
        if reservation.limit is not None:
            raise _Stopped(Failure.of(reservation.limit))
        if reservation is Reservation.LOST or run.clock() > reserved_at + REQUEST_WITHIN:
            raise _TakenOver
        if reservation is Reservation.RESERVED and _buy(run, job, pool, number):
            return
    raise _Stopped(Failure.of(FailureCode.NOTHING_ON_OFFER))


def _offers(run: _Run, job: Purchase, pool: Pool) -> Iterator[str]:
    """Numbers that nobody here has. Where none for sale can text, those that can be called, if
    anybody is served by them: they are no headroom of a pool that texts."""
    carrier, store = run.services.carrier.numbers, run.services.store
    texts_only = job.kind is JobKind.HEADROOM and store.numbers.can_text(job.pool)
    for sms in (True,) if texts_only else (True, False):
        offered = carrier.find_available(
            country=job.country,
            area_code=job.area_code,
            sms=sms,
            voice=True,
            has_address=bool(pool.bundle_sid or pool.address_sid),
            limit=_OFFERS,
        )
        for number in offered:
            if store.number_map.look_again(number) is None:
                yield number
        if offered:
            return


def _buy(run: _Run, job: Purchase, pool: Pool, number: str) -> bool:
    """False when it was not bought and another one may be."""
    services = run.services
    try:
        owned = services.carrier.numbers.buy(
            number,
            label=label_of(services.board.name, job.pool),
            bundle_sid=pool.bundle_sid,
            address_sid=pool.address_sid,
            **webhooks_of(services),
        )
    except CarrierError as error:
        return _after_refusal(run, job, number, error)
    settled = take_number_in(services, job.id, owned, now=run.clock())
    if job.kind is JobKind.HEADROOM and not owned.sms and services.store.numbers.can_text(job.pool):
        # Bought again and again, such numbers would never be enough.
        raise _Stopped(Failure.of(FailureCode.UNSUITABLE_NUMBER))
    return settled is Settled.BOUGHT


def _after_refusal(run: _Run, job: Purchase, number: str, error: CarrierError) -> bool:
    after = after_refusal(error)
    if after is AfterRefusal.LOOK_FIRST:
        _settle_what_was_begun(run)
        return True
    run.services.store.purchases.settle(job.id, number, is_bought=False)
    match after:
        case AfterRefusal.PICK_ANOTHER:
            return False
        case AfterRefusal.TRY_LATER:
            raise error
        case AfterRefusal.GIVE_UP:
            raise _Stopped(Failure.of_refusal(error))
        case _:
            assert_never(after)


def _after_trouble(run: _Run, error: CarrierError) -> Purchase | Later:
    log.warning("carrier not available for buying", job=run.job_id, code=error.code)
    # What was begun has to be settled first, however long that takes.
    if not _intents(run):
        if not error.retryable:
            return _end(run, Failure.of_refusal(error))
        if is_given_up(run.job(), now=run.clock()):
            return _end(run, Failure.of(FailureCode.CARRIER_UNAVAILABLE))
    return _postpone(run, _next_try(run, error.retry_after), has_failed=True)


def _next_try(run: _Run, retry_after: float | None = None) -> float:
    return next_try_at(now=run.clock(), pauses=run.job().pauses, retry_after=retry_after)


def _postpone(run: _Run, until: float, *, has_failed: bool) -> Later:
    run.services.store.purchases.postpone(
        run.job_id, token=run.token, until=until, has_failed=has_failed
    )
    if not has_failed:
        run.services.jobs.buy_numbers(run.job_id)
    return Later(until)


def _end(run: _Run, *failures: Failure) -> Purchase | Later:
    status = JobStatus.FAILED if failures else JobStatus.DONE
    run.services.store.purchases.end(run.job_id, status, failures, token=run.token, now=run.clock())
    job = run.job()
    if job.ended_at is None:
        return Later(run.clock())  # somebody else has taken it over meanwhile
    log.info(
        "purchase ended",
        job=job.id,
        wanted=job.wanted,
        bought=len(job.bought),
        failures=[failure.code for failure in job.failures],
    )
    run.watch(job)
    return job
