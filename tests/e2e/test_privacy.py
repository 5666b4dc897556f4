"""P2: a real number is in clear only where it is dialled or texted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import requests

from relay.sandbox.leak_search import everything_in_files, everything_in_redis, holds_number
from relay.sandbox.webhooks.signature import sign
from tests.e2e.stage import PEOPLE, Stage, eventually
from tests.web.api import webhooks


def test_p2_no_real_number_is_in_redis_its_files_or_the_logs(stage):
    session = stage.open()
    stage.phone("rita").call(session["virtual_number"]).wait(20)
    stage.phone("rita").text(session["virtual_number"], "a text nobody may read").wait()
    stage.phone("carl").wait_for_text()
    stage.phone("nora").call(session["virtual_number"]).wait(20)

    directory = stage.service.directory
    places = [
        everything_in_redis(stage.service.redis.url),
        everything_in_files(directory, "*.log"),
        everything_in_files(directory / "redis", "**/*"),
    ]

    assert all(len(place) > 1_000 for place in places)
    for number in map(stage.number, PEOPLE):
        assert not any(holds_number(place, number) for place in places)
    assert not any(b"a text nobody may read" in place for place in places)


def test_p2_no_answer_of_the_api_holds_a_real_number(stage):
    session = stage.open()
    answers = [
        stage.api.send("GET", path).text
        for path in (
            "/v1/sessions",
            f"/v1/sessions/{session['id']}",
            f"/v1/sessions/{session['id']}/interactions",
            "/v1/recruiters/rita",
            "/v1/candidates/carl",
            "/v1/numbers",
            "/v1/pools",
            "/metrics",
            "/openapi.json",
            "/docs",
        )
    ]

    for number in map(stage.number, PEOPLE):
        assert not any(holds_number(answer.encode(), number) for answer in answers)


@contextmanager
def heard_by_redis(url: str) -> Iterator[list[bytes]]:
    """Every command that Redis is sent meanwhile, those of scripts too, and what its slow log keeps
    of them."""
    heard: list[bytes] = []
    client = redis.Redis.from_url(url)
    client.config_set("slowlog-log-slower-than", 0)
    client.config_set("slowlog-max-len", 100_000)
    client.slowlog_reset()
    stop, listening = threading.Event(), threading.Event()

    def listen() -> None:
        with redis.Redis.from_url(url).monitor() as monitor:
            listening.set()
            for command in monitor.listen():
                heard.append(command["command"].encode())
                if stop.is_set():
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    listening.wait(5)
    try:
        yield heard
    finally:
        stop.set()
        client.ping()
        listener.join(5)
        heard += [entry["command"] for entry in client.slowlog_get(100_000)]
        client.config_set("slowlog-log-slower-than", 10_000)


def tell_a_story(stage: Stage) -> None:
    """Calls and texts of people and strangers, phone changes, refusals, filters and an erasure."""
    api, carl = stage.api, stage.number("carl")
    session = stage.open()
    number = session["virtual_number"]
    stage.phone("rita").call(number).wait(20)
    stage.phone("rita").text(number, "hello").wait()
    stage.phone("carl").wait_for_text()
    for somebody in ("finn", "nora"):
        stage.phone(somebody).call(number).wait(20)
        stage.phone(somebody).text(number, "who is there?").wait()
    stage.phone("carl").text(number, "STOP").wait()
    stage.phone("carl").text(number, "START").wait()
    rita_and_carl = {"recruiter": "rita", "candidate": "carl"}
    for method, path, body in (
        ("PUT", "/v1/candidates/dan", {"phone": carl}),
        ("PUT", "/v1/candidates/dan", {"phone": number}),
        ("PUT", "/v1/candidates/carl", {"phone": stage.number("eve")}),
        ("PUT", "/v1/candidates/dan", {"phone": stage.number("eve"), "take_over": True}),
        ("PUT", "/v1/candidates/carl", {"phone": carl}),
        ("PUT", "/v1/recruiters/rita", {"phone": carl}),
        ("PUT", "/v1/recruiters/nora", {"phone": carl}),
        ("POST", "/v1/sessions", {"recruiter": "nora", "candidate": "carl"}),
        ("POST", "/v1/sessions", rita_and_carl | {"context": f"Ref {carl[-7:]}, cook"}),
        ("POST", "/v1/sessions", rita_and_carl | {"context": f"Ref {carl[:1:-1]}, cook"}),
        ("GET", f"/v1/sessions?virtual_number={carl}", None),
        ("GET", f"/v1/sessions?virtual_number={carl}&recruiter=rita", None),
        ("GET", f"/v1/numbers/{carl}", None),
        ("PATCH", f"/v1/numbers/{carl}", {"status": "draining"}),
        ("DELETE", f"/v1/numbers/{carl}", None),
        ("POST", "/v1/numbers", {"phone_number": carl, "pool": "us"}),
        ("GET", f"/v1/candidates/{carl}", None),
    ):
        api.send(method, path, body)
    for path in webhooks():
        for signed in (True, False):
            send_foreign_webhooks(stage, session, path, signed=signed)
    api.send("DELETE", "/v1/candidates/carl")


def send_foreign_webhooks(
    stage: Stage, session: dict[str, Any], path: str, *, signed: bool
) -> None:
    """To a person from another one, and as of a leg that we dialled: its ``To`` is a person."""
    ids = [interaction["id"] for interaction in stage.interactions(session["id"])]
    call_id, message_id = (next(i for i in ids if kind in i) for kind in (".CA", ".SM"))
    for value, name in (("main", "board"), (call_id, "call_id"), (message_id, "message_id")):
        path = path.replace(f"<{name}>", value)
    url = stage.service.base_url + path.replace("<attempt>", "1").replace("<turn>", "1")
    account = stage.carrier.account
    for from_, digits in (("carl", session["access_code"]), ("nora", "1"), ("", "1")):
        form = {
            "AccountSid": account.sid,
            "From": stage.number(from_) if from_ else session["virtual_number"],
            "To": stage.number("finn"),
            "Called": stage.number("dan"),
            "ForwardedFrom": stage.number("eve"),
            "CallSid": f"CA{digits:0>32}",
            "MessageSid": f"SM{digits:0>32}",
            "Body": f"{digits} it is me",
            "Digits": digits,
            "NumMedia": "0",
            "CallStatus": "completed",
            "CallDuration": "3",
            "DialCallStatus": "completed",
            "MessageStatus": "delivered",
        }
        signature = sign(account.auth_token, url, form) if signed else "A" * 27 + "="
        headers = {"X-Twilio-Signature": signature}
        answer = requests.post(url, form, headers=headers, timeout=9)
        assert (answer.status_code == 403) is not signed, (path, answer.text)


def test_p2_redis_hears_no_real_number(stage: Stage) -> None:
    with heard_by_redis(stage.service.redis.url) as heard:
        tell_a_story(stage)
        eventually(lambda: any(b"hdel" in command.lower() for command in heard))
    everything = b"\n".join(heard)
    assert len(heard) > 500
    assert b"4155550192" in everything, "our own numbers are heard"
    for number in map(stage.number, PEOPLE):
        last_seven = number[-7:].encode()
        assert [command for command in heard if last_seven in command] == []
        assert not holds_number(everything, number)
