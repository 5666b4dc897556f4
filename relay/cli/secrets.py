"""``secrets``: fresh key rings for ``.env``."""

from __future__ import annotations

import base64
import os

import click

from config.key_rings import KEY_BYTES

_FIRST_ID = "k1"


def _is_an_id(_context: click.Context, _option: click.Parameter, given: str) -> str:
    if not given.isalnum() or len(given) > 8:
        raise click.BadParameter("1 to 8 letters and digits")
    return given


@click.command()
@click.option(
    "--id",
    "key_id",
    default=_FIRST_ID,
    show_default=True,
    callback=_is_an_id,
    help="What to call the keys; k2 for the next ones, when you rotate (docs/rotation.md).",
)
def secrets(key_id: str) -> None:
    """Print fresh RELAY_SEALING_KEYS and RELAY_INDEX_KEYS lines for .env.

    Keep them: what is sealed under a lost key cannot be read again by anybody.
    """
    for name in ("RELAY_SEALING_KEYS", "RELAY_INDEX_KEYS"):
        click.echo(f"{name}={key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}")
