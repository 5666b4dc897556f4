"""After the store has gone back to a backup: learns from the carrier what has happened since.

Runs while nothing else does (``docs/backup.md``). Safe to run again, as often as it takes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from relay.domain.errors import CarrierError
from relay.domain.number_comparison import Finding
from relay.domain.purchase import Failure, FailureCode, JobStatus, Purchase, Settled
from relay.store.purchases import Begun
from relay.workflows.deployment import Deployment
from relay.workflows.reconcile_inbound import reconcile_inbound
from relay.workflows.reconcile_numbers import reconcile_numbers
from relay.workflows.services import Services
from relay.workflows.take_number_in import settle_intent

log = structlog.get_logger()

Clock = Callable[[], float]

#: Until a run has gone through, everything is in doubt. POSIX seconds.
_NOT_ENDED = 99_999_999_999.0
#: A snapshot says of itself when it ended, and is of when it began. In seconds.
SNAPSHOT_MARGIN = 120.0
#: A look begins a little before the mark; one that is on record in Redis, no further back than that
#: (P9). In seconds.
_SPARE = 3600.0


@dataclass
class Reconciled:
    """``waiting``: texts and notices that are looked up at the carrier before they are sent.
    ``news``: texts from the carrier's list that were taken on. ``ended``: purchases, by id.
    ``to_repeat``: what could not be done, in words."""

    waiting: int = 0
    news: int = 0
    ended: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    to_repeat: list[str] = field(default_factory=list)


def snapshot_on_record(deployment: Deployment) -> float | None:
    """The moment that an earlier run went by; else one that is at most a minute or two before the
    backup, as the store says: until when all texts were fetched. None where an account's were
    never. Raises Unavailable."""
    noted = [services.store.messages.outbox.restored() for services in deployment.boards()]
    earlier = [run[0] + SNAPSHOT_MARGIN for run in noted if run]
    return min(earlier) if earlier else _when_fetched(deployment)


def _when_fetched(deployment: Deployment) -> float | None:
    marks = [
        boards[0].store.messages.fetched.until(boards[0].account.sid)
        for boards in deployment.accounts()
    ]
    known = [mark for mark in marks if mark is not None]
    return min(known) if len(known) == len(marks) else None


def reconcile_restored(deployment: Deployment, *, snapshot_at: float, clock: Clock) -> Reconciled:
    """Ends purchases under way, compares the numbers, and takes on the texts, STOPs among them,
    that came in since ``snapshot_at``. What waits is looked for at the carrier before it is sent.
    Raises Unavailable."""
    done, since = Reconciled(), snapshot_at - SNAPSHOT_MARGIN
    for services in deployment.boards():
        services.store.messages.outbox.note_restored(snapshot_at=since, ended_at=_NOT_ENDED)
    for boards in deployment.accounts():
        for services in boards:
            _end_purchases(services, done, clock)
        _compare_numbers(boards, done, clock)
        _fetch_inbound(boards, done, since, clock)
    ended_at = _NOT_ENDED if done.to_repeat else clock()
    for services in deployment.boards():
        done.waiting += services.store.messages.outbox.note_restored(
            snapshot_at=since, ended_at=ended_at
        )
    log.info("restored", waiting=done.waiting, news=done.news, to_repeat=len(done.to_repeat))
    return done


# --- purchases ------------------------------------------------------------------------


def _end_purchases(services: Services, done: Reconciled, clock: Clock) -> None:
    """What one has bought since is not known: to go on might buy it twice."""
    for pool in services.store.pools.names():
        for job in services.store.purchases.unfinished(pool):
            if _end_purchase(services, job, clock):
                done.ended.append(job.id)
            else:
                done.to_repeat.append(f"whether {job.id} has bought a number is not known yet")


def _end_purchase(services: Services, job: Purchase, clock: Clock) -> bool:
    purchases, token = services.store.purchases, secrets.token_urlsafe(9)
    if not isinstance(purchases.begin(job.id, token=token, now=clock()), Begun):
        return False
    try:
        settled = [
            settle_intent(services, intent, now=clock())
            for intent in purchases.intents(job.pool)
            if intent.job == job.id
        ]
    except CarrierError as error:
        log.warning("purchase not settled", job=job.id, code=error.code)
        settled = [Settled.UNKNOWN]
    if Settled.UNKNOWN in settled:
        purchases.postpone(job.id, token=token, until=clock(), has_failed=False)
        return False
    failures = (Failure.of(FailureCode.RESTORED),)
    return purchases.end(job.id, JobStatus.FAILED, failures, token=token, now=clock())


# --- numbers and texts ----------------------------------------------------------------


def _compare_numbers(boards: Sequence[Services], done: Reconciled, clock: Clock) -> None:
    comparison = reconcile_numbers(boards, clock=clock)
    if comparison is None:
        done.to_repeat.append(f"Twilio did not list the numbers of {boards[0].account.sid}")
        return
    done.findings += [finding for finding in comparison.findings if finding.kind.is_trouble]


def _fetch_inbound(
    boards: Sequence[Services], done: Reconciled, since: float, clock: Clock
) -> None:
    """All that came in since then; each run of the reconciliation reads for a while."""
    account, fetched = boards[0].account.sid, boards[0].store.messages.fetched
    fetched.forget_unfinished(account)
    fetched.note_until(account, since)
    for news in _runs(boards, since, clock):
        done.news += news
    if fetched.until(account) == since:
        done.to_repeat.append(f"Twilio did not list all texts to {account}")


def _runs(boards: Sequence[Services], since: float, clock: Clock) -> Iterator[int]:
    """Until the list has been gone through, or nothing moves any more."""
    account, fetched = boards[0].account.sid, boards[0].store.messages.fetched
    place = None
    while True:
        yield reconcile_inbound(boards, clock=clock, furthest=clock() - since + _SPARE)
        look = fetched.unfinished(account)
        if look is None or look.place == place:
            return
        place = look.place
