"""``doctor``: what is missing or unsafe, and how to mend it."""

from __future__ import annotations

import sys

import click

from config.settings import Settings
from relay.cli.setting_up import deployment_of_environment
from relay.store.connection import Client, connect
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
def doctor(*, release: bool, fix: bool) -> None:
    """Look at settings, Redis and the Twilio account; say what is wrong and how to mend it.

    Ends with 0 when all is well (warnings are), 1 when something loses calls or texts, 2 for the
    settings.
    """
    # The deploy that a release goes before has a web process.
    deployment = deployment_of_environment(for_web=release)
    _show(Check("settings", Verdict.OK, "complete"))
    failed = set()
    for check in examine(deployment, queues=_client_of_queues(deployment.settings), fix=fix):
        _show(check)
        if check.verdict is Verdict.FAILED:
            failed.add(check.name)
    if failed and (not release or failed & _FAIL_A_RELEASE):
        sys.exit(1)


def _client_of_queues(settings: Settings) -> Client:
    return connect(
        settings.queue_redis_url.get_secret_value(), tls_verify=settings.redis_tls_verify
    )


def _show(check: Check) -> None:
    verdict = click.style(f"{check.verdict:<8}", fg=_COLOURS[check.verdict])
    click.echo(f"{verdict} {check.name:<12} {check.detail}")
