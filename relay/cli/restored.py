"""``restored``: after the store has gone back to a backup."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import click

from relay.cli.setting_up import deployment_of_environment
from relay.domain.number_comparison import Discrepancy, Finding
from relay.workflows.deployment import Deployment
from relay.workflows.reconcile_restored import Reconciled, reconcile_restored, snapshot_on_record
from relay.workflows.survey import survey_scheduler

#: A scheduler at work sweeps more often, in seconds.
_NEXT_SWEEP_WITHIN = 10.0


@click.command()
@click.option(
    "--snapshot-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S"]),
    help="When the backup began, in UTC; when left out, what an earlier run was told, or else the"
    " store's own word for it.",
)
def restored(snapshot_at: datetime | None) -> None:
    """Learn from Twilio what has happened since the backup that the store was restored from.

    Run it before web, worker and scheduler are started (docs/backup.md), again until it ends with
    0. Texts that wait are then looked for at Twilio before they are sent.
    """
    deployment = deployment_of_environment()
    if _is_at_work(deployment):
        raise click.ClickException("A scheduler is at work: stop it, web and worker first.")
    given = snapshot_at.replace(tzinfo=UTC).timestamp() if snapshot_at else None
    if given and given > time.time():
        raise click.UsageError("--snapshot-at is in the future: is it in UTC?")
    at = given or snapshot_on_record(deployment)
    if at is None or at > time.time():
        raise click.UsageError("The store does not say of when it is: give --snapshot-at.")
    done = reconcile_restored(deployment, snapshot_at=at, clock=time.time)
    _show(done, at)
    if done.to_repeat:
        sys.exit(1)


def _is_at_work(deployment: Deployment) -> bool:
    """The backup may be so fresh that the scheduler of its time seems to be; one at work goes
    on."""
    before = survey_scheduler(deployment, now=time.time())
    until = time.monotonic() + _NEXT_SWEEP_WITHIN
    while before.is_at_work and time.monotonic() < until:
        if survey_scheduler(deployment, now=time.time()).swept_at != before.swept_at:
            return True
        time.sleep(0.2)
    return False


def _show(done: Reconciled, at: float) -> None:
    since = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    click.echo(f"the store is of {since}")
    click.echo(f"{done.news} texts taken on that came in since, with STOPs and STARTs")
    click.echo(f"{done.waiting} texts wait, and are looked for at Twilio before they are sent")
    for job in done.ended:
        click.echo(f"purchase {job} ended: order again what is missing")
    for finding in done.findings:
        click.echo(_told(finding))
    for reason in done.to_repeat:
        click.echo(f"run this again: {reason}")
    click.echo(f"now apply again what your board did since {since}: docs/backup.md says how")


def _told(finding: Finding) -> str:
    if finding.kind is Discrepancy.UNUSED:
        board = f" --board {finding.board}" if finding.board != "main" else ""
        return (
            f"{finding.number} was bought since:"
            f" python -m relay numbers import {finding.number} --pool {finding.pool}{board}"
        )
    done = "done" if finding.is_repaired else "python -m relay numbers reconcile --fix"
    return f"{finding.number}: {finding.kind} ({done})"
