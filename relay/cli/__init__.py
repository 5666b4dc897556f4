"""The command line: one file a group of commands."""

from __future__ import annotations

import sys

import click

from config.settings import SettingsError
from relay.carrier.advice import advice_on
from relay.cli.boards import boards
from relay.cli.doctor import doctor
from relay.cli.keys import keys
from relay.cli.numbers import numbers
from relay.cli.play import demo, sandbox
from relay.cli.pools import pools
from relay.cli.reseal import reseal
from relay.cli.restored import restored
from relay.cli.secrets import secrets
from relay.domain.errors import CarrierError, RelayError

#: Of whichever board.
_CREDENTIALS = "TWILIO_…, or what boards put gave the board"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Relay: recruiters and candidates reach each other, and neither sees the other's number.

    Settings come from the environment; .env.example lists them.
    """


for command in (demo, sandbox, doctor, secrets, reseal, restored, boards, keys, numbers, pools):
    cli.add_command(command)


def main() -> None:
    """Ends the process: 0 done, 1 refused, 2 wrongly called or set up."""
    try:
        cli(prog_name="python -m relay")
    except SettingsError as error:
        sys.exit(_complain(error, status=2))
    except RelayError as error:
        status = _complain(error, status=1)
        for fault in error.faults:
            click.echo(f"{fault.pointer.lstrip('/')}: {fault.detail}", err=True)
        sys.exit(status)
    except CarrierError as error:
        click.echo(advice_on(error.code, credentials=_CREDENTIALS), err=True)
        sys.exit(1)


def _complain(error: BaseException, *, status: int) -> int:
    click.echo(str(error), err=True)
    return status
