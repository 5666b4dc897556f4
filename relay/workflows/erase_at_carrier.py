"""Delete the carrier's records of the calls and texts of who was erased, as soon as these are over:
both ways, and each leg and attempt.

They are those that the sessions' interactions name. What no record of ours names (our notices, a
text that was refused) is deleted by its age (``delete_old_records.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from relay.carrier.records import CarrierRecords
from relay.domain.errors import CarrierError
from relay.domain.policy import DAY
from relay.domain.texts import Message
from relay.store.carrier_erasures import CarrierErasure
from relay.store.interactions import Place
from relay.workflows.pass_over_failures import pass_over_refusal
from relay.workflows.services import Services

log = structlog.get_logger()

Clock = Callable[[], float]

#: How long one run goes on, in seconds; the next one is ten seconds later.
_TURN = 5.0
#: Requests side by side.
_AT_ONCE = 4


def erase_at_carrier(services: Services, *, clock: Clock) -> None:
    """Safe side by side with itself. Trouble at the carrier ends the run, and the next one goes on
    there. Raises Unavailable."""
    until, at_carrier = clock() + _TURN, services.store.erasures.at_carrier
    try:
        for erasure in at_carrier.pending():
            if _is_done(services, erasure, clock, until):
                at_carrier.note_done(erasure)
                log.info("erased at the carrier", role=erasure.role, ref=erasure.ref)
    except CarrierError as error:
        board = services.board.name
        pass_over_refusal(services.store, error, "not erased at the carrier", board=board)


def _is_done(services: Services, erasure: CarrierErasure, clock: Clock, until: float) -> bool:
    at_carrier, is_done = services.store.erasures.at_carrier, True
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for places in at_carrier.left(erasure):
            if clock() >= until:
                return False
            ids = [place.id for place in places if not place.is_call]
            texts = dict(zip(ids, services.store.messages.read_many(ids), strict=True))
            deletes = partial(_deletes, services.carrier.records, texts, clock())
            is_gone = list(threads.map(deletes, places))
            gone = [place for place, yes in zip(places, is_gone, strict=True) if yes]
            at_carrier.note_gone(erasure, gone)
            is_done = is_done and len(gone) == len(places)
    return is_done


def _deletes(
    records: CarrierRecords, texts: Mapping[str, Message | None], now: float, place: Place
) -> bool:
    """Whether the carrier has nothing of a call or a text any more, and will have nothing. Raises
    CarrierError."""
    if place.is_call:
        return records.delete_call(place.id)
    text = texts[place.id]
    if text is None:
        return True
    left = [sid for sid in text.carrier_sids if not records.delete(sid)]
    return not left and not _may_get_another_sid(text, now)


def _may_get_another_sid(text: Message, now: float) -> bool:
    """It waits to be sent, or its last attempt is not settled."""
    is_with_carrier = text.status.is_final or bool(text.carrier_sid)
    return not is_with_carrier and now <= text.expires_at + DAY
