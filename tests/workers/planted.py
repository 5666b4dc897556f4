"""What a planted job names: who imports or calls it leaves a mark (``test_planted_jobs.py``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

#: Names the folder for the marks, in the environment of a worker.
MARKS = "PLANTED_MARKS"


def _mark(what: str) -> None:
    if MARKS in os.environ:
        (Path(os.environ[MARKS]) / what).touch()


def touch(*_: Any) -> None:
    _mark("called")


_mark("imported")
