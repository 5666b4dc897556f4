"""Delete what the carrier keeps about calls and texts when it is as old as a pool's policy says:
its logs hold both real numbers, and the words.

They are found in the carrier's own lists, number by number, once a day. So nothing is left out that
we have no record of: a stranger's call, a text that was refused, our polite answer to it, or the
carrier's own to a STOP.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from relay.carrier.records import CarrierRecords
from relay.domain.board import NumberPlace
from relay.domain.errors import CarrierError
from relay.domain.policy import DAY
from relay.store.alarms import Alarm
from relay.workflows.distrust import distrust
from relay.workflows.pass_over_failures import pass_over_refusal, pass_over_unavailable
from relay.workflows.services import Services

log = structlog.get_logger()

Clock = Callable[[], float]

#: How long one run goes on, in seconds; the next one is a minute later.
_TURN = 20.0
#: Records of one number that are listed, and then deleted, before it is listed anew: what is
#: deleted moves the pages of a list.
_BATCH = 100
#: Requests side by side: a day of 100,000 relayed texts is three records a second to delete.
_AT_ONCE = 4


def delete_old_records(services: Services, *, clock: Clock) -> None:
    """Safe side by side with itself. Trouble at the carrier ends the run; the next one goes on with
    the numbers that are left. Raises Unavailable."""
    until = clock() + _TURN
    try:
        for pool in services.store.pools.names():
            with pass_over_unavailable(services, pool=pool, step="delete old records"):
                _delete_of_pool(services, pool, clock, until)
    except CarrierError as error:
        board = services.board.name
        pass_over_refusal(services.store, error, "old records not deleted", board=board)


def _delete_of_pool(services: Services, name: str, clock: Clock, until: float) -> None:
    pool = services.store.pools.get(name)
    if pool is None or pool.carrier_retention is None:
        return
    swept = services.store.numbers.swept
    for number in swept.due(name, before=clock() - DAY):
        if clock() >= until:
            return
        if not services.store.numbers.is_in(number, name):
            # Somebody has written it into the pool, to have another one's records deleted (P9).
            distrust(services, Alarm.NUMBER, "in a pool that it was not put in", pool=name)
            continue
        before = clock() - pool.carrier_retention
        if _delete_of_number(services.carrier.records, number, before, clock, until):
            swept.note(name, number, now=clock())
    _delete_of_departed(services, name, clock, until)


def _delete_of_departed(services: Services, name: str, clock: Clock, until: float) -> None:
    swept = services.store.numbers.swept
    for number, is_ours in swept.departed(name).items():
        if not is_ours:
            distrust(services, Alarm.NUMBER, "not one that was in this pool", pool=name)
            swept.forget(name, number)
        elif clock() < until and _has_nothing_left(services, number, name, clock, until):
            swept.forget(name, number)


def _has_nothing_left(
    services: Services, number: str, pool: str, clock: Clock, until: float
) -> bool:
    """Of a number that has left the pool: of one that was given back, whatever its age, since
    nobody looks there later. Raises CarrierError, Unavailable."""
    place = services.store.number_map.look_again(number)
    if place == NumberPlace(services.board.name, pool):
        return False  # the carrier has it still
    if place is not None or services.carrier.numbers.find_owned(number) is not None:
        return True  # another pool's, or what somebody else uses (P9)
    return _delete_of_number(services.carrier.records, number, clock(), clock, until)


def _delete_of_number(
    records: CarrierRecords, number: str, before: float, clock: Clock, until: float
) -> bool:
    """Whether nothing from before then is left, but what cannot be deleted now. Raises
    CarrierError."""
    deleted, kept = 0, set[str]()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        while clock() < until:
            sids = records.of_number(number, before=before, but=kept, most=_BATCH)
            if not sids:
                log.info(
                    "old records deleted", virtual_number=number, records=deleted, kept=len(kept)
                )
                return True
            gone = list(threads.map(records.delete, sids))
            kept.update(sid for sid, is_gone in zip(sids, gone, strict=True) if not is_gone)
            deleted += gone.count(True)
    return False
