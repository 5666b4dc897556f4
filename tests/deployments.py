"""The files by which a platform deploys us, as values."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from relay.sandbox.procfile import ROOT, read_procfile

PROCFILE = read_procfile()


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def blueprint() -> dict[str, Any]:
    """Render's."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "render.yaml").read_text())
    return found


def app_json() -> dict[str, Any]:
    """Heroku's."""
    found: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
    return found


def settings_in_example() -> dict[str, str]:
    """The lines of ``.env.example``."""
    lines = re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return {name: "".join(shlex.split(value)) for name, value in lines}


@dataclass(frozen=True)
class Image:
    """What the last stage of the Dockerfile says."""

    bases: list[str]
    #: (source, destination) in the repository and in the image's folder.
    copied: list[tuple[str, str]]
    environment: list[str]
    user: str
    healthcheck: list[str]
    command: list[str]

    def lay_out(self, folder: Path) -> Path:
        """The image's files, in a folder; Python and its packages are those of the tests."""
        for source, destination in self.copied:
            target = folder / destination / (Path(source).name if destination == "./" else "")
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, target, ignore=ignored)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, target)
        return folder


def image() -> Image:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    instructions = [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]
    bases = [rest.split()[0] for word, rest in instructions if word == "FROM"]
    start = max(at for at, (word, _) in enumerate(instructions) if word == "FROM")
    last = instructions[start:]

    def said(wanted: str) -> str:
        return next(rest for word, rest in reversed(last) if word == wanted)

    copies = [rest.split() for word, rest in last if word == "COPY"]
    return Image(
        bases=bases,
        copied=[(words[0], words[1]) for words in copies if not words[0].startswith("--from")],
        environment=said("ENV").split(),
        user=said("USER"),
        healthcheck=json.loads(said("HEALTHCHECK").partition("CMD ")[2]),
        command=json.loads(said("CMD")),
    )
