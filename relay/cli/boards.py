"""``boards``: the job boards of this deployment, beside ``main``."""

from __future__ import annotations

from typing import Any, TextIO

import click

from relay.cli.resets import refuse_to_reset, reset_option
from relay.cli.setting_up import deployment_of_environment
from relay.domain.board import Board
from relay.workflows.put_board import BoardTerms, put_board


@click.group()
def boards() -> None:
    """Job boards; main is made of the settings."""


@boards.command()
@click.argument("name")
@click.option("--spoken-name", required=True, help="As people hear it first in a call")
@click.option(
    "--locale",
    "default_locale",
    default="en",
    show_default=True,
    help="Of people who have none.",
)
@click.option("--requests-per-minute", type=click.IntRange(min=1), help="Of each of its keys.")
@click.option("--account-sid", default="", help="Its own account at Twilio.")
@click.option(
    "--auth-token-file",
    type=click.File(),
    help="That account's auth token, and on a second line the next one; - is stdin.",
)
@click.option(
    "--api-key-sid", "carrier_key_sid", default="", help="An API key of that account, for requests."
)
@click.option(
    "--api-key-file", type=click.File(), help="That key's secret, in one line; - is stdin."
)
@click.option(
    "--messaging-service",
    "messaging_services",
    multiple=True,
    help="Its sid; its numbers join the first one that has room. May be given several times.",
)
@reset_option
def put(
    auth_token_file: TextIO | None, api_key_file: TextIO | None, *, reset: bool, **terms: Any
) -> None:
    """Create a board, or set all of it anew (see --reset).

    The auth token of an account that is on record stays unless another one is given, and so does
    the secret of its API key. Every process follows within seconds.
    """
    tokens = tuple(auth_token_file.read().split()) if auth_token_file else ()
    secret = api_key_file.read().strip() if api_key_file else ""
    wanted = BoardTerms(auth_tokens=tokens, carrier_key_secret=secret, **terms)
    deployment = deployment_of_environment()
    before = deployment.registry.find(wanted.name)
    if before and not reset:
        refuse_to_reset(vars(before), vars(wanted))
    _show(put_board(deployment, wanted).board)


@boards.command("list")
def list_boards() -> None:
    """List the boards: name, account, language, spoken name."""
    deployment = deployment_of_environment()
    for board in (deployment.main.board, *deployment.registry.all()):
        _show(board)


def _show(board: Board) -> None:
    account = board.account_sid or "-"
    click.echo(f"{board.name}  {account}  {board.default_locale}  {board.spoken_name}")
