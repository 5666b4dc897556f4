"""``doctor``: what is missing or unsafe, and how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

import click

from config.settings import SettingsError
from relay.cli.setting_up import deployment_of_environment
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.examine import examine

#: Checks that fail a release too: it must not go on without a store that takes writes, with other
#: keys, or with queues that cannot work.
_FAIL_A_RELEASE = {"store", "writes", "keys", "queue-cluster", "queue-writes"}
_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


@click.command()
@click.option(
    "--release",
    is_flag=True,
    help="Fail only for wrong settings or keys, no store that takes writes, or RQ on a cluster;"
    " show the rest.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Make messaging services defer to their numbers' webhooks: else texts to them are lost.",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object, for programs.")
def doctor(*, release: bool, fix: bool, as_json: bool) -> None:
    """Look at settings, Redis and the Twilio account; say what is wrong and how to mend it.

    Ends with 0 when all is well (warnings are), 1 when something loses calls or texts, which it
    does too while nobody sends them, 2 for the settings.
    """
    found: list[Check] = []
    try:
        for check in _examine(release=release, fix=fix):
            found.append(check)
            if not as_json:
                _show(check)
    except SettingsError as error:
        if not as_json:
            raise
        found.append(Check("settings", Verdict.FAILED, str(error)))
        _show_as_json(found, is_well=False)
        sys.exit(2)
    failed = {check.name for check in found if check.verdict is Verdict.FAILED}
    if release:
        failed &= _FAIL_A_RELEASE
    if as_json:
        _show_as_json(found, is_well=not failed)
    if failed:
        sys.exit(1)


def _examine(*, release: bool, fix: bool) -> Iterator[Check]:
    # The deploy that a release goes before has a web process.
    deployment = deployment_of_environment(for_web=release)
    yield Check("settings", Verdict.OK, "complete")
    yield from examine(deployment, fix=fix)


def _show_as_json(found: Sequence[Check], *, is_well: bool) -> None:
    """``is_well`` says the same as the status with which the process ends."""
    checks = [
        {"name": check.name, "status": check.verdict, "detail": check.detail} for check in found
    ]
    click.echo(json.dumps({"is_well": is_well, "checks": checks}, ensure_ascii=False, indent=2))


def _show(check: Check) -> None:
    verdict = click.style(f"{check.verdict:<8}", fg=_COLOURS[check.verdict])
    click.echo(f"{verdict} {check.name:<12} {check.detail}")
