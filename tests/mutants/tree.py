"""Copies of the tree, for mutants to be written into."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "var", "mutants-*", "__pycache__")


def copy_tree(copy: Path) -> Path:
    """What is in the repository, without what was made by running it."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT, symlinks=True)
    return copy
