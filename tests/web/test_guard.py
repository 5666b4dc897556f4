"""The guard on every kind of phone, with the carrier's own webhooks: who is connected to whom, what
is told to whom, and what is kept of what was heard."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from prometheus_client import generate_latest
from werkzeug.serving import WSGIRequestHandler, make_server

from relay.app import create_app
from relay.carrier.urls import WebhookUrls
from relay.domain.guard import GuardKind, GuardStyle
from relay.domain.participant import CandidateDetails, RecruiterDetails
from relay.sandbox import Answer, Phone, Screening, SimulatedCarrier, Voicemail
from relay.sandbox.calls.trace import CallTrace
from relay.workflows.register_participant import register_candidate, register_recruiter
from tests.fake_redis import FakeRedis
from tests.web.api import FakeCarrier
from tests.world import ASKER, CARL, ENVIRONMENT, NUMBER, RITA, World, make_world

GREETING = "You have reached the private mailbox of Carl. Please leave a message after the tone."
#: What phones say by themselves: nobody has to know, and no file may hold it.
PRIVATE = (GREETING, Screening().preamble, "Hello? Hello, this is Carl")
#: In the log, the metrics and Redis.
KNOWN = ("call bridged", "relay_calls_total", "recruiter:rita")


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: object) -> None:
        """Nothing is printed."""


@dataclass
class Line:
    """Rita and Carl on one number; the relay answers the simulated carrier in this process."""

    world: World
    redis: Any
    carrier: SimulatedCarrier
    carl: Phone = field(init=False)
    rita: Phone = field(init=False)

    def __post_init__(self) -> None:
        self.carl, self.rita = self.carrier.phone(CARL), self.carrier.phone(RITA)
        self.world.open(now=time.time(), context="Backend engineer")

    def put_carl(self, **details: Any) -> None:
        details = CandidateDetails(phone=CARL, **details)
        register_candidate(self.world.services, "carl", details, client_id=ASKER, now=time.time())

    def call_carl(self, behaviour: Any) -> CallTrace:
        for kept in (self.carl.heard, self.carl.transcripts):
            kept.clear()
        self.carl.on_ring = behaviour
        trace = self.rita.call(NUMBER).wait()
        assert not trace.errors
        return trace


@pytest.fixture
def line() -> Iterator[Line]:
    redis = FakeRedis()
    server = make_server("127.0.0.1", 0, Flask(__name__), threaded=True, request_handler=_Quiet)
    base = f"http://127.0.0.1:{server.port}"
    world = make_world(redis, carrier=FakeCarrier(), PUBLIC_BASE_URL=base)
    server.app = create_app(world.deployment)  # which had to know the port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    account = ENVIRONMENT["TWILIO_ACCOUNT_SID"], ENVIRONMENT["TWILIO_AUTH_TOKEN"]
    with SimulatedCarrier(*account, speed=100_000) as carrier:
        number, urls = carrier.add_number(NUMBER), WebhookUrls(base, "main")
        number.voice_url, number.status_callback = urls.voice(), urls.call_ended()
        yield Line(world, redis, carrier)
        carrier.settle()
        assert carrier.crashes == []
    server.shutdown()
    server.server_close()
    thread.join()


def a_screening_phone(chance: random.Random) -> Screening:
    """Somebody's, with somebody who picks up."""
    preamble = chance.uniform(4, 12)
    listens = chance.uniform(9, 12)
    return Screening(
        preamble_seconds=preamble,
        listens_seconds=listens,
        owner_after=max(preamble + 8, chance.gauss(25, 2)),
        keys=chance.choice(["1", "1", "1", "21"]),
    )


