"""Puts a number that was bought into its pool, and finds out whether one was bought at all."""

from __future__ import annotations

import structlog

from relay.carrier.numbers import OwnedNumber
from relay.domain.errors import CarrierError, Conflict
from relay.domain.purchase import Intent, Settled, label_of, settle
from relay.domain.session import pool_of
from relay.workflows.point_here import webhooks_of
from relay.workflows.services import Services

log = structlog.get_logger()


def take_number_in(services: Services, job_id: str, owned: OwnedNumber, *, now: float) -> Settled:
    """Joins the messaging service, then the pool: a number that can be allocated must be able to
    text. Every step may be done again. Raises CarrierError, Unavailable."""
    try_to_join(services, owned)
    pool = pool_of(job_id)
    try:
        add_to_pool(services, owned, pool, now=now)
    except Conflict:
        log.warning("bought number is in another pool", owned_number=owned.number, pool=pool)
        services.store.purchases.settle(job_id, owned.number, is_bought=False)
        return Settled.NOT_BOUGHT
    if services.store.purchases.settle(job_id, owned.number, is_bought=True):
        log.info("number bought", owned_number=owned.number, pool=pool, job=job_id)
    return Settled.BOUGHT


def add_to_pool(services: Services, owned: OwnedNumber, pool: str, *, now: float) -> bool:
    """As the carrier has it; one that is there already follows its rental. False when it was there.
    Raises Conflict, Unavailable."""
    return services.store.numbers.add(
        owned.number,
        pool,
        carrier_sid=owned.sid,
        capabilities=_capabilities_of(owned),
        now=now,
        rented_since=owned.rented_since,
        account=owned.account,
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


def check_service(services: Services, owned: OwnedNumber) -> None:
    """Raises CarrierError for a messaging service in which the number would get no texts, and when
    that cannot be found out."""
    if _is_to_join(services, owned):
        services.carrier.numbers.check_service(sms_url=webhooks_of(services)["sms_url"])


def join_service(services: Services, owned: OwnedNumber) -> bool:
    """Joins the messaging service where one is set and the number can text; True when it has
    nothing left to do. Raises CarrierError."""
    if _is_to_join(services, owned):
        services.carrier.numbers.join_service(owned.sid, sms_url=webhooks_of(services)["sms_url"])
    return True


def _is_to_join(services: Services, owned: OwnedNumber) -> bool:
    return owned.sms and bool(services.board.messaging_service_sid)


def try_to_join(services: Services, owned: OwnedNumber) -> None:
    """Raises CarrierError for what may be tried again."""
    try:
        join_service(services, owned)
    except CarrierError as error:
        if error.retryable:
            raise
        # It is rented, and can be called; reconciling tries again and says so each time.
        log.warning("number not in messaging service", owned_number=owned.number, code=error.code)


def _capabilities_of(owned: OwnedNumber) -> str:
    letters = {"v": owned.voice, "s": owned.sms, "m": owned.mms}
    return "".join(letter for letter, can in letters.items() if can)
