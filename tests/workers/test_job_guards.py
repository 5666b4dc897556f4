"""What every job refuses, however it is called: a wrong clock, a store that takes no writes, and
the numbers of another account."""

from __future__ import annotations

import inspect
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from relay.bootstrap import build_deployment
from relay.carrier.webhooks import InboundCall, InboundText
from relay.domain.errors import Unavailable
from relay.domain.participant import Role
from relay.domain.pool import Pool
from relay.embedded_redis import EmbeddedRedis
from relay.sandbox import SimulatedCarrier
from relay.store.alarms import Alarm
from relay.store.keys import DeploymentKeys
from relay.workflows.connect_call import connect_call
from relay.workflows.deployment import Deployment
from relay.workflows.erase_participant import erase_participant
from relay.workflows.import_number import import_number
from relay.workflows.order_numbers import Order, order_numbers
from relay.workflows.relay_text import relay_text
from tests.fake_redis import real_redis
from tests.workers.test_planted_jobs import plant
from tests.world import (
    CARL,
    ENVIRONMENT,
    NUMBER,
    OTHER_NUMBER,
    RITA,
    RecordingJobs,
    World,
    make_settings,
)
from workers import jobs
from workers.known_job import KnownJob

pytestmark = [pytest.mark.real_redis, pytest.mark.in_process]
SID, TOKEN = ENVIRONMENT["TWILIO_ACCOUNT_SID"], ENVIRONMENT["TWILIO_AUTH_TOKEN"]
FOREIGN_SID, FOREIGN_TOKEN = "AC" + "6" * 32, "6" * 32
DAY = 24 * 3600
PERIODIC = [run for run in KnownJob.FUNCTIONS.values() if not inspect.signature(run).parameters]
#: Seconds after which a turn that still has something to do is ended, and its test fails.
PATIENCE = 30.0
#: Seconds that the clock of the store is behind.
BEHIND = 3600
_TIME = re.compile(rb"(?<=\*2\r\n\$10\r\n)\d{10}(?=\r\n\$)")
_WRITES = {"POST", "DELETE"}


class OtherClock:
    """A way to a Redis on which its TIME comes out otherwise."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._to)
            for source, target, told in ((near, far, bytes), (far, near, self._otherwise)):
                threading.Thread(target=_copy, args=(source, target, told), daemon=True).start()

    @staticmethod
    def _otherwise(said: bytes) -> bytes:
        return _TIME.sub(lambda found: b"%d" % (int(found[0]) - BEHIND), said)


def _copy(source: socket.socket, target: socket.socket, told: Callable[[bytes], bytes]) -> None:
    with source, target:
        try:
            while said := source.recv(65536):
                target.sendall(told(said))
        except OSError:
            return


@dataclass
class Scene:
    """A board with work for its jobs: a session that has expired, a text to send, one that was
    missed, and a number that nobody needs."""

    client: Any
    port: int
    twilio: SimulatedCarrier
    to_work_under: Callable[..., None]
    session: str = ""
    message: str = ""
    asked_before: int = 0

    def deployment(self) -> Deployment:
        return build_deployment(make_settings(**self._environment()))

    def _environment(self, **changes: str) -> dict[str, str]:
        url = f"redis://127.0.0.1:{self.port}/0"
        return {"REDIS_URL": url, "TWILIO_API_BASE_URL": self.twilio.base_url} | changes

    def work_under(self, **changes: str) -> None:
        """Jobs are those of a process with these settings."""
        self.to_work_under(**self._environment(**changes))

    def set(self) -> None:
        main, now = self.deployment().main, time.time()
        main.store.pools.put(Pool(name="us", country="US", release_idle_after=3600))
        for number in (NUMBER, OTHER_NUMBER):
            self.twilio.add_number(number).sms_url = "http://127.0.0.1:9/nobody-listens"
            import_number(main, number, "us", now=now - 90 * DAY)
        world = World(main, RecordingJobs(), self.deployment())
        world.open("nora", "dan", now=now - 60 * DAY, ttl=DAY)
        session = world.open(now=now - 60)
        self.session = session.id
        inbound = InboundText(
            message_sid="SM" + "1" * 32,
            sender=RITA,
            virtual_number=session.virtual_number,
            body="hello",
            media=0,
        )
        self.message = relay_text(main, inbound, now=now - 30).message
        self.twilio.phone(RITA).text(session.virtual_number, "are you there?").wait()
        self.asked_before = len(self.twilio.rest_log)

    def kept(self) -> dict[str, bytes]:
        """All that is in Redis and no queue's."""
        keys = [key for key in self.client.scan_iter("*") if not key.startswith("rq:")]
        return {key: self.client.dump(key) for key in keys}

    def has_one_who_waits(self) -> bool:
        """For something to come into a queue."""
        return any("b" in client["flags"] for client in self.client.client_list())

    def bought(self) -> int:
        """How many numbers the account has beside those that it had."""
        return len(self.twilio.account.numbers) - 2

    def written(self) -> list[str]:
        """What the carrier has been asked to do since the scene was set."""
        log = self.twilio.rest_log[self.asked_before :]
        return [f"{entry.method} {entry.path}" for entry in log if entry.method in _WRITES]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("guards")) as embedded:
        yield embedded


