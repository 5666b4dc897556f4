"""Compares the carrier's list of numbers with the pools, both ways, and mends what it may.

The list is a moment old when it is compared: each difference is looked at once more before
anything is done about it. No number is released that nobody gave back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import structlog

from relay.carrier.numbers import OwnedNumber, is_pointed_here
from relay.domain.errors import CarrierError
from relay.domain.number_comparison import (
    Comparison,
    Discrepancy,
    Finding,
)
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.domain.purchase import pool_of_label
from relay.workflows.buy_numbers import Clock, buy_numbers
from relay.workflows.import_number import point_here, webhooks_of
from relay.workflows.pass_over_unreachable import pass_over_unreachable
from relay.workflows.release_numbers import finish_release
from relay.workflows.services import Services
from relay.workflows.take_number_in import (
    add_to_pool,
    is_of_this_account,
    join_service,
)

log = structlog.get_logger()

#: Repairs end then; the next comparison goes on with what is left. In seconds.
_TURN = 60.0


@dataclass(frozen=True)
class _Look:
    """One comparison: what the carrier lists, and whether there is to be mended, and until when."""

    services: Services
    listed: dict[str, OwnedNumber]
    members: frozenset[str] | None
    clock: Clock
    fix: bool
    until: float

    def mend(self, finding: Finding, repair: Callable[[], bool]) -> Finding:
        if not self.fix or self.clock() >= self.until:
            return finding
        try:
            return replace(finding, is_repaired=repair())
        except CarrierError as error:
            return replace(finding, error=error.code)


def reconcile_numbers(services: Services, *, clock: Clock, fix: bool = True) -> Comparison | None:
    """What differs, and whether it is mended; None when the carrier gives no list.

    Raises Unavailable when the store is away; a pool that alone is away is left out.
    """
    ours = _our_numbers(services)
    try:
        look = _look(services, clock, fix=fix)
    except CarrierError as error:
        log.warning("numbers not compared", code=error.code)
        return None
    findings = [*_compare_pools(look, ours), *_compare_rest(look)]
    comparison = Comparison(at=int(clock()), rented=len(look.listed), findings=tuple(findings))
    for finding in findings:
        _tell(finding)
    log.info("numbers compared", rented=comparison.rented, findings=len(findings))
    services.store.comparisons.note(comparison)
    return comparison


def _look(services: Services, clock: Clock, *, fix: bool) -> _Look:
    until = clock() + _TURN
    carrier = services.carrier.numbers
    has_service = bool(services.settings.twilio_messaging_service_sid)
    return _Look(
        services=services,
        listed={owned.number: owned for owned in carrier.list_owned()},
        members=frozenset(carrier.service_members()) if has_service else None,
        clock=clock,
        fix=fix,
        until=until,
    )


def _our_numbers(services: Services) -> list[VirtualNumber]:
    numbers: list[VirtualNumber] = []
    for pool in services.store.pools.names():
        with pass_over_unreachable(pool=pool, step="compare"):
            numbers += services.store.numbers.of_pool(pool)
    return numbers


def _compare_pools(look: _Look, ours: Sequence[VirtualNumber]) -> Iterator[Finding]:
    for number in ours:
        with pass_over_unreachable(pool=number.pool, step="compare"):
            yield from _compare_number(look, number)


def _compare_number(look: _Look, number: VirtualNumber) -> Iterator[Finding]:
    owned = look.listed.get(number.number)
    if owned is None:
        yield from _miss(look, number)
        return
    if owned.sid != number.carrier_sid or number.account not in {"", owned.account}:
        found = Finding(kind=Discrepancy.RENTED_ANEW, number=number.number, pool=number.pool)
        yield look.mend(found, lambda: _follow_rental(look, number, owned))
    found = Finding(kind=Discrepancy.POINTS_ELSEWHERE, number=number.number, pool=number.pool)
    if not is_pointed_here(owned, **webhooks_of(look.services)):
        yield look.mend(found, lambda: point_here(look.services, owned))
    if number.sms and look.members is not None and owned.sid not in look.members:
        found = replace(found, kind=Discrepancy.NOT_JOINED)
        yield look.mend(found, lambda: join_service(look.services, owned))


def _miss(look: _Look, number: VirtualNumber) -> Iterator[Finding]:
    """No new session may get a number that we do not own. What drains is on its way out."""
    services = look.services
    if not is_of_this_account(services, number.account):
        yield Finding(kind=Discrepancy.OTHER_ACCOUNT, number=number.number, pool=number.pool)
        return
    if look.clock() >= look.until:
        return  # the next comparison looks
    try:
        if services.carrier.numbers.find_owned(number.number) is not None:
            return  # bought or imported since the list was made
    except CarrierError:
        return
    found = Finding(kind=Discrepancy.MISSING, number=number.number, pool=number.pool)
    if number.status.is_allocatable:
        yield look.mend(
            found,
            lambda: services.store.numbers.set_status(
                number.number,
                number.pool,
                NumberStatus.RESERVED,
                expected=number.status,
            ),
        )
    else:
        yield found


def _follow_rental(look: _Look, number: VirtualNumber, owned: OwnedNumber) -> bool:
    """Its release must name the rental and the account of now: numbers move between accounts."""
    add_to_pool(look.services, owned, number.pool, now=look.clock())
    return True


def _compare_rest(look: _Look) -> Iterator[Finding]:
    """Numbers that we pay for and that are in no pool."""
    store = look.services.store
    for number, owned in look.listed.items():
        with pass_over_unreachable(virtual_number=number, step="compare"):
            store.numbers.forget(number)
            if store.numbers.get(number) is None:
                yield from _compare_unused(look, owned)


def _compare_unused(look: _Look, owned: OwnedNumber) -> Iterator[Finding]:
    store = look.services.store
    pool = store.numbers.pool_of(owned.number) or pool_of_label(owned.label)
    if pool is None:
        yield Finding(kind=Discrepancy.FOREIGN, number=owned.number)
        return
    found = Finding(kind=Discrepancy.UNUSED, number=owned.number, pool=pool)
    release = store.numbers.releasing(pool).get(owned.number)
    if release is not None:
        unfinished = replace(found, kind=Discrepancy.RELEASE_UNFINISHED)
        yield look.mend(
            unfinished, lambda: finish_release(look.services, pool, release, clock=look.clock)
        )
        return
    intents = {intent.number: intent.job for intent in store.purchases.intents(pool)}
    if owned.number in intents:
        unfinished = replace(found, kind=Discrepancy.PURCHASE_UNFINISHED)
        yield look.mend(
            unfinished, lambda: _finish_purchase(look, owned.number, intents[owned.number])
        )
        return
    if look.services.carrier.numbers.find_owned(owned.number) is not None:
        yield found


def _finish_purchase(look: _Look, number: str, job_id: str) -> bool:
    """Whose buyer is at work is finished by it; else by us."""
    buy_numbers(look.services, job_id, clock=look.clock)
    look.services.store.numbers.forget(number)
    return look.services.store.numbers.get(number) is not None


def _tell(finding: Finding) -> None:
    if finding.kind.is_trouble:
        log.warning(
            "numbers differ",
            kind=finding.kind,
            virtual_number=finding.number,
            pool=finding.pool,
            repaired=finding.is_repaired,
            code=finding.error,
        )
