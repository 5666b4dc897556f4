"""``pools``: numbers of one country and their policy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

import click

from relay.cli.setting_up import board_option, services_of_environment
from relay.domain.errors import NotFound
from relay.domain.forecast import Growth
from relay.domain.pool import DAY, Geo, Pool, PoolFigures, Selection
from relay.workflows.forecast_pool import Outlook, forecast_pool
from relay.workflows.put_pool import put_pool

_SECONDS = _COUNT = click.IntRange(min=1)


class _Money(click.FloatRange):
    """In the account's currency; the domain counts cents."""

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        return round(super().convert(value, param, ctx) * 100)


_MONEY = _Money(min=0)


def _choice(words: type[StrEnum]) -> click.Choice[str]:
    """By the words that the API takes; click shows an enumeration's names."""
    return click.Choice([word.value for word in words])


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
@click.option("--access-codes/--no-access-codes", default=True, help="Share numbers?")
@click.option("--selection", type=_choice(Selection), help="pack: fewest numbers; spread.")
@click.option("--geo", type=_choice(Geo), help="area_code prefers the candidate's area.")
@click.option("--strict-geo", is_flag=True, help="Refuse rather than leave that area.")
@click.option("--max-sessions-per-number", type=_COUNT, help="Open sessions on one number.")
@click.option("--min-headroom", type=click.IntRange(min=0), help="Buy to keep so many free.")
@click.option("--max-numbers", type=_COUNT, help="Never buy beyond so many.")
@click.option("--monthly-budget", type=_MONEY, help="Never buy beyond these charges.")
@click.option("--number-rent", type=_MONEY, help="Monthly rent of one number, such as 1.15.")
@click.option("--release-idle-after", type=_SECONDS, help="Seconds: give idle numbers back.")
@board_option
def put(
    name: str,
    board: str,
    country: str,
    cooldown: int | None,
    allowed_countries: tuple[str, ...],
    **policy: Any,
) -> None:
    """Create a pool, or change its policy; what is left out takes its default. When numbers are
    tired (`reputation`) is set by the API alone, and stays."""
    if cooldown is not None:
        for side in ("candidate_cooldown", "recruiter_cooldown"):
            policy[side] = policy[side] or cooldown
    given = {field: value for field, value in policy.items() if value is not None}
    for field, words in (("selection", Selection), ("geo", Geo)):
        if field in given:
            given[field] = words(given[field])
    services = services_of_environment(board)
    pool = Pool(name=name, country=country, allowed_countries=allowed_countries)
    before = services.store.pools.get(name)
    if before is not None:
        given["reputation"] = before.reputation
    done = put_pool(services, replace(pool, **given))
    _show(done.pool, services.store.pools.figures(name))


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
    for line in _lines(outlook):
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
    yield f"exhausted: {_days(expected.days_to_exhaustion)}"
    yield f"rent: {expected.monthly_rent / 100:.2f} a month"
    yield f"recruiters' phones on access codes: {figures.on_codes} of {figures.recruiters}"
    yield (
        f"one more number: headroom {one_more.headroom}, exhausted "
        f"{_days(one_more.days_to_exhaustion)}, rent {one_more.monthly_rent / 100:.2f} a month, "
        f"up to {one_more.recruiters_freed} phones and {one_more.sessions_freed} bindings "
        "without a code"
    )


def _by_status(figures: PoolFigures) -> str:
    return ", ".join(f"{count} {status}" for status, count in figures.numbers.items() if count)


def _growth(growth: Growth | None) -> str:
    if growth is None:
        return "not known yet (less than a day of samples)"
    days = (growth.until - growth.since) / DAY
    return f"{growth.per_day:+.2f} a day, by {growth.samples} samples of {days:.1f} days"


def _days(days: float | None) -> str:
    if days is None:
        return "not in sight"
    return f"in {days:.1f} days" if days else "now"


def _show(pool: Pool, figures: PoolFigures) -> None:
    numbers = sum(figures.numbers.values())
    click.echo(
        f"{pool.name}  {pool.country}  {numbers} numbers  {figures.open_sessions} open sessions  "
        f"headroom {figures.headroom}"
    )
