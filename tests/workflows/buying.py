"""A pool whose numbers are bought: real store, the simulated carrier over HTTP, a clock to turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from relay.carrier.client import Carrier
from relay.domain.pool import Pool
from relay.domain.purchase import Purchase, label_of
from relay.sandbox import SimulatedCarrier
from relay.workflows.buy_numbers import Later, buy_numbers
from relay.workflows.order_numbers import Order, order_numbers
from relay.workflows.services import Services
from tests.fake_redis import FakeRedis
from tests.world import NOW, NUMBER, OUR_ACCOUNT, World, make_settings, make_world

SETTINGS = make_settings()
SID, TOKEN = SETTINGS.twilio_account_sid, SETTINGS.twilio_auth_token.get_secret_value()
RENT = 115


class Killed(BaseException):
    """kill -9, as far as Python can play it: nobody catches it."""


class Watched:
    """Stands between us and the carrier's numbers and messaging services: counts requests, and
    kills us at one of them, before it is made or when its answer comes."""

    def __init__(self, carrier: Carrier) -> None:
        self._numbers, self._services = carrier.numbers, carrier.messaging_services
        self.asked: list[str] = []
        self.dies_at: int | None = None
        self.after: bool = False
        self.before: Callable[[str], None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        part = self._numbers if hasattr(self._numbers, name) else self._services
        method = getattr(part, name)

        def ask(*args: Any, **options: Any) -> Any:
            self.before(name)
            self.asked.append(name)
            dies = self.dies_at == len(self.asked)
            if dies and not self.after:
                raise Killed
            answer = method(*args, **options)
            if dies:
                raise Killed
            return answer

        return ask


@dataclass
class WatchedCarrier:
    numbers: Watched
    messaging_services: Watched


class Market:
    """Pool ``us`` has NUMBER, which the account owns; its policy can be changed."""

    def __init__(self, simulated: SimulatedCarrier, **settings: str) -> None:
        self.simulated = simulated
        self.now = NOW
        carrier = Carrier(OUR_ACCOUNT, base_url=simulated.base_url, timeout=1.0)
        self.carrier = Watched(carrier)
        self.redis = FakeRedis()
        watched = WatchedCarrier(self.carrier, self.carrier)
        self.world: World = make_world(self.redis, carrier=watched, **settings)
        owned = simulated.add_number(NUMBER)
        self.store.numbers.add(NUMBER, "us", carrier_sid=owned.sid, capabilities="vsm", now=NOW)
        self.policy()

    @property
    def services(self) -> Services:
        return self.world.services

    @property
    def store(self) -> Any:
        return self.services.store

    def clock(self) -> float:
        return self.now

    def policy(self, name: str = "us", **policy: Any) -> Pool:
        pool = replace(Pool(name=name, country="US"), **policy)
        self.store.pools.put(pool)
        return pool

    def order(self, count: int = 1, **changes: Any) -> Purchase:
        order = Order(**{"pool": "us", "country": "US", "count": count, **changes})
        return order_numbers(self.services, order, now=self.now)

    def work(self, job: Purchase) -> Purchase | Later | None:
        return buy_numbers(self.services, job.id, clock=self.clock)

    def finish(self, job: Purchase) -> Purchase:
        for _ in range(50):
            done = self.work(job)
            if isinstance(done, Purchase):
                return done
            assert isinstance(done, Later)
            self.now = max(self.now, done.at) + 0.1
        raise AssertionError("the job does not end")

    def buy(self, count: int = 1, **changes: Any) -> Purchase:
        return self.finish(self.order(count, **changes))

    def owned(self) -> set[str]:
        return {number.phone_number for number in self.simulated.account.numbers.values()}

    def pool(self, name: str = "us") -> set[str]:
        return {number.number for number in self.store.numbers.of_pool(name)}

    def bought_for(self, pool: str = "us") -> set[str]:
        return {
            number.phone_number
            for number in self.simulated.account.numbers.values()
            if number.friendly_name == label_of("main", pool)
        }

    def is_settled(self) -> bool:
        """Nothing is under way any more."""
        return not self.store.purchases.intents("us") and not self.store.numbers.releasing("us")