@pytest.fixture
def scene(server: EmbeddedRedis, work_under: Callable[..., None]) -> Iterator[Scene]:
    with real_redis(server.url) as client, SimulatedCarrier(SID, TOKEN) as twilio:
        client.flushall()
        port = client.connection_pool.connection_kwargs["port"]
        made = Scene(client, port, twilio, work_under)
        made.set()
        yield made
        client.replicaof("NO", "ONE")


@pytest.fixture
def other_clock(scene: Scene) -> Iterator[OtherClock]:
    way = OtherClock(scene.port)
    yield way
    way.close()


def send(scene: Scene) -> None:
    turn(scene, jobs.send_texts, scene.message)


def turn(scene: Scene, job: Callable[[str, str], None], what: str) -> None:
    """A turn of the queue of texts, until it has tried all that there is and waits for more."""
    is_back, waits = threading.Event(), threading.Event()

    def end_it() -> None:
        until = time.monotonic() + PATIENCE
        while not (is_back.wait(0.01) or waits.is_set() or time.monotonic() > until):
            if scene.has_one_who_waits():
                waits.set()
        jobs.turn_ends.set()

    ending = threading.Thread(target=end_it)
    ending.start()
    try:
        job("main", what)
        assert waits.is_set()
    finally:
        is_back.set()
        ending.join()
        jobs.turn_ends.clear()


def order(scene: Scene) -> str:
    """Somebody wants a number for the pool: the id of the job that buys it."""
    wanted = Order(pool="us", country="US")
    return order_numbers(scene.deployment().main, wanted, now=time.time()).id


def end_calls_of_erased(scene: Scene) -> str:
    """Carl rings Rita, who is erased: what of the carrier is asked for, if it is."""
    main, now, sid = scene.deployment().main, time.time(), "CA" + "1" * 32
    called = main.store.sessions.get(scene.session).virtual_number
    connect_call(main, InboundCall(call_sid=sid, caller=CARL, called=called), now=now)
    erase_participant(main, Role.RECRUITER, "rita", now=now)
    return f"POST /2010-04-01/Accounts/{SID}/Calls/{sid}.json"


@contextmanager
def foreign_account(scene: Scene) -> Iterator[SimulatedCarrier]:
    """Somebody has given us another account, which has none of what we know of."""
    with SimulatedCarrier(FOREIGN_SID, FOREIGN_TOKEN) as foreign:
        account = {"TWILIO_ACCOUNT_SID": FOREIGN_SID, "TWILIO_AUTH_TOKEN": FOREIGN_TOKEN}
        scene.work_under(TWILIO_API_BASE_URL=foreign.base_url, **account)
        yield foreign


def arrived(scene: Scene) -> list[str]:
    scene.twilio.settle()
    return [text.body for text in scene.twilio.phone(CARL).texts]


def test_p3_p5_no_periodic_job_does_anything_under_a_wrong_clock(
    scene: Scene, other_clock: OtherClock
) -> None:
    scene.work_under(REDIS_URL=other_clock.url)
    before = scene.kept()

    for job in PERIODIC:
        with pytest.raises(Unavailable, match="clocks"):
            job()
        assert scene.kept() == before, job
        assert len(scene.twilio.rest_log) == scene.asked_before, job


def test_p3_no_text_is_sent_under_a_wrong_clock(scene: Scene, other_clock: OtherClock) -> None:
    scene.work_under(REDIS_URL=other_clock.url)
    send(scene)
    assert (arrived(scene), scene.written()) == ([], [])

    scene.work_under()
    send(scene)
    assert arrived(scene) == ["hello"]


