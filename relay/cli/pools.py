"""``pools``: numbers of one country and their policy."""

from __future__ import annotations

from dataclasses import replace

import click

from relay.cli.setting_up import services_of_environment
from relay.domain.pool import Pool, PoolFigures
from relay.workflows.put_pool import put_pool

_SECONDS = click.IntRange(min=1)


@click.group()
def pools() -> None:
    """Pools of virtual numbers."""


@pools.command()
@click.argument("name")
@click.option("--country", required=True, help="ISO 3166 code, such as US.")
@click.option("--default-ttl", type=_SECONDS, help="Seconds a session lasts unless it is told.")
@click.option("--max-ttl", type=_SECONDS, help="Seconds a session lasts at most.")
@click.option("--cooldown", type=_SECONDS, help="Seconds: both cooldowns at once.")
@click.option("--candidate-cooldown", type=_SECONDS, help="Seconds a candidate's binding cools.")
@click.option("--recruiter-cooldown", type=_SECONDS, help="Seconds a recruiter's binding cools.")
@click.option("--allow", "allowed_countries", multiple=True, help="A country of people's phones.")
def put(
    name: str,
    country: str,
    cooldown: int | None,
    allowed_countries: tuple[str, ...],
    **durations: int | None,
) -> None:
    """Create a pool, or change its policy; what is left out takes its default."""
    if cooldown is not None:
        for side in ("candidate_cooldown", "recruiter_cooldown"):
            durations[side] = durations[side] or cooldown
    given = {field: seconds for field, seconds in durations.items() if seconds is not None}
    pool = Pool(name=name, country=country, allowed_countries=allowed_countries)
    services = services_of_environment()
    done = put_pool(services, replace(pool, **given))  # type: ignore[arg-type]  # all are seconds
    _show(done.pool, services.store.pools.figures(name))


@pools.command("list")
def list_pools() -> None:
    """List the pools: name, country, numbers, open sessions, headroom."""
    store = services_of_environment().store
    for pool in store.pools.all():
        _show(pool, store.pools.figures(pool.name))


def _show(pool: Pool, figures: PoolFigures) -> None:
    numbers = sum(figures.numbers.values())
    click.echo(
        f"{pool.name}  {pool.country}  {numbers} numbers  {figures.open_sessions} open sessions  "
        f"headroom {figures.headroom}"
    )
