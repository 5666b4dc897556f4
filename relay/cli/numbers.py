"""``numbers``: the virtual numbers."""

from __future__ import annotations

import time

import click

from relay.cli.setting_up import services_of_environment
from relay.domain.pool import VirtualNumber
from relay.workflows.import_number import import_number


@click.group()
def numbers() -> None:
    """Virtual numbers."""


@numbers.command("import")
@click.argument("phone_numbers", nargs=-1, required=True)
@click.option("--pool", required=True, help="The pool they join.")
def import_(phone_numbers: tuple[str, ...], pool: str) -> None:
    """Put numbers that the Twilio account owns into a pool, and point their webhooks here.

    Safe to repeat: a number that is there gets its webhooks pointed here again.
    """
    services = services_of_environment()
    for phone_number in phone_numbers:
        _show(import_number(services, phone_number, pool, now=time.time()).number)


@numbers.command("list")
@click.option("--pool", help="Only this pool's.")
def list_numbers(pool: str | None) -> None:
    """List the numbers: number, pool, status, what it can do."""
    store = services_of_environment().store
    for name in [pool] if pool else store.pools.names():
        for number in store.numbers.of_pool(name):
            _show(number)


def _show(number: VirtualNumber) -> None:
    can = {"voice": number.voice, "sms": number.sms, "mms": number.mms}
    abilities = ",".join(ability for ability, has in can.items() if has)
    click.echo(f"{number.number}  {number.pool}  {number.status}  {abilities}")
