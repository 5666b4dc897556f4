"""What the commands work with, from the environment."""

from __future__ import annotations

import sys

import click

from config.logging import configure_logging
from config.settings import load_settings
from relay.bootstrap import build_deployment
from relay.domain.board import MAIN
from relay.workflows.deployment import Deployment
from relay.workflows.services import Services

#: For each command that touches a board's things.
board_option = click.option(
    "--board", default=MAIN, show_default=True, help="The board whose things these are."
)


def deployment_of_environment(*, for_web: bool = False) -> Deployment:
    """``for_web`` as in ``load_settings``. Raises SettingsError. Log lines are no part of what a
    command prints."""
    settings = load_settings(for_web=for_web)
    configure_logging("WARNING", to=sys.stderr)
    return build_deployment(settings)


def services_of_environment(board: str) -> Services:
    """Raises SettingsError, NotFound, Unavailable."""
    return deployment_of_environment().of_board(board)
