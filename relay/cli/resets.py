"""Commands that set all of something: what they leave out takes its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

reset_option = click.option(
    "--reset", is_flag=True, help="Let what is left out take its default, whatever is on record."
)


def refuse_to_reset(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Values on record and those to be, by the names of the command's parameters. Raises UsageError
    when the command would change one that was not named."""
    context = click.get_current_context()
    lost = [
        parameter.opts[0]
        for parameter in context.command.params
        if (name := parameter.name) in before
        and before[name] != after[name]
        and context.get_parameter_source(name) is click.core.ParameterSource.DEFAULT
    ]
    if lost:
        raise click.UsageError(
            f"More is on record than you name: {', '.join(lost)}. Name that too, or let it take its"
            " default with --reset."
        )