def test_no_number_is_bought_under_a_wrong_clock(scene: Scene, other_clock: OtherClock) -> None:
    job_id = order(scene)
    scene.work_under(REDIS_URL=other_clock.url)
    with pytest.raises(Unavailable, match="clocks"):
        jobs.buy_numbers("main", job_id)
    assert len(scene.twilio.rest_log) == scene.asked_before

    scene.work_under()
    jobs.buy_numbers("main", job_id)
    assert scene.bought() == 1


def test_p1_calls_of_erased_people_are_ended_under_a_wrong_clock_too(
    scene: Scene, other_clock: OtherClock
) -> None:
    """It asks for no time, and to wait would connect them."""
    asked = end_calls_of_erased(scene)
    scene.work_under(REDIS_URL=other_clock.url)
    turn(scene, jobs.end_calls, "recruiter.rita")
    assert {*scene.written()} == {asked}


def test_p9_a_job_that_a_turn_finds_and_refuses_raises_an_alarm(scene: Scene) -> None:
    scene.work_under()
    plant(scene.client, "planted", "os.system", ["touch x"], "texts")
    send(scene)
    assert arrived(scene) == ["hello"]
    assert scene.client.hget(DeploymentKeys().alarms, Alarm.JOB) == "1"


def test_p4_without_writes_no_periodic_job_changes_anything_at_the_carrier(scene: Scene) -> None:
    scene.work_under()
    scene.client.replicaof("127.0.0.1", "1")
    before = scene.kept()

    for job in PERIODIC:
        with suppress(Unavailable):  # it is tried again
            job()
        assert scene.kept() == before, job
        assert scene.written() == [], job


def test_p4_without_writes_no_text_is_sent_and_afterwards_once(scene: Scene) -> None:
    scene.work_under()
    scene.client.replicaof("127.0.0.1", "1")
    with pytest.raises(RedisError):  # of the queue; RQ tries it again
        send(scene)
    assert (arrived(scene), scene.written()) == ([], [])

    scene.client.replicaof("NO", "ONE")
    send(scene)
    send(scene)
    assert arrived(scene) == ["hello"]


def test_p4_without_writes_no_number_is_bought_and_afterwards_once(scene: Scene) -> None:
    job_id = order(scene)
    scene.work_under()
    scene.client.replicaof("127.0.0.1", "1")
    with pytest.raises(Unavailable):
        jobs.buy_numbers("main", job_id)
    assert scene.written() == []

    scene.client.replicaof("NO", "ONE")
    jobs.buy_numbers("main", job_id)
    jobs.buy_numbers("main", job_id)
    assert scene.bought() == 1


def test_without_writes_calls_of_erased_people_are_ended_when_they_are_back(scene: Scene) -> None:
    asked = end_calls_of_erased(scene)
    scene.work_under()
    scene.client.replicaof("127.0.0.1", "1")
    with pytest.raises(RedisError):  # of the queue; RQ tries it again
        turn(scene, jobs.end_calls, "recruiter.rita")

    scene.client.replicaof("NO", "ONE")
    turn(scene, jobs.end_calls, "recruiter.rita")
    assert asked in scene.written()


def test_a_call_that_another_account_does_not_know_is_passed_over(scene: Scene) -> None:
    end_calls_of_erased(scene)
    with foreign_account(scene) as foreign:
        before = scene.kept()
        turn(scene, jobs.end_calls, "recruiter.rita")
        assert foreign.rest_log
        after = scene.kept()
        assert {key: after.get(key) for key in before if "call" in key} == {
            key: kept for key, kept in before.items() if "call" in key
        }


def test_numbers_of_another_account_stay_as_they_are(scene: Scene) -> None:
    """Its "not found" is no proof of anything."""
    with foreign_account(scene) as foreign:
        numbers = scene.deployment().main.store.numbers
        before = numbers.of_pool("us")

        for job in PERIODIC * 2:
            job()
            assert {one.number for one in numbers.of_pool("us")} == {one.number for one in before}
            assert not [entry for entry in foreign.rest_log if entry.method in _WRITES], job


def test_under_a_right_clock_and_with_writes_the_same_jobs_work(scene: Scene) -> None:
    """Or the tests above would say nothing."""
    scene.work_under()
    before = scene.kept()
    with capture_logs() as logs:
        for job in PERIODIC:
            job()
    assert not [line for line in logs if "passed over" in line["event"]]
    send(scene)
    after = scene.kept()
    assert len({key for key in before | after if before.get(key) != after.get(key)}) > 10
    assert scene.written()
