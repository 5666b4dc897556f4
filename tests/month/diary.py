"""What happened, day by day."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Day:
    number: int
    opened: int = 0
    closed: int = 0
    phones_changed: int = 0
    open: int = 0
    calls: int = 0
    connected: int = 0
    not_connected: int = 0
    odd_calls: int = 0
    dials: int = 0
    coded_dials: int = 0
    texts: int = 0
    texts_arrived: int = 0
    stops: int = 0
    numbers: int = 0
    resting: int = 0
    rent: int = 0
    bought: int = 0
    rested: int = 0
    recovered: int = 0
    drained: int = 0
    released: int = 0
    news: list[str] = field(default_factory=list)


@dataclass
class Diary:
    days: list[Day] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def today(self) -> Day:
        return self.days[-1]

    def begin_day(self) -> None:
        self.days.append(Day(len(self.days) + 1))

    def tell(self, news: str) -> None:
        self.today.news.append(news)

    def refuse(self, who: str, reason: str) -> None:
        self.refusals.append(f"day {self.today.number}: {who}, {reason}")

    def total(self, what: str) -> int:
        return sum(getattr(day, what) for day in self.days)
