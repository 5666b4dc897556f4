"""Rows of figures, each beside its goal: printed, and kept in docs/benchmarks.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    what: str
    figure: str
    goal: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "**missed**"}[self.met]


def as_markdown(title: str, rows: list[Row]) -> str:
    lines = [f"### {title}", "", "| | figure | goal | |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.figure} | {row.goal} | {row.verdict} |" for row in rows]
    return "\n".join(lines) + "\n"
