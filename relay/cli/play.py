"""``demo`` and ``sandbox``: the whole service with a simulated carrier, without any account."""

from __future__ import annotations

import importlib
import sys

import click


@click.command()
def demo() -> None:
    """Start the whole service on a simulated carrier and play a short scenario on phones."""
    _run("relay.sandbox.demo")


@click.command()
def sandbox() -> None:
    """Start the same service and leave it running, with phones to play with."""
    _run("relay.sandbox.shell")


def _run(module: str) -> None:
    # By name: no production process may load the simulated carrier.
    sys.exit(importlib.import_module(module).run())
