"""The carrier starts, stops, keeps quiet and stands a crowd."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from relay.sandbox import Answer, NoAnswer, Phone, SimulatedCarrier
from relay.sandbox.thread_pool import ThreadPool
from tests.sandbox.conftest import ACCOUNT_SID, AUTH_TOKEN, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay, slowly


def own_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("sandbox")]


def test_stopping_ends_calls_requests_threads_and_sockets_at_once(
    relay: StandInRelay, capfd: pytest.CaptureFixture[str]
) -> None:
    carrier = SimulatedCarrier(ACCOUNT_SID, AUTH_TOKEN, speed=1).start()
    number = carrier.add_number(VIRTUAL)
    number.voice_url, number.sms_url = relay.url("/voice"), relay.url("/texts")
    relay.answers["/voice"] = f'<Dial callerId="{VIRTUAL}" timeout="600">{BOB}</Dial>'
    relay.answers["/texts"] = slowly(1, "")
    carrier.phone(BOB).on_ring = NoAnswer()
    call = carrier.phone("+12125550101").call(VIRTUAL)
    carrier.phone("+12125550101").text(VIRTUAL, "hello")
    relay.wait_for("/texts")
    carrier.phone(BOB).wait_for_ring()
    idle = requests.Session()
    idle.get(carrier.base_url + "/v1/Services", timeout=3)

    started = time.monotonic()
    carrier.stop()
    assert time.monotonic() - started < 0.5
    assert call.wait(1).status in ("canceled", "completed")
    with pytest.raises(requests.ConnectionError):
        requests.get(carrier.base_url, timeout=1)
    deadline = time.monotonic() + 1
    while own_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert own_threads() == []
    assert carrier.crashes == []
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_a_carrier_can_be_stopped_before_it_was_started_and_twice() -> None:
    carrier = SimulatedCarrier(ACCOUNT_SID, AUTH_TOKEN)
    carrier.stop()
    carrier.stop()


def test_a_seed_makes_the_same_names_again() -> None:
    first = SimulatedCarrier(ACCOUNT_SID, AUTH_TOKEN, seed=3)
    second = SimulatedCarrier(ACCOUNT_SID, AUTH_TOKEN, seed=3)
    assert first.add_number(VIRTUAL).sid == second.add_number(VIRTUAL).sid
    first.stop()
    second.stop()


def test_many_calls_and_texts_at_once_lose_nothing(
    carrier: SimulatedCarrier, relay: StandInRelay, number: object, client: Client
) -> None:
    relay.answers["/voice"] = lambda seen: (
        f'<Dial callerId="{VIRTUAL}" action="/after"><Number url="/screen">{BOB}</Number></Dial>'
    )
    relay.answers["/screen"] = '<Gather numDigits="1" action="/ok"/><Hangup/>'
    carrier.phone(BOB).on_ring = Answer(keys="1")
    callers: list[Phone] = [carrier.phone(f"+121255501{n:02d}") for n in range(3, 43)]
    calls = [phone.call(VIRTUAL) for phone in callers]
    texts = [phone.text(VIRTUAL, phone.number) for phone in callers]

    assert all(call.wait().bridged for call in calls)
    assert all(text.wait().errors == [] for text in texts)
    carrier.settle()
    assert {seen.form["Body"] for seen in relay.to("/texts")} == {p.number for p in callers}
    assert len(relay.to("/ended")) == 40
    assert len(client.calls.list(parent_call_sid=calls[0].sid)) == 1


def test_a_failing_job_is_kept_and_the_crew_works_on() -> None:
    crew = ThreadPool(size=2)
    crew.start()
    done = threading.Event()
    crew.soon(lambda: {}["nothing"])
    crew.soon(done.set)
    assert done.wait(2)
    assert crew.wait_until_idle(2)
    assert [type(crash) for crash in crew.crashes] == [KeyError]
    crew.stop()


def test_a_bug_of_the_rest_side_is_kept_and_answered_with_500(
    carrier: SimulatedCarrier, client: Client
) -> None:
    carrier.account.messages["SM"] = None  # type: ignore[assignment]
    with pytest.raises(TwilioException):
        client.messages.list()
    assert [type(crash) for crash in carrier.crashes] == [AttributeError]
    carrier.crashes.clear()


def test_settling_says_when_it_cannot(
    carrier: SimulatedCarrier, alice: Phone, relay: StandInRelay, number: object
) -> None:
    relay.answers["/texts"] = slowly(0.3, "")
    alice.text(VIRTUAL, "hello")
    with pytest.raises(TimeoutError):
        carrier.settle(timeout=0.05)
    carrier.settle()
