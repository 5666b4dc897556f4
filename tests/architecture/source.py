"""Our modules as their source has them: each is read and parsed once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("config", "relay", "workers")


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in OURS
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Everything in a module, from its top."""
    return list(ast.walk(ast.parse(path.read_text())))


@cache
def imports_of(path: Path) -> list[str]:
    """Everything a module imports, wherever in it that stands."""
    names = []
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    return names


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
