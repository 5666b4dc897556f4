"""``secrets``: fresh key rings for ``.env``."""

from __future__ import annotations

import base64
import os

import click

from config.key_rings import KEY_BYTES

_FIRST_ID = "k1"


@click.command()
def secrets() -> None:
    """Print fresh RELAY_SEALING_KEYS and RELAY_INDEX_KEYS lines for .env.

    Keep them: what is sealed under a lost key cannot be read again by anybody.
    """
    for name in ("RELAY_SEALING_KEYS", "RELAY_INDEX_KEYS"):
        click.echo(f"{name}={_FIRST_ID}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}")
