"""``keys``: who may use the REST API."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import click

from relay.cli.setting_up import services_of_environment
from relay.domain.api_key import Scope
from relay.store.api_keys import ApiKeys


@click.group()
def keys() -> None:
    """Keys of the REST API."""


def _keys() -> ApiKeys:
    store = services_of_environment().store
    return ApiKeys(store.client, store.keys)


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
    help="What the key may do; give it several times for several. admin: everything.",
)
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it, alone and this once.

    Only a hash of it is kept: nobody can show it again.
    """
    click.echo(_keys().create(name, set(map(Scope, scopes)), now=time.time()))


@keys.command("list")
def list_keys() -> None:
    """List the keys: id, name, scopes, day. The keys themselves are nowhere."""
    for key in _keys().all():
        day = datetime.fromtimestamp(key.created_at, UTC).date()
        click.echo(f"{key.id}  {key.name}  {','.join(sorted(key.scopes))}  {day}")


@keys.command()
@click.argument("name_or_id")
def revoke(name_or_id: str) -> None:
    """Make a key useless at once, by its id, or all keys of a name."""
    gone = _keys().revoke(name_or_id)
    for key in gone:
        click.echo(f"revoked {key.id}  {key.name}")
    if not gone:
        click.echo("No key has this name or id.", err=True)
        sys.exit(1)
