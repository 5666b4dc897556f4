"""When a pool will run out of numbers, with the figures behind it; and the samples for that."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from relay.domain.forecast import LOOK_BACK, Forecast, Sample, forecast
from relay.domain.policy import DAY
from relay.domain.pool import Pool, PoolFigures
from relay.workflows.estimate_traffic import estimate_traffic
from relay.workflows.pass_over_failures import pass_over_unavailable
from relay.workflows.services import Services

log = structlog.get_logger()


@dataclass(frozen=True)
class Outlook:
    figures: PoolFigures
    forecast: Forecast


def forecast_pool(services: Services, pool: Pool, *, now: float) -> Outlook:
    """What the pool holds now, and what will become of it. Raises Unavailable."""
    figures = services.store.pools.figures(pool.name)
    history = services.store.history
    beyond_all, beyond_one_more = history.recruiters_beyond(
        pool.name, figures.allocatable, figures.allocatable + 1
    )
    return Outlook(
        figures,
        forecast(
            pool,
            figures,
            [*history.since(pool.name, now - LOOK_BACK), _sample(figures, now)],
            now=now,
            beyond_all=beyond_all,
            beyond_one_more=beyond_one_more,
            spent=estimate_traffic(services, pool, since=now - LOOK_BACK + DAY),
        ),
    )


def sample_pools(services: Services, *, now: float) -> None:
    """Notes what each pool holds; a pool that is away does not hold up the others. Raises
    Unavailable when their names cannot be read."""
    for name in services.store.pools.names():
        with pass_over_unavailable(services, pool=name, step="sample"):
            figures = services.store.pools.figures(name)
            services.store.history.note(name, _sample(figures, now))


def _sample(figures: PoolFigures, now: float) -> Sample:
    return Sample(
        at=int(now),
        bound=figures.bound,
        candidate_bound=figures.candidate_bound,
        allocatable=figures.allocatable,
        open_sessions=figures.open_sessions,
        cooling_bindings=figures.cooling_bindings,
    )
