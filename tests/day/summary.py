"""The day as two tables: what it met, and each claim with its count and its goal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table

from tests.day import calls, day, texts
from tests.day.day import Day
from tests.day.phones import Kind
from tests.day.plan import SILENT, SUSPENDED
from tests.day.tally import Tally
from tests.day.texts import MOST_SAME_WORDS

_COST_OFF = Decimal("0.05")


@dataclass(frozen=True)
class Claim:
    """``of`` is what could have broken it."""

    what: str
    of: str
    found: str
    goal: str
    holds: bool


def _seldom(what: str, of: str, faults: int, *, most: int = 0) -> Claim:
    return Claim(what, of, str(faults), f"at most {most}" if most else "0", faults <= most)


def claims(lived: Day) -> list[Claim]:
    tally, count = lived.tally, lived.tally.counts
    asked = count["assistants' owners"]
    calls_made, said = f"{count['calls']:,} calls", count["texts"] + count["automatic answers"]
    return [
        _seldom("people wrongly connected or rung", calls_made, tally.faults_of(calls.WRONG)),
        _seldom("callers who reached nobody at all", calls_made, _unreached(tally)),
        _seldom("texts elsewhere, twice, or of nobody", f"{said:,} texts", _astray(tally)),
        _seldom(
            "texts neither delivered nor told", f"{said:,} texts", tally.faults_of(texts.UNTOLD)
        ),
        _seldom(
            "notices or answers beyond their bounds",
            f"{count['notices'] + count['automatic answers relayed']:,}",
            tally.faults_of(texts.LOOP),
        ),
        _seldom(
            "assistants' owners who picked up in vain",
            f"{asked} calls",
            tally.faults_of(calls.NOT_CONNECTED),
            most=asked // 100,
        ),
        _seldom(
            "voicemails or assistants connected",
            f"{count['voicemails or assistants alone']} calls",
            tally.faults_of(calls.PRIVATE),
        ),
        _seldom(
            "named before 2, in the discreet style",
            f"{count['discreet calls']} calls",
            tally.faults_of(calls.NAMED),
        ),
        _seldom(
            "calls and texts without an end",
            f"{count['calls'] + count['texts']:,}",
            tally.faults_of(day.UNFINISHED),
        ),
        _cost(lived.estimated, lived.charged),
    ]


def _cost(estimated: Decimal, charged: Decimal) -> Claim:
    off = abs(estimated / charged - 1)
    of = f"${estimated:.2f} for ${charged:.2f}"
    return Claim("cost of traffic, estimated", of, f"{off:.1%}", "within 5%", off <= _COST_OFF)


def _astray(tally: Tally) -> int:
    return sum(map(tally.faults_of, (texts.ELSEWHERE, texts.TWICE, texts.UNKNOWN)))


def _unreached(tally: Tally) -> int:
    return tally.faults_of(calls.NOT_RUNG) + tally.faults_of(calls.ERRORS)


def _met(lived: Day) -> Iterator[tuple[str, str]]:
    count, kinds = lived.tally.counts, lived.phones.count
    everybody = sum(kinds(kind) for kind in Kind)

    def share(kind: Kind) -> str:
        return f"{kinds(kind)} of {everybody} phones"

    yield "sessions", f"{lived.diary.today.opened}, {len(lived.oracle.open)} open in the end"
    yield "calls", f"{count['calls']:,}, {count['connected']:,} connected"
    yield "texts", f"{count['texts']:,}: {count['delivered']:,} delivered, {count['told']} told"
    yield "screening phones", f"{share(Kind.SCREENING)}, {count['calls to assistants']} calls"
    yield "landlines", share(Kind.LANDLINE)
    yield "opted out", f"{share(Kind.OPTED_OUT)}, {count['STOPs']} STOPs"
    answers, relayed = count["automatic answers"], count["automatic answers relayed"]
    yield "automatic", f"{share(Kind.AUTOMATIC)}, {answers} answers, {relayed} relayed"
    yield (
        "most of one answer to one phone",
        f"{count['most of one answer']} (promised: {MOST_SAME_WORDS})",
    )
    most = count["most notices at a phone"]
    yield "notices of ours", f"{count['notices']}, at most {most} to one phone"
    refused = count["requests refused"]
    yield "suspended", f"{count['suspended seconds']} s, {refused} requests refused"
    yield "texts meanwhile", _fate(lived, SUSPENDED)
    moved = f"{count['lost numbers']}, with {count['sessions on the lost number']} open sessions"
    yield "lost number", moved
    yield "told of another number", f"{count['told of a new number']} people"
    lost = (count["calls to a lost number"], count["texts to a lost number"])
    yield "to the lost number", f"calls: {lost[0]}, texts: {lost[1]}; they do not come to us"
    lost_reports = f"{count['reports lost']} in {count['seconds without reports']} s"
    yield "reports lost", f"{lost_reports}, of {count['filtered']} filtered texts too"
    yield "texts meanwhile", _fate(lived, SILENT)


def _fate(lived: Day, begin: float) -> str:
    written, delivered = lived.texts.fate_of_minute(begin)
    return f"{written}, {delivered} delivered"


def show(console: Console, lived: Day) -> None:
    met = Table("met", "", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in _met(lived):
        met.add_row(*row)
    console.print(met)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim")
    for name in ("found", "goal", "of"):
        table.add_column(name, justify="right")
    for claim in claims(lived):
        colour = "green" if claim.holds else "red"
        found = f"[{colour}]{claim.found}[/{colour}]"
        table.add_row(claim.what, found, claim.goal, claim.of)
    console.print(table)
    for name, faults in lived.tally.faults.items():
        for fault in faults[:3]:
            console.print(f"[red]✗[/red] {name}: {fault}", highlight=False)
