"""How large a day is, and what its people's phones are."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.policy import DAY
from relay.domain.pool import Pool
from tests.month.plan import HOUR, START

POOL = Pool(
    name="us",
    country="US",
    default_ttl=4 * DAY,
    candidate_cooldown=3 * DAY,
    recruiter_cooldown=DAY,
    min_headroom=3,
    max_numbers=20,
)
#: When something goes wrong; what lasts does so for a minute.
MACHINES_MEET, SUSPENDED, LOST, SILENT = (START + hour * HOUR for hour in (8, 10, 12, 15))
MINUTE = 60
#: The most numbers that one candidate is on.
BUSIEST_CANDIDATE = 8


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps are in seconds: periodic work whose period is shorter is done once a step.
    ``sessions_before`` were opened the evening before. ``in_trouble``: so many texts are written in
    each of the bad moments. The shares are of recruiters, and of candidates."""

    seed: int = 2026
    step: int = 60
    step_at_night: int = 300
    recruiters: int = 60
    candidates: int = 600
    sessions_before: int = 240
    sessions: int = 80
    calls: int = 1000
    texts: int = 600
    in_trouble: int = 12
    screening: float = 0.30
    landlines: float = 0.05
    opted_out: float = 0.03
    automatic: float = 0.02


FULL = Plan()
SHORT = Plan(
    step=1800,
    step_at_night=900,
    recruiters=20,
    candidates=120,
    sessions_before=40,
    sessions=10,
    calls=60,
    texts=60,
    in_trouble=4,
)
