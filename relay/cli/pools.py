"""``pools``: numbers of one country and their policy."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import click

from relay.cli.policy_options import given, policy_options
from relay.cli.resets import refuse_to_reset, reset_option
from relay.cli.setting_up import board_option, services_of_environment
from relay.domain.errors import NotFound
from relay.domain.forecast import Growth, SessionCost
from relay.domain.policy import DAY, flatten, unflatten
from relay.domain.pool import NumberStatus, Pool, PoolFigures, VirtualNumber
from relay.workflows.forecast_pool import Outlook, forecast_pool
from relay.workflows.put_pool import change_pool, delete_pool, put_pool


@click.group()
def pools() -> None:
    """Pools of virtual numbers."""


@pools.command()
@click.argument("name")
@click.option("--cooldown", type=click.IntRange(min=1), help="Both cooldowns at once (seconds).")
@policy_options(Pool)
@reset_option
@board_option
def put(name: str, board: str, cooldown: int | None, *, reset: bool, **policy: Any) -> None:
    """Create a pool, or set all of its policy anew (see --reset; `change` sets some of it)."""
    both = dict.fromkeys(("candidate_cooldown", "recruiter_cooldown"), cooldown) if cooldown else {}
    services = services_of_environment(board)
    pool = Pool(name=name, **unflatten(Pool, {**both, **given(Pool, policy)}))
    before = services.store.pools.get(name)
    if before and not reset:
        refuse_to_reset(flatten(before) | both, flatten(pool) | both)
    done = put_pool(services, pool)
    _show(done.pool, services.store.pools.figures(name))


@pools.command()
@click.argument("name")
@click.option("--cooldown", type=click.IntRange(min=1), help="Both cooldowns at once (seconds).")
@policy_options(Pool, all_optional=True)
@board_option
def change(name: str, board: str, cooldown: int | None, **policy: Any) -> None:
    """Change what is named of a pool's policy; the rest stays as it is."""
    both = dict.fromkeys(("candidate_cooldown", "recruiter_cooldown"), cooldown) if cooldown else {}
    named = {**both, **given(Pool, policy)}
    if not named:
        raise click.UsageError("Name an option to change.")
    services = services_of_environment(board)
    pool = change_pool(
        services,
        name,
        lambda before: Pool(name=name, **unflatten(Pool, flatten(before) | named)),
    )
    _show(pool, services.store.pools.figures(name))


@pools.command()
@click.argument("name")
@board_option
def delete(name: str, board: str) -> None:
    """Delete a pool that has no numbers, and no sessions that are open or cooling."""
    delete_pool(services_of_environment(board), name)
    click.echo(f"{name} deleted")


@pools.command("list")
@board_option
def list_pools(board: str) -> None:
    """List the pools: name, country, numbers, open sessions, headroom."""
    store = services_of_environment(board).store
    for pool in store.pools.all():
        _show(pool, store.pools.figures(pool.name))


@pools.command()
@click.argument("name")
@board_option
def show(name: str, board: str) -> None:
    """What a pool holds, when it runs out of numbers, and what one more would change."""
    services = services_of_environment(board)
    pool = services.store.pools.get(name)
    if pool is None:
        raise NotFound("No pool has this name.")
    outlook = forecast_pool(services, pool, now=time.time())
    _show(pool, outlook.figures)
    for line in (*_lines(outlook), _texting(services.store.numbers.of_pool(name))):
        click.echo(f"  {line}")


def _lines(outlook: Outlook) -> Iterator[str]:
    figures, expected = outlook.figures, outlook.forecast
    one_more = expected.one_more
    yield "numbers: " + (_by_status(figures) or "none")
    yield f"bindings: {figures.open_sessions} sessions open, {figures.cooling_bindings} cooling"
    yield (
        f"bound: {figures.bound} for everybody, {figures.candidate_bound} for candidates; "
        f"{expected.deciding_bound} decides, {expected.numbers} numbers may be allocated"
    )
    yield f"growth: {_growth(expected.growth)}"
    yield f"exhausted for the busiest: {_days(expected.days_to_exhaustion)}"
    yield f"rent: {expected.monthly_rent / 100:.2f} a month"
    yield f"traffic: {_traffic(expected.monthly_traffic)}"
    yield f"a session: {_session_cost(expected.session_cost)}"
    yield f"recruiters' phones on access codes: {figures.on_codes} of {figures.recruiters}"
    yield (
        f"one more number: headroom {one_more.headroom}, exhausted "
        f"{_days(one_more.days_to_exhaustion)}, rent {one_more.monthly_rent / 100:.2f} a month, "
        f"up to {one_more.recruiters_freed} phones and {one_more.sessions_freed} bindings "
        "without a code"
    )


def _texting(numbers: Sequence[VirtualNumber]) -> str:
    rented = [number for number in numbers if number.status is not NumberStatus.RELEASED]
    ready = sum(number.is_sms_ready for number in rented)
    stands = Counter(str(number.registration) for number in rented)
    registration = ", ".join(f"{count} {stand}" for stand, count in sorted(stands.items()))
    return f"sms ready: {ready} of {len(rented)}; registration: {registration or 'none'}"


def _by_status(figures: PoolFigures) -> str:
    return ", ".join(f"{count} {status}" for status, count in figures.numbers.items() if count)


def _growth(growth: Growth | None) -> str:
    if growth is None:
        return "not known yet (less than a day of samples)"
    days = (growth.until - growth.since) / DAY
    return f"{growth.per_day:+.2f} a day, by {growth.samples} samples of {days:.1f} days"


def _traffic(monthly: Decimal | None) -> str:
    if monthly is None:
        return "not known yet (less than a day of traffic)"
    return f"about {monthly:.2f} a month, by the price table"


def _session_cost(cost: SessionCost | None) -> str:
    if cost is None:
        return "not known yet"
    return (
        f"about {cost.rent + cost.traffic:.2f} (rent {cost.rent:.2f}, traffic {cost.traffic:.2f}), "
        f"by {cost.sessions} opened lately"
    )


def _days(days: float | None) -> str:
    if days is None:
        return "not in sight"
    return f"in {days:.1f} days" if days else "now"


def _show(pool: Pool, figures: PoolFigures) -> None:
    numbers = sum(figures.numbers.values())
    click.echo(
        f"{pool.name}  {pool.country}  {numbers} numbers  {figures.open_sessions} open sessions  "
        f"headroom {figures.headroom}  {figures.free_for_new_pairs} free for new pairs"
    )
