"""``doctor``: what is missing or unsafe, and how to mend it."""

from __future__ import annotations

import sys

import click

from relay.cli.setting_up import services_of_environment
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.examine import examine

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


@click.command()
@click.option(
    "--release",
    is_flag=True,
    help="Fail only for missing or invalid settings and an unreachable store; warn about the rest.",
)
def doctor(*, release: bool) -> None:
    """Look at settings, Redis and the Twilio account; say what is wrong and how to mend it.

    Ends with 0 when all is well (warnings are), 1 when something is not, 2 for the settings.
    """
    services = services_of_environment()
    _show(Check("settings", Verdict.OK, "complete"))
    failed = []
    for check in examine(services):
        _show(check)
        if check.verdict is Verdict.FAILED:
            failed.append(check.name)
    if failed and (not release or "store" in failed):
        sys.exit(1)


def _show(check: Check) -> None:
    verdict = click.style(f"{check.verdict:<8}", fg=_COLOURS[check.verdict])
    click.echo(f"{verdict} {check.name:<12} {check.detail}")
