"""Looks at the pool and at the carrier's books after each step and each day, and stops the month at
the first promise that is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from relay.domain.pool import NumberStatus
from relay.sandbox.leak_search import everything_in_files
from tests.invariants import audit_pool
from tests.month.diary import Diary
from tests.month.oracle import Oracle
from tests.month.people import AREAS
from tests.month.plan import Plan
from tests.month.service import Service

#: A number of somebody on the board, however it is spaced. Ids and seals are long words, in which
#: any ten digits may come by chance.
_REAL = re.compile(
    rb"(?<![\w-])(?:\+?1)?[\s().-]{0,2}("
    + rb"|".join(
        rb"[\s().-]{0,2}".join(bytes([digit]) for digit in area.encode()) for area in AREAS
    )
    + rb")[\s().-]{0,2}5[\s.-]?5[\s.-]?5[\s.-]{0,2}0[\s.-]?1[\s.-]?\d[\s.-]?\d(?![\w-])"
)


class Watch:
    def __init__(self, plan: Plan, service: Service, oracle: Oracle, diary: Diary) -> None:
        self._plan = plan
        self._service = service
        self._oracle = oracle
        self._diary = diary
        self._resting: set[str] = set()
        self._draining: set[str] = set()
        self._in_pool: set[str] = set()
        self._ended = 0
        self._read_requests = 0
        self._read_webhooks = 0
        self.shortages: set[str] = set()

    def after_step(self) -> None:
        """The limits hold at the carrier's own books, whatever we believe."""
        rented = len(self._service.account.numbers)
        assert rented <= self._plan.max_numbers, f"{rented} numbers are rented"
        rent = self._rent()
        assert rent <= self._plan.monthly_budget, f"{rent} cents a month"
        self._diary.today.numbers = max(self._diary.today.numbers, rented)
        self._diary.today.rent = max(self._diary.today.rent, rent)
        self._follow_statuses()
        self._follow_shortage()

    def _rent(self) -> int:
        return int(100 * self._service.account.rent.monthly(self._service.carrier.now))

    def _follow_statuses(self) -> None:
        found = {
            number.number: number.status for number in self._service.store.numbers.of_pool("us")
        }
        resting = {one for one, status in found.items() if status is NumberStatus.RESTING}
        draining = {one for one, status in found.items() if status is NumberStatus.DRAINING}
        woken = {one for one in self._resting - resting if found.get(one) is NumberStatus.AVAILABLE}
        today = self._diary.today
        today.rested += len(resting - self._resting)
        today.recovered += len(woken)
        # An idle number drains and leaves in one go; nothing leaves otherwise.
        left_at_once = self._in_pool - set(found) - self._draining
        today.drained += len(draining - self._draining) + len(left_at_once)
        today.resting = max(today.resting, len(resting))
        self._resting, self._draining, self._in_pool = resting, draining, set(found)

    def _follow_shortage(self) -> None:
        """The pool says so itself when it wants to buy and may not."""
        shortage = self._service.store.purchases.shortage("us")
        reason = str(shortage.reason) if shortage else ""
        if shortage and reason not in self.shortages:
            self.shortages.add(reason)
            self._diary.tell(f"the pool wants {shortage.missing} more and cannot buy: {reason}")

    def after_day(self) -> None:
        """P1 and the pool's books, from its sessions; then what left the process (P2)."""
        sessions = audit_pool(self._service.client, "us")
        now = self._service.calendar.now
        self._oracle.pass_time(now)
        live = {one.id for one in sessions.values() if one.is_live(now)}
        assert live == set(self._oracle.open), "the board and the store disagree on what is open"
        self._diary.today.open = len(live)
        self._count_rentals()
        self._search_urls()

    def _count_rentals(self) -> None:
        rentals = self._service.account.rent.rentals
        self._diary.today.bought = len(rentals) - sum(day.bought for day in self._diary.days[:-1])
        ended = sum(rental.released_at is not None for rental in rentals)
        self._diary.today.released, self._ended = ended - self._ended, ended

    def _search_urls(self) -> None:
        """What the carrier keeps of our requests' addresses, and of those we gave it."""
        requests = self._service.carrier.rest_log
        webhooks = self._service.carrier.webhook_log
        urls = [request.path for request in requests[self._read_requests :]]
        urls += [webhook.url for webhook in webhooks[self._read_webhooks :]]
        self._read_requests, self._read_webhooks = len(requests), len(webhooks)
        assert not _REAL.search("\n".join(urls).encode()), "a real number is in a URL"

    def at_the_end(self) -> None:
        account, pool = self._service.account, self._service.store.numbers.of_pool("us")
        owned = {number.phone_number for number in account.numbers.values()}
        assert owned == {number.number for number in pool}, "orphans at the carrier, or in the pool"
        assert not self._service.store.purchases.intents("us")
        assert not self._service.store.numbers.releasing("us")
        highest = account.rent.highest_monthly()
        assert highest <= Decimal(self._plan.monthly_budget) / 100
        self._look_at_the_bill()
        self.search_writings()

    def search_writings(self) -> None:
        """P2, in all that was ever written."""
        for place, content in self._written():
            found = _REAL.search(content)
            around = content[max(found.start() - 150, 0) : found.end() + 50] if found else b""
            assert not found, f"a real number is in {place}: {around!r}"

    def _look_at_the_bill(self) -> None:
        """What the carrier charged in any four weeks, for numbers that were given back, too."""
        charged, end = self._service.account.rent.charged, self._service.carrier.now
        for hour in range(24 * self._plan.days):
            until = end - timedelta(hours=hour)
            bill = charged(until) - charged(until - timedelta(days=28))
            assert bill <= Decimal(self._plan.monthly_budget) / 100, f"{bill} were charged"

    def _written(self) -> Iterator[tuple[str, bytes]]:
        """Everything that was ever written to Redis, and every log line before it was masked."""
        yield "Redis", everything_in_files(self._service.redis.directory, "**/*")
        yield "the log", self._service.journal.content()
