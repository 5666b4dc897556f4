"""The relay in this process: real workflows, a real redis-server, the simulated carrier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from relay.carrier.client import Carrier
from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.embedded_redis import EmbeddedRedis
from relay.sandbox import SimulatedCarrier
from relay.store.connection import connect
from relay.workflows.buy_numbers import buy_numbers
from relay.workflows.deployment import Deployment
from relay.workflows.put_pool import put_pool
from relay.workflows.reconcile_numbers import reconcile_numbers
from relay.workflows.services import Services
from tests.fake_redis import real_redis
from tests.month.border import Border, Killed
from tests.month.clock import Calendar
from tests.month.exchange import Exchange
from tests.month.journal import Journal
from tests.month.plan import START
from tests.sending import send_lane
from tests.world import OUR_ACCOUNT, make_deployment, make_settings

#: A call of an hour takes no time to wait for.
_SPEED = 100_000
_SETTINGS = make_settings()
_SID, _TOKEN = _SETTINGS.twilio_account_sid, _SETTINGS.twilio_auth_token.get_secret_value()


@dataclass
class Queue:
    """Takes the place of RQ: what a worker is to do."""

    messages: list[str] = field(default_factory=list)
    purchases: list[str] = field(default_factory=list)
    comparisons: int = 0

    @property
    def is_filled(self) -> bool:
        return bool(self.messages or self.purchases or self.comparisons)

    def send_message(self, message_id: str) -> None:
        self.messages.append(message_id)

    def buy_numbers(self, job_id: str) -> None:
        self.purchases.append(job_id)

    def end_calls(self, role: Role, ref: str) -> None:
        """Recycling does it."""

    def compare_numbers(self) -> None:
        self.comparisons += 1

    def is_backed_up(self) -> bool:
        return False


@dataclass
class Service:
    """``client`` is the tests' own, for what looks at everything at once."""

    deployment: Deployment
    carrier: SimulatedCarrier
    border: Border
    calendar: Calendar
    queue: Queue
    client: redis.Redis
    redis: EmbeddedRedis
    journal: Journal
    exchange: Exchange

    @property
    def services(self) -> Services:
        return self.deployment.main

    @property
    def store(self) -> Any:
        return self.services.store

    @property
    def account(self) -> Any:
        return self.carrier.account

    def work(self) -> None:
        """What the workers have been asked to do, and what that asks of them. One that is killed
        leaves its job to the sweepers."""
        while self.queue.is_filled:
            messages, self.queue.messages = self.queue.messages, []
            purchases, self.queue.purchases = self.queue.purchases, []
            comparisons, self.queue.comparisons = self.queue.comparisons, 0
            for message in messages:
                send_lane(self.services, message, clock=self.calendar)
            for job in purchases:
                try:
                    buy_numbers(self.services, job, clock=self.calendar)
                except Killed:
                    continue
            if comparisons:
                reconcile_numbers([self.services], clock=self.calendar)

    def settle(self) -> None:
        """Until neither the carrier nor a worker has anything left to do now."""
        self.work()
        self.carrier.settle()
        while self.queue.is_filled:
            self.work()
            self.carrier.settle()
        if self.exchange.crashes:
            raise self.exchange.crashes[0]


@contextmanager
def running_service(seed: int, pool: Pool, directory: Path) -> Iterator[Service]:
    with (
        EmbeddedRedis(directory / "redis") as server,
        Exchange() as exchange,
        SimulatedCarrier(
            *OUR_ACCOUNT.credentials, seed=seed, speed=_SPEED, message_delay=(0.0, 0.001)
        ) as simulated,
        Journal(directory / "log") as journal,
    ):
        simulated.faults.loop_guard = False  # it counts in real time, of which none passes here
        service = _build(simulated, exchange, server, journal)
        put_pool(service.services, pool)
        yield service
        service.settle()
        assert simulated.crashes == []
        service.client.close()
        service.store.client.close()


def _build(
    simulated: SimulatedCarrier, exchange: Exchange, server: EmbeddedRedis, journal: Journal
) -> Service:
    client = real_redis(server.url)
    # All that was ever written stays in the append-only file, where it is searched for numbers.
    client.config_set("auto-aof-rewrite-percentage", 0)
    settings = make_settings(
        REDIS_URL=server.url,
        PUBLIC_BASE_URL=exchange.url,
        TWILIO_API_BASE_URL=simulated.base_url,
    )
    border = Border(Carrier(OUR_ACCOUNT, base_url=simulated.base_url, timeout=5.0))
    queue = Queue()
    deployment = make_deployment(connect(server.url), settings, carrier=border, jobs=queue)
    exchange.services = deployment.main
    exchange.clock = calendar = Calendar(START, simulated, client)
    return Service(
        deployment, simulated, border, calendar, queue, client, server, journal, exchange
    )
