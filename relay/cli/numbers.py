"""``numbers``: the virtual numbers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from relay.carrier.advice import advice_on
from relay.cli.setting_up import board_option, deployment_of_environment, services_of_environment
from relay.domain.errors import NotFound
from relay.domain.number_comparison import Finding
from relay.domain.pool import VirtualNumber
from relay.domain.purchase import MOST_AT_ONCE, Purchase
from relay.workflows.buy_numbers import Later, buy_numbers
from relay.workflows.commands import where_credentials_are
from relay.workflows.import_number import import_number
from relay.workflows.order_numbers import Order, order_numbers
from relay.workflows.reconcile_numbers import compare_numbers
from relay.workflows.services import Services

#: Between two looks at a job that somebody else works on, in seconds.
_LONGEST_WAIT = 5.0


@click.group()
def numbers() -> None:
    """Virtual numbers."""


@numbers.command("import")
@click.argument("phone_numbers", nargs=-1, required=True)
@click.option("--pool", required=True, help="The pool they join.")
@board_option
def import_(phone_numbers: tuple[str, ...], pool: str, board: str) -> None:
    """Put numbers that the Twilio account owns into a pool, and point their webhooks here.

    Safe to repeat: a number that is there gets its webhooks pointed here again.
    """
    services = services_of_environment(board)
    for phone_number in phone_numbers:
        _show(import_number(services, phone_number, pool, now=time.time()).number)


@numbers.command()
@click.option("--pool", required=True, help="The pool they join; its country is theirs.")
@click.option("--area-code", default="", help="Where the calling code is +1, such as 415.")
@click.option("--count", type=click.IntRange(1, MOST_AT_ONCE), default=1, help="How many.")
@board_option
def buy(pool: str, area_code: str, count: int, board: str) -> None:
    """Buy numbers from Twilio for a pool, inside its max_numbers and monthly_budget.

    Ends with 1 when fewer were bought. Interrupted, the worker goes on with it.
    """
    services = services_of_environment(board)
    policy = services.store.pools.get(pool)
    if policy is None:
        raise NotFound("There is no such pool.")
    order = Order(pool=pool, country=policy.country, area_code=area_code, count=count)
    job = order_numbers(services, order, now=time.time())
    ended = _work_and_watch(services, job)
    for number in ended.bought:
        click.echo(number)
    for failure in ended.failures:
        click.echo(f"{failure.code}: {failure.detail}", err=True)
    if len(ended.bought) < ended.wanted:
        sys.exit(1)


def _work_and_watch(services: Services, job: Purchase) -> Purchase:
    """Beside the workers, which may be at it: one buys, the others watch."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task(f"buying for {job.pool}", total=job.wanted)

        def watch(seen: Purchase) -> None:
            bar.update(task, completed=len(seen.bought))

        return _work_until_over(services, job.id, watch)


def _work_until_over(
    services: Services, job_id: str, watch: Callable[[Purchase], None]
) -> Purchase:
    while True:
        outcome = buy_numbers(services, job_id, clock=time.time, watch=watch)
        match outcome:
            case Purchase():
                watch(outcome)
                return outcome
            case Later(at):
                time.sleep(min(max(at - time.time(), 0.1), _LONGEST_WAIT))
            case None:
                raise NotFound("The job is not on record any more.")


@numbers.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended without a decision of yours.")
@board_option
def reconcile(board: str, *, fix: bool) -> None:
    """Compare Twilio's list of numbers with the pools of all boards that use this one's account.

    Ends with 1 when something is left to mend.
    """
    deployment = deployment_of_environment()
    services = deployment.of_board(board)
    account = services.account.sid
    sharing = [one for one in deployment.boards() if one.account.sid == account]
    comparison = compare_numbers(sharing, clock=time.time, fix=fix)
    credentials = where_credentials_are(services.board)
    for finding in comparison.findings:
        click.echo(_line(finding, credentials))
    left = [f for f in comparison.findings if f.kind.is_trouble and not f.is_repaired]
    click.echo(f"{comparison.rented} rented, {len(left)} left to mend")
    if left:
        sys.exit(1)


def _line(finding: Finding, credentials: str) -> str:
    parts = [finding.number, finding.pool or "-", finding.kind.value.replace("_", " ")]
    if finding.is_repaired:
        parts.append("mended")
    elif finding.error:
        parts.append(advice_on(finding.error, credentials=credentials))
    return "  ".join(parts)


@numbers.command("list")
@click.option("--pool", help="Only this pool's.")
@board_option
def list_numbers(pool: str | None, board: str) -> None:
    """List the numbers: number, pool, status, what it can do, and whether texts go out."""
    store = services_of_environment(board).store
    if pool and store.pools.get(pool) is None:
        raise NotFound("There is no such pool.")
    for name in [pool] if pool else store.pools.names():
        for number in store.numbers.of_pool(name):
            _show(number)


def _show(number: VirtualNumber) -> None:
    can = {"voice": number.voice, "sms": number.sms, "mms": number.mms}
    abilities = ",".join(ability for ability, has in can.items() if has)
    readiness = "sms ready" if number.is_sms_ready else "sms not ready"
    click.echo(
        f"{number.number}  {number.pool}  {number.status}  {abilities}  {readiness}, registration"
        f" {number.registration}"
    )
