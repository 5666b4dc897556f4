"""Two kinds of plot as SVG, by hand: no plotting library is worth 200 MB in every clone.

Nothing is painted behind them, and every colour is of a middle tone, so that they read on white and
on dark pages alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

INKS = ("#2f81f7", "#e0690c", "#2a9d5c")
_GREY = "#7d838c"
_LINE_HEIGHT = 20


@dataclass(frozen=True)
class Curve:
    """``points`` are x, and y as a share from 0 to 1; ``group`` chooses the colour."""

    label: str
    group: int
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def curves(title: str, x_label: str, y_label: str, lines: Sequence[Curve]) -> str:
    """Shares over a logarithmic axis."""
    width, left, right, bottom = 760, 64, 20, 52
    top = 66 + _LINE_HEIGHT * math.ceil(len(lines) / 2)
    height = top + 300 + bottom
    xs = [x for line in lines for x, _ in line.points]
    highest = _round_up(max(y for line in lines for _, y in line.points))
    axis = _Log(min(xs), max(xs), left, width - right)

    def y_at(share: float) -> float:
        return height - bottom - share / highest * 300

    body = [_text(left, 22, title, weight=600)]
    for place, line in enumerate(lines):
        body += _entry(left + place % 2 * 330, 46 + place // 2 * _LINE_HEIGHT, line)
    for tick in range(6):
        level = y_at(highest * tick / 5)
        body += [_rule(left, level, width - right, level)]
        body += [_text(left - 8, level + 4, f"{highest * tick / 5:.0%}", anchor="end")]
    for number in axis.ticks():
        x = axis.at(number)
        body += [_rule(x, top, x, height - bottom)]
        body += [_text(x, height - bottom + 20, f"{number:,}", anchor="middle")]
    body += [_text((left + width) / 2, height - 8, x_label, anchor="middle")]
    body += [_text(left, top - 10, y_label)]
    for line in lines:
        points = [(axis.at(x), y_at(y)) for x, y in line.points]
        body += [_path(points, line), *(_dot(x, y, line.group) for x, y in points)]
    return _svg(width, height, title, body)


def _entry(x: float, y: float, line: Curve) -> list[str]:
    """A line of the legend."""
    return [_path([(x, y - 4), (x + 30, y - 4)], line), _text(x + 38, y, line.label)]


@dataclass(frozen=True)
class Lane:
    """One rule and what it comes to for each group."""

    label: str
    values: Sequence[int]


def lanes(title: str, x_label: str, groups: Sequence[str], rows: Sequence[Lane]) -> str:
    """Numbers over a logarithmic axis, a line for each group under each label."""
    width, left, right, top, bottom = 760, 250, 70, 74, 52
    gap = 12
    height = top + len(rows) * (len(groups) * _LINE_HEIGHT + gap) + bottom
    values = [value for row in rows for value in row.values]
    axis = _Log(min(values) / 2, max(values), left, width - right)
    body = [_text(20, 22, title, weight=600)]
    for place, name in enumerate(groups):
        body += [_dot(26 + place * 150, 44, place), _text(38 + place * 150, 48, name)]
    for number in axis.ticks():
        x = axis.at(number)
        body += [_rule(x, top - 10, x, height - bottom)]
        body += [_text(x, height - bottom + 20, f"{number:,}", anchor="middle")]
    body += [_text((left + width) / 2, height - 8, x_label, anchor="middle")]
    for place, row in enumerate(rows):
        first = top + place * (len(groups) * _LINE_HEIGHT + gap) + 8
        middle = first + (len(groups) - 1) * _LINE_HEIGHT / 2
        body += [_text(left - 14, middle + 4, row.label, anchor="end")]
        for group, value in enumerate(row.values):
            x, y = axis.at(value), first + group * _LINE_HEIGHT
            body += [_rule(left, y, x, y), _dot(x, y, group), _text(x + 9, y + 4, f"{value:,}")]
    return _svg(width, height, title, body)


@dataclass(frozen=True)
class _Log:
    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.left + part * (self.right - self.left)

    def ticks(self) -> Iterator[int]:
        steps = (1, 2, 5) if self.high / self.low < 500 else (1,)
        for exponent in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))):
            for step in steps:
                number = round(step * 10**exponent)
                if number and self.low <= number <= self.high:
                    yield number


def _round_up(share: float) -> float:
    return max(math.ceil(share * 20), 1) / 20


def _svg(width: int, height: float, title: str, body: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" '
        f'width="{width}" role="img" font-family="system-ui, sans-serif" font-size="13">'
    )
    return "\n".join([head, f"<title>{escape(title)}</title>", *body, "</svg>\n"])


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{_GREY}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{_GREY}" stroke-opacity="0.3"/>'
    )


def _dot(x: float, y: float, group: int) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{INKS[group]}"/>'


def _path(points: Sequence[tuple[float, float]], line: Curve) -> str:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
    return (
        f'<polyline points="{way}" fill="none" stroke="{INKS[line.group]}" '
        f'stroke-width="2"{dashes}/>'
    )
