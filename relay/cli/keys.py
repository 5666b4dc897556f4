"""``keys``: who may use the REST API."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import click

from relay.cli.setting_up import board_option, deployment_of_environment, services_of_environment
from relay.domain.api_key import Scope
from relay.store.api_keys import ApiKeys

_of_deployment = click.option(
    "--deployment", is_flag=True, help="The deployment's keys, which belong to no board."
)


@click.group()
def keys() -> None:
    """Keys of the REST API."""


def _keys(board: str) -> ApiKeys:
    return services_of_environment(board).store.api_keys


def _deployment_keys() -> ApiKeys:
    return deployment_of_environment().api_keys


def _is_not_blank(_context: click.Context, _argument: click.Parameter, given: str) -> str:
    if not given.strip():
        raise click.BadParameter("a key needs a name: it is how you know it again, and revoke it")
    return given


@keys.command()
@click.argument("name", callback=_is_not_blank)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="What the key may do; give it several times for several. admin: everything of the board. "
    "boards: a deployment key, which belongs to no board (keys list --deployment). audit opens "
    "nothing yet.",
)
@board_option
def create(name: str, scopes: tuple[str, ...], board: str) -> None:
    """Make a key and print it, alone and this once.

    Only a hash of it is kept: nobody can show it again.
    """
    wanted = set(map(Scope, scopes))
    if Scope.BOARDS in wanted and not wanted <= {Scope.BOARDS, Scope.METRICS}:
        raise click.UsageError("A deployment key has the scope boards and no board's.")
    keys = _deployment_keys() if Scope.BOARDS in wanted else _keys(board)
    click.echo(keys.create(name, wanted, now=time.time()))


@keys.command("list")
@board_option
@_of_deployment
def list_keys(board: str, *, deployment: bool) -> None:
    """List the keys: id, name, scopes, day. The keys themselves are nowhere."""
    for key in (_deployment_keys() if deployment else _keys(board)).all():
        day = datetime.fromtimestamp(key.created_at, UTC).date()
        click.echo(f"{key.id}  {key.name}  {','.join(sorted(key.scopes))}  {day}")


@keys.command()
@click.argument("name_or_id")
@board_option
@_of_deployment
def revoke(name_or_id: str, board: str, *, deployment: bool) -> None:
    """Make a key useless at once, by its id, or all keys of a name."""
    gone = (_deployment_keys() if deployment else _keys(board)).revoke(name_or_id)
    for key in gone:
        click.echo(f"revoked {key.id}  {key.name}")
    if not gone:
        click.echo("No key has this name or id.", err=True)
        sys.exit(1)
