"""Compares a carrier account's list of numbers with the pools of the boards that use it, both ways,
and mends what it may.

The list is a moment old when it is compared: each difference is looked at once more before
anything is done about it. No number is released that nobody gave back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from relay.carrier.numbers import OwnedNumber, is_pointed_here
from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError
from relay.domain.number_comparison import (
    Comparison,
    Discrepancy,
    Finding,
)
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.domain.purchase import place_of_label
from relay.store.alarms import Alarm
from relay.workflows.buy_numbers import Clock, buy_numbers
from relay.workflows.distrust import distrust
from relay.workflows.follow_registrations import follow_registrations
from relay.workflows.join_service import join_service, services_of_board
from relay.workflows.leave_lost_number import (
    is_rented,
    leave_lost_number,
    set_aside,
    take_back,
)
from relay.workflows.pass_over_failures import (
    pass_over_failures,
    pass_over_refusal,
    pass_over_unavailable,
)
from relay.workflows.point_here import point_here, webhooks_of
from relay.workflows.release_numbers import finish_release
from relay.workflows.services import Services
from relay.workflows.take_number_in import (
    add_to_pool,
    is_of_this_account,
)

log = structlog.get_logger()

#: Repairs end then; the next comparison goes on with what is left. In seconds.
_TURN = 60.0


@dataclass(frozen=True)
class _Look:
    """One comparison, for one board: what the carrier lists, and whether there is to be mended, and
    until when."""

    services: Services
    listed: dict[str, OwnedNumber]
    #: Whether the account rents any number of these boards: else it is not theirs, or it is looked
    #: for in another region, and no loss is believed.
    knows_us: bool
    members: frozenset[str] | None
    clock: Clock
    fix: bool
    until: float

    @property
    def board(self) -> str:
        return self.services.board.name

    def found(self, kind: Discrepancy, number: VirtualNumber) -> Finding:
        return Finding(kind=kind, board=self.board, number=number.number, pool=number.pool)

    def mend(self, finding: Finding, repair: Callable[[], bool]) -> Finding:
        if not self.fix or self.clock() >= self.until:
            return finding
        try:
            return replace(finding, is_repaired=repair())
        except CarrierError as error:
            return replace(finding, error=error.code)


def reconcile_numbers(boards: Sequence[Services], *, clock: Clock) -> Comparison | None:
    """Compares and mends; None when the carrier gives no list, which it may next time. Raises
    Unavailable as ``compare_numbers``."""
    try:
        return compare_numbers(boards, clock=clock, fix=True)
    except CarrierError as error:
        first = boards[0]
        pass_over_refusal(first.store, error, "numbers not compared", account=first.account.sid)
        return None


def compare_numbers(boards: Sequence[Services], *, clock: Clock, fix: bool) -> Comparison:
    """What differs on the account that these boards use, and whether it is mended.

    Raises CarrierError when the carrier gives no list, Unavailable when the store is away; a board
    or a pool that alone is away is left out.
    """
    account = boards[0].account.sid
    ours = {services.board.name: _our_numbers(services) for services in boards}
    looks = _looks(boards, ours, clock, fix=fix)
    rented = looks[0].listed
    found = [finding for look in looks for finding in _compare_pools(look, ours[look.board])]
    findings = (*found, *_compare_rest({look.board: look for look in looks}))
    comparison = Comparison(at=int(clock()), rented=len(rented), findings=findings)
    for finding in findings:
        _tell(finding)
    log.info("numbers compared", account=account, rented=len(rented), findings=len(findings))
    boards[0].store.comparisons.note(account, comparison, boards=ours)
    if fix:
        # Numbers have joined services just now.
        follow_registrations(boards, now=comparison.at)
    return comparison


def _looks(
    boards: Sequence[Services],
    ours: Mapping[str, Sequence[VirtualNumber]],
    clock: Clock,
    *,
    fix: bool,
) -> list[_Look]:
    until = clock() + _TURN
    listed = {owned.number: owned for owned in boards[0].carrier.numbers.list_owned()}
    knows_us = any(number.number in listed for numbers in ours.values() for number in numbers)
    return [
        _Look(
            services=services,
            listed=listed,
            knows_us=knows_us,
            members=_members(services),
            clock=clock,
            fix=fix,
            until=until,
        )
        for services in boards
    ]


def _members(services: Services) -> frozenset[str] | None:
    """Of the board's messaging services; None where it has none, or the carrier does not tell."""
    if not services.board.messaging_services:
        return None
    try:
        found = services_of_board(services)
    except CarrierError as error:
        about = {"board": services.board.name}
        pass_over_refusal(services.store, error, "services not compared", **about)
        return None
    return frozenset(sender.sid for service in found for sender in service.senders)


def _our_numbers(services: Services) -> list[VirtualNumber]:
    numbers: list[VirtualNumber] = []
    with pass_over_failures(services.store, board=services.board.name, step="compare"):
        for pool in services.store.pools.names():
            with pass_over_unavailable(services, pool=pool, step="compare"):
                numbers += services.store.numbers.of_pool(pool)
    return numbers


