"""Ends the calls of people who were erased, while they ring.

The guard hangs up by itself; the leg of a recruiter who has none would be connected when it is
picked up.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import structlog

from relay.domain.errors import CarrierError
from relay.domain.participant import Role
from relay.workflows.services import Services

log = structlog.get_logger()


def end_ringing_calls(services: Services, people: AbstractSet[tuple[Role, str]]) -> None:
    """``people`` by role and ref. A call that is over by then is passed over. Raises
    Unavailable."""
    for call in services.store.calls.ringing_of_erased(people):
        try:
            services.carrier.calls.end(call.sid)
        except CarrierError as error:
            log.warning("call not ended", call=call.id, code=error.code)
        else:
            log.info("call ended, as one of its people was erased", call=call.id)
