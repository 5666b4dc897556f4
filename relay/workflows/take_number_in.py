"""Puts a number that was bought into its pool, and finds out whether one was bought at all."""

from __future__ import annotations

import structlog

from relay.carrier.numbers import OwnedNumber
from relay.domain.errors import Conflict
from relay.domain.purchase import Intent, Settled, label_of, settle
from relay.domain.registration import SenderService
from relay.domain.session import pool_of
from relay.workflows.find_registration import find_registration
from relay.workflows.join_service import try_to_join
from relay.workflows.services import Services

log = structlog.get_logger()


def take_number_in(services: Services, job_id: str, owned: OwnedNumber, *, now: float) -> Settled:
    """Joins a messaging service, then the pool: a number that can be allocated must be able to
    text. Every step may be done again. Raises CarrierError, Unavailable."""
    service = try_to_join(services, owned)
    pool = pool_of(job_id)
    try:
        add_to_pool(services, owned, pool, service, now=now)
    except Conflict:
        log.warning("bought number is in another pool", owned_number=owned.number, pool=pool)
        services.store.purchases.settle(job_id, owned.number, is_bought=False)
        return Settled.NOT_BOUGHT
    if services.store.purchases.settle(job_id, owned.number, is_bought=True):
        log.info("number bought", owned_number=owned.number, pool=pool, job=job_id)
    return Settled.BOUGHT


def add_to_pool(
    services: Services,
    owned: OwnedNumber,
    pool: str,
    service: SenderService | None = None,
    *,
    now: float,
) -> bool:
    """As the carrier has it; one that is there already follows its rental. ``service``: of the
    board's, the one it is in, where that is known. False when it was there. Raises Conflict,
    NotFound for a pool that is gone, Unavailable."""
    registered = find_registration(services, owned, services.store.pools.get(pool), service)
    return services.store.numbers.add(
        owned.number,
        pool,
        carrier_sid=owned.sid,
        capabilities=_capabilities_of(owned),
        now=now,
        rented_since=owned.rented_since,
        account=owned.account,
        registered=registered,
    )


def settle_intent(services: Services, intent: Intent, *, now: float) -> Settled:
    """Looks into the account's list before anything else is bought: the answer to a purchase may
    have been lost, or its buyer killed. Another account's list says nothing. Raises CarrierError,
    Unavailable."""
    if not is_of_this_account(services, intent.account):
        log.error("purchase of another account", owned_number=intent.number, job=intent.job)
        return Settled.UNKNOWN
    owned = services.carrier.numbers.find_owned(intent.number)
    is_ours = owned is not None and owned.label == label_of(
        services.board.name, pool_of(intent.job)
    )
    settled = settle(is_ours=is_ours, is_owned=owned is not None, since=intent.since, now=now)
    if settled is Settled.BOUGHT and owned is not None:
        return take_number_in(services, intent.job, owned, now=now)
    if settled is Settled.NOT_BOUGHT:
        services.store.purchases.settle(intent.job, intent.number, is_bought=False)
    return settled


def is_of_this_account(services: Services, account: str) -> bool:
    """Whether our credentials are those of the account that rents a number."""
    return account in {"", services.account.sid}


def _capabilities_of(owned: OwnedNumber) -> str:
    letters = {"v": owned.voice, "s": owned.sms, "m": owned.mms}
    return "".join(letter for letter, can in letters.items() if can)
