"""``reseal``: everything under the first keys of the rings."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import Progress

from relay.cli.setting_up import deployment_of_environment
from relay.store.resealing import Kind
from relay.workflows.check_former_keys import boards_under_keys, count_under_keys, spoken
from relay.workflows.deployment import Deployment
from relay.workflows.reseal import Resealed, count_steps
from relay.workflows.reseal import reseal as reseal_all


@click.command()
def reseal() -> None:
    """Move everything to the first sealing key and the first index key, while the service runs.

    It can be ended at any moment, and run again: what is done is passed over. It says when the old
    keys can go. Ends with 1 when something could not be moved.
    """
    deployment = deployment_of_environment()
    with _shown_progress(count_steps(deployment)) as progress:
        done = reseal_all(deployment, progress=progress, clock=time.time)
    click.echo(
        f"moved: {done.phones} phones, {done.bindings} phones' bindings, {done.texts} texts,"
        f" {done.sessions} sessions"
    )
    if done.left:
        click.echo(f"{done.left} are being changed by others: run it again")
    if done.unreadable:
        click.echo(
            f"{done.unreadable} phones or texts cannot be opened with RELAY_SEALING_KEYS: put the"
            " key back that they are under, or PUT the people again"
        )
    for line in what_may_go(deployment, done):
        click.echo(line)
    if done.left or done.unreadable:
        sys.exit(1)


@contextmanager
def _shown_progress(steps: int) -> Iterator[Callable[[int], None]]:
    """On a terminal's stderr alone."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("resealing", total=steps)
        yield lambda made: bar.advance(task, made)


def what_may_go(deployment: Deployment, done: Resealed) -> Iterator[str]:
    """One line for each former key: whether it is needed still. Raises Unavailable."""
    counts, vault = count_under_keys(deployment), deployment.vault
    boards = boards_under_keys(deployment)
    for key_id in vault.sealing_key_ids[1:]:
        phones, texts = counts[Kind.PHONE, key_id], counts[Kind.TEXT, key_id]
        left = f"{phones} phones and {texts} texts are under it" if phones or texts else ""
        if key_id in boards:
            left = f"credentials at Twilio of {', '.join(boards[key_id])} are under it"
        yield _verdict("RELAY_SEALING_KEYS", key_id, left, writes=vault.sealing_key_ids[0])
    until = max(done.bindings_until, done.codes_until)
    for key_id in vault.index_key_ids[1:]:
        people = counts[Kind.INDEX, key_id]
        left = f"{people} people are on record under it" if people else ""
        if not left and done.left:
            left = f"{done.left} that others change may be bound under it: run this again"
        if not left and until:
            left = (
                f"{done.codes} open sessions have codes drawn under it, or bindings of former"
                f" phones cool there: run this again after {spoken(until)}"
            )
        yield _verdict("RELAY_INDEX_KEYS", key_id, left, writes=vault.index_key_ids[0])


def _verdict(ring: str, key_id: str, left: str, *, writes: str) -> str:
    if left:
        return f"{ring}: {key_id} cannot go yet: {left}"
    return f"{ring}: {key_id} can go, {writes} writes"
