"""What a pool carries in a day at most, so that nothing that runs away runs up a bill.

A day is one of UTC. Calls that are to be connected and texts that are taken on count, for the pool,
for the session, and for the person who makes them, in the role they have there. As long as a call
is under way it counts all minutes that it may last, ringing included; once it is over, the minutes
that it lasted, rounded up, and none if nobody took it.

The defaults are several times what people do, so that only machines and mistakes meet them:

=======  =====================================================================================
session  one pair: a call every ten minutes around the clock would be 144
person   a recruiter who dials every two minutes for ten hours makes 300 calls
pool     100 calls a day are what one number can bear (``reputation.py``): 500 such numbers
=======  =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from relay.domain.policy import Limit


@dataclass(frozen=True, kw_only=True)
class DailyLimits:
    """None is no limit."""

    calls_per_session: Annotated[Limit | None, "Calls in one session a day, by both sides"] = 100
    calls_per_person: Annotated[Limit | None, "Calls that one person makes a day"] = 500
    calls_per_pool: Annotated[Limit | None, "Calls in the pool a day"] = 50_000
    minutes_per_session: Annotated[Limit | None, "Minutes of calls in one session a day"] = 600
    minutes_per_person: Annotated[
        Limit | None, "Minutes of the calls that one person makes a day"
    ] = 1_440
    minutes_per_pool: Annotated[Limit | None, "Minutes of calls in the pool a day"] = 150_000
    texts_per_session: Annotated[Limit | None, "Texts in one session a day, by both sides"] = 300
    texts_per_person: Annotated[Limit | None, "Texts that one person writes a day"] = 2_000
    texts_per_pool: Annotated[Limit | None, "Texts in the pool a day"] = 100_000
