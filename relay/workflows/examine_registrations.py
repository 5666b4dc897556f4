"""Looks at how the numbers of a board are registered for texting in the United States."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from relay.domain.pool import Pool
from relay.domain.registration import Registration, TextingRegistration
from relay.workflows.board_on_record import BoardOnRecord
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.follow_registrations import Texting, find_registrations, texting_of

_MEND = "docs/compliance.md"


def examine_registrations(board: BoardOnRecord) -> Iterator[Check]:
    """What the carrier says now, pool by pool. Raises CarrierError."""
    texting = [one for pool in board.pools for one in _texting_of(board, pool)]
    stands: dict[str, Counter[Registration]] = {pool.name: Counter() for pool in board.pools}
    for one, registered in find_registrations(texting):
        stands[one.pool.name][registered.registration] += 1
    for pool in board.pools:
        yield from _check_pool(pool, stands[pool.name])


def _texting_of(board: BoardOnRecord, pool: Pool) -> Iterator[Texting]:
    numbers = [one for one in board.numbers if one.pool == pool.name]
    return texting_of(board.services, pool, numbers)


def _check_pool(pool: Pool, stand: Counter[Registration]) -> Iterator[Check]:
    name = f"registration {pool.name}"
    missing = {one: count for one, count in stand.items() if one.is_missing}
    if not missing:
        if stand[Registration.REGISTERED]:
            yield Check(name, Verdict.OK, "US carriers know of its numbers")
        return
    is_required = pool.texting_registration is TextingRegistration.REQUIRED
    nobody_texts = is_required and sum(missing.values()) == stand.total()
    are = "kept from sessions that text" if is_required else "whose texts US carriers refuse"
    for one, count in sorted(missing.items()):
        yield Check(
            name,
            Verdict.FAILED if nobody_texts else Verdict.WARNING,
            f"numbers {are}: {count} of {stand.total()}, since {one.sentence}: {_MEND}",
        )