def test_nearly_every_call_to_a_screening_phone_is_taken_by_its_owner(line: Line) -> None:
    """The goal is 99 of 100. The recruiter is named by an assistant only where the candidate wishes
    it, or when its owner has pressed 2."""
    chance, bridged = random.Random(11), 0
    for style in [GuardStyle.DISCREET] * 50 + [GuardStyle.NAMED] * 50:
        line.put_carl(guard_style=style)
        phone = a_screening_phone(chance)
        trace = line.call_carl(phone)
        bridged += trace.bridged
        noted = " ".join(line.carl.transcripts)
        assert noted.startswith("JobBoard: a call about an application.")
        if phone.keys == "1":
            named = "Rita of Acme" in " ".join(line.carl.heard)
            assert named <= (style is GuardStyle.NAMED)
    assert bridged >= 99


def test_the_assistant_the_issue_tells_of_hears_who_calls_as_the_candidate_wishes(
    line: Line,
) -> None:
    for style, told in ((GuardStyle.DISCREET, False), (GuardStyle.NAMED, True)):
        line.put_carl(guard_style=style)
        assert line.call_carl(Screening()).bridged
        assert ("The call is from Rita of Acme." in line.carl.heard) is told


def phones_without_a_person(chance: random.Random) -> Iterator[Any]:
    for _ in range(8):
        greeting = GREETING + " Goodbye." * chance.randrange(40)
        yield Voicemail(greeting=greeting, ring_seconds=chance.uniform(0, 20), hang_up_after=90)
        yield Screening(preamble_seconds=chance.uniform(3, 12), owner_after=None)
        yield Screening(preamble=GREETING, listens_seconds=60, owner_after=None)
        yield Answer(hello=PRIVATE[2])


def test_no_voicemail_and_no_assistant_is_connected_to_a_caller(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what it said is neither kept nor logged, nor is the recruiter's name told to it."""
    for phone in phones_without_a_person(random.Random(12)):
        trace = line.call_carl(phone)
        assert not trace.bridged
        assert not set(PRIVATE) & set(trace.heard_by_caller)
        assert "Rita" not in " ".join(line.carl.heard)
    line.carrier.settle()
    assert any("SpeechResult" in webhook.params for webhook in line.carrier.webhook_log)
    kept = [capsys.readouterr().out, generate_latest().decode(), everything_in(line.redis)]
    assert [known in where for known, where in zip(KNOWN, kept, strict=True)] == [True] * 3
    for words in PRIVATE:
        assert max(words.split(". "), key=len) not in " ".join(kept)


def everything_in(redis: Any) -> str:
    return " ".join(f"{key} {redis.dump(key)!r}" for key in redis.keys("*"))


def test_a_hello_does_not_cost_the_sentence(line: Line) -> None:
    trace = line.call_carl(Answer(hello="Hello?", keys="1"))

    assert trace.bridged
    assert trace.heard_by_callee[:2] == [
        "JobBoard: a call about an application.",
        "Press 1 to take it, or 2 to hear who it is and why.",
    ]


def test_without_a_guard_a_call_is_connected_to_whatever_picks_up(line: Line) -> None:
    """It says so in the API: this is for people who cannot press keys."""
    line.put_carl(guard=GuardKind.NONE)
    trace = line.call_carl(Voicemail(greeting=GREETING))

    assert trace.bridged
    assert trace.heard_by_caller == [GREETING]
    assert trace.heard_by_callee == []


def test_a_recruiters_own_voicemail_reaches_no_candidate_when_their_guard_is_on(
    line: Line,
) -> None:
    details = RecruiterDetails(phone=RITA, screen_calls=True)
    register_recruiter(line.world.services, "rita", details, client_id=ASKER, now=time.time())
    for behaviour, is_taken in (
        (Voicemail(greeting=GREETING), False),
        (Screening(owner_after=None), False),
        (Screening(), True),
        (Answer(keys="1"), True),
    ):
        line.rita.on_ring = behaviour
        trace = line.carl.call(NUMBER).wait()
        assert trace.bridged is is_taken
        assert not set(PRIVATE) & set(trace.heard_by_caller)
