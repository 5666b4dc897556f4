"""Where it stands what the carrier understands: in a table of our own (``contract.toml``), and in
the carrier's documents, which are stricter, where they lie beside the repository
(``../shared/twilio``, or TWILIO_CONTRACT_DIR)."""

from __future__ import annotations

import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

TABLE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("contract.toml").read_text())
CONTRACTS = Path(
    os.environ.get("TWILIO_CONTRACT_DIR") or Path(__file__).parents[3] / "shared" / "twilio"
)


@cache
def carriers_own(file: str) -> dict[str, Any] | None:
    """A document of the carrier's; None where it is not at hand."""
    path = CONTRACTS / file
    return json.loads(path.read_text()) if path.is_file() else None


def in_table(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The operation of our table that a request is for."""
    for operation, rule in TABLE["requests"].items():
        if re.fullmatch(as_pattern(operation), f"{method} {path}"):
            return operation, rule
    raise AssertionError(f"{method} {path} is not in our table")


def as_pattern(template: str) -> str:
    """Of an operation's path, with ``*`` or ``{Name}`` for what varies."""
    return re.sub(r"\\\*|\\\{\w+\\\}", "[^/]+", re.escape(template))
