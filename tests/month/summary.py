"""The month as a table, a list of what went wrong, and what held all the same."""

from __future__ import annotations

import traceback

from rich import box
from rich.console import Console
from rich.table import Table

from tests.month.days import Month
from tests.month.diary import Day, Diary

_COLUMNS = (
    *("day", "opened", "open", "calls", "code", "texts", "numbers", "resting", "rent"),
    "events",
)
_EVENTS = ("bought", "rested", "recovered", "drained", "released")


def show(console: Console, month: Month, broken: AssertionError | None = None) -> None:
    """The table as far as the month has come; then what held, or what did not."""
    console.print(_table(month.diary))
    console.print()
    for line in _news(month.diary):
        console.print(line, highlight=False)
    console.print()
    if broken is not None:
        where = traceback.extract_tb(broken.__traceback__)[-1]
        console.print(
            f"[red]✗ {broken!r}[/red]\n  {where.filename}:{where.lineno}", highlight=False
        )
        return
    for line in promises(month):
        console.print(f"[green]✓[/green] {line}", highlight=False)


def _table(diary: Diary) -> Table:
    """A row a day: sessions opened, and open at its end; calls, and the share of recruiters' dials
    that needed a code; texts; the most numbers rented, and their rent a month."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in _COLUMNS:
        is_last = column == _COLUMNS[-1]
        table.add_column(column, justify="left" if is_last else "right", no_wrap=not is_last)
    for day in diary.days:
        table.add_row(*_row(day))
    table.add_section()
    table.add_row(*_totals(diary), style="bold")
    return table


def _row(day: Day) -> list[str]:
    return [
        str(day.number),
        *(f"{value:,}" for value in (day.opened, day.open, day.calls)),
        _share(day.coded_dials, day.dials),
        f"{day.texts:,}",
        str(day.numbers),
        str(day.resting or "·"),
        _dollars(day.rent),
        ", ".join(f"{getattr(day, event)} {event}" for event in _EVENTS if getattr(day, event)),
    ]


def _totals(diary: Diary) -> list[str]:
    return [
        "all",
        f"{diary.total('opened'):,}",
        "",
        f"{diary.total('calls'):,}",
        _share(diary.total("coded_dials"), diary.total("dials")),
        f"{diary.total('texts'):,}",
    ]


def _most(diary: Diary, what: str) -> int:
    return max(getattr(day, what) for day in diary.days)


def _news(diary: Diary) -> list[str]:
    return [f"day {day.number:2}  {news}" for day in diary.days for news in day.news]


def promises(month: Month) -> list[str]:
    plan, total = month.plan, month.diary.total
    killed, rent = len(month.service.border.died_at), _most(month.diary, "rent")
    return [
        f"nobody refused: {total('opened'):,} sessions opened",
        f"no wrong person: {total('calls'):,} calls, {total('connected'):,} connected",
        f"  {total('odd_calls'):,} of them mistyped, late, withheld, or from unknown phones",
        f"  {total('texts'):,} texts, {total('texts_arrived'):,} arrived; {total('stops')} STOPs",
        f"  {total('phones_changed')} phones changed, {total('closed')} sessions closed early",
        f"never above {_most(month.diary, 'numbers')} numbers (allowed: {plan.max_numbers})",
        f"never above {_dollars(rent)} a month (allowed: {_dollars(plan.monthly_budget)})",
        "numbers: " + ", ".join(f"{total(event)} {event}" for event in _EVENTS),
        f"no orphan after {killed} kills and 2 lost answers: what is rented is in the pool",
        "the pool's books agree with its sessions, each day",
        "no real number in what Redis wrote, in unmasked logs, in requests' addresses",
    ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "·"


def _dollars(cents: int) -> str:
    return f"${cents / 100:.2f}"