def _compare_pools(look: _Look, ours: Sequence[VirtualNumber]) -> Iterator[Finding]:
    lost: list[VirtualNumber] = []
    with pass_over_failures(look.services.store, board=look.board, step="compare"):
        for number in ours:
            with pass_over_unavailable(look.services, pool=number.pool, step="compare"):
                if _was_entered(look, number):
                    yield from _compare_number(look, number, lost)
        # When all that are lost are set aside: no session goes from one to another.
        for number in lost:
            with pass_over_unavailable(look.services, pool=number.pool, step="compare"):
                yield look.mend(look.found(Discrepancy.MISSING, number), _leaving(look, number))


def _was_entered(look: _Look, number: VirtualNumber) -> bool:
    """False where somebody else has written the number into the pool, to have us point it here or
    take it from another board (P9)."""
    place = NumberPlace(look.board, number.pool)
    if look.services.store.number_map.look_again(number.number) != place:
        distrust(look.services, Alarm.NUMBER, "in a pool that it was not put in", pool=number.pool)
        return False
    return True


def _compare_number(
    look: _Look, number: VirtualNumber, lost: list[VirtualNumber]
) -> Iterator[Finding]:
    owned = look.listed.get(number.number)
    if owned is None:
        yield from _miss(look, number, lost)
        return
    if owned.sid != number.carrier_sid or number.account not in {"", owned.account}:
        found = look.found(Discrepancy.RENTED_ANEW, number)
        yield look.mend(found, lambda: _follow_rental(look, number, owned))
    if number.status is NumberStatus.RELEASED:
        found = look.found(Discrepancy.RETURNED, number)
        yield look.mend(found, lambda: take_back(look.services, number))
    if not is_pointed_here(owned, **webhooks_of(look.services)):
        found = look.found(Discrepancy.POINTS_ELSEWHERE, number)
        yield look.mend(found, lambda: point_here(look.services, owned))
    if number.sms and look.members is not None and owned.sid not in look.members:
        found = look.found(Discrepancy.NOT_JOINED, number)
        yield look.mend(found, lambda: join_service(look.services, owned) is not None)


def _miss(look: _Look, number: VirtualNumber, lost: list[VirtualNumber]) -> Iterator[Finding]:
    """No new session may get a number that we do not own; whose session is on it gets another."""
    services = look.services
    if not is_of_this_account(services, number.account):
        yield look.found(Discrepancy.OTHER_ACCOUNT, number)
        return
    if look.clock() >= look.until:
        return  # the next comparison looks
    try:
        if is_rented(services, number):
            return  # bought or imported since the list was made
    except CarrierError:
        return
    found = look.found(Discrepancy.MISSING, number)
    if not look.fix:
        yield found
    elif look.knows_us:
        if set_aside(services, number):
            lost.append(number)
    else:
        yield look.mend(found, lambda: _reserve(services, number))


def _leaving(look: _Look, number: VirtualNumber) -> Callable[[], bool]:
    return lambda: leave_lost_number(look.services, number, clock=look.clock, until=look.until)


def _reserve(services: Services, number: VirtualNumber) -> bool:
    return number.status.is_allocatable and services.store.numbers.set_status(
        number.number, number.pool, NumberStatus.RESERVED, expected=number.status
    )


def _follow_rental(look: _Look, number: VirtualNumber, owned: OwnedNumber) -> bool:
    """Its release must name the rental and the account of now: numbers move between accounts."""
    add_to_pool(look.services, owned, number.pool, now=look.clock())
    return True


def _compare_rest(looks: Mapping[str, _Look]) -> Iterator[Finding]:
    """Numbers that we pay for and that are in no pool of these boards."""
    some = next(iter(looks.values()))
    number_map = some.services.store.number_map
    of_boards: dict[str, list[tuple[OwnedNumber, str]]] = {board: [] for board in looks}
    for number, owned in some.listed.items():
        entered = number_map.look_again(number)
        place = entered or place_of_label(owned.label)
        if place is None:
            yield Finding(kind=Discrepancy.FOREIGN, number=number)
        elif place.board in looks:
            of_boards[place.board].append((owned, place.pool))
        elif entered is None:
            # Bought for a board that is no more, or that uses another account by now.
            yield Finding(
                kind=Discrepancy.UNUSED, board=place.board, number=number, pool=place.pool
            )
    for board, rented in of_boards.items():
        yield from _compare_rented(looks[board], rented)


def _compare_rented(look: _Look, rented: Sequence[tuple[OwnedNumber, str]]) -> Iterator[Finding]:
    """``rented`` are a board's numbers, each with its pool."""
    with pass_over_failures(look.services.store, board=look.board, step="compare"):
        for owned, pool in rented:
            with pass_over_unavailable(look.services, owned_number=owned.number, step="compare"):
                yield from _compare_unused(look, owned, pool)


def _compare_unused(look: _Look, owned: OwnedNumber, pool: str) -> Iterator[Finding]:
    store = look.services.store
    if store.numbers.get(owned.number) is not None:
        return
    found = Finding(kind=Discrepancy.UNUSED, board=look.board, number=owned.number, pool=pool)
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
    return look.services.store.numbers.get(number) is not None


def _tell(finding: Finding) -> None:
    if finding.kind.is_trouble:
        log.warning(
            "numbers differ",
            kind=finding.kind,
            owned_number=finding.number,
            board=finding.board,
            pool=finding.pool,
            repaired=finding.is_repaired,
            code=finding.error,
        )
