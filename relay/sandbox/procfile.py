"""The processes that a platform starts, as the Procfile has them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read_procfile(path: Path = ROOT / "Procfile") -> dict[str, str]:
    """The command lines by their process; a platform gives each to a shell."""
    lines = path.read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}
