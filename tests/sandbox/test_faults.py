"""Faults: REST that refuses or forgets, webhooks that repeat, wait and overtake."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from flask import Response
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from relay.sandbox import Answer, Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import ACCOUNT_SID, AUTH_TOKEN, BOB, VIRTUAL, LoopbackHttpClient
from tests.sandbox.stand_in_relay import StandInRelay, plain, status, twiml

pytestmark = pytest.mark.usefixtures("number")


def send(client: Client, body: str = "hello", callback: str | None = None) -> None:
    client.messages.create(to=BOB, from_=VIRTUAL, body=body, status_callback=callback)


# --- REST ---------------------------------------------------------------------------------


def test_too_many_requests_have_no_effect_and_say_when_to_come_back(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.faults.rest.next(status=429, retry_after=1, times=2, path_contains="Messages.json")
    assert client.incoming_phone_numbers.list()
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            send(client)
        assert (refused.value.status, refused.value.code) == (429, 20429)
    assert carrier.messages() == []
    send(client)
    assert [entry.status for entry in carrier.rest_log[-3:]] == [429, 429, 201]


def test_retry_after_is_a_header(carrier: SimulatedCarrier) -> None:
    carrier.faults.rest.next(status=429, retry_after=7)
    answer = requests.get(carrier.base_url + "/v1/Services", timeout=3)
    assert answer.headers["Retry-After"] == "7"


def test_an_error_can_be_a_page(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.rest.next(status=500, html=True)
    with pytest.raises(TwilioRestException) as failed:
        send(client)
    assert (failed.value.status, failed.value.code) == (500, 500)


def test_lists_fail_too(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.rest.next(status=503, method="GET")
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        client.messages.list()


def test_a_request_can_go_unanswered_and_without_effect(carrier: SimulatedCarrier) -> None:
    carrier.faults.rest.next(timeout=0.4)
    hasty = Client(
        ACCOUNT_SID, AUTH_TOKEN, http_client=LoopbackHttpClient(carrier.base_url, timeout=0.1)
    )
    with pytest.raises(requests.ReadTimeout):
        send(hasty)
    assert carrier.messages() == []


@pytest.mark.parametrize("hang", [0.0, 0.4])
def test_an_answer_can_be_lost_after_the_effect(
    carrier: SimulatedCarrier, bob: Phone, hang: float
) -> None:
    carrier.faults.rest.next(lost_reply=True, hang=hang)
    hasty = Client(
        ACCOUNT_SID, AUTH_TOKEN, http_client=LoopbackHttpClient(carrier.base_url, timeout=0.1)
    )
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
        send(hasty)
    assert bob.wait_for_text()[0].body == "hello"
    assert carrier.rest_log[0].status is None


def test_an_answer_can_be_late_and_true(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.rest.next(slow=0.15)
    started = time.monotonic()
    send(client)
    assert time.monotonic() - started > 0.15


def test_a_test_can_strike_while_a_request_is_held_up(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.faults.rest.next(slow=0.3)
    sender = threading.Thread(target=send, args=(client,))
    sender.start()
    (request,) = carrier.wait_for_request("Messages.json")
    assert (request.params["Body"], sender.is_alive()) == (["hello"], True)
    sender.join()
    with pytest.raises(TimeoutError):
        carrier.wait_for_webhook("voice", timeout=0.05)


def test_all_faults_can_be_cleared(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.rest.next(status=500, times=99)
    carrier.faults.messages.fail()
    carrier.faults.wrong_signature = True
    carrier.faults.clear()
    send(client)
    carrier.settle()
    assert carrier.messages()[0].status == "delivered"
    assert not carrier.faults.wrong_signature


# --- webhooks -----------------------------------------------------------------------------


def test_webhooks_come_twice_with_the_same_token(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.duplicate(times=2, kinds=["message"])
    alice.text(VIRTUAL, "hello").wait()
    first, second = relay.to("/texts")
    assert first.token == second.token
    assert first.form == second.form


def test_duplicates_can_come_at_the_same_moment(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.duplicate(times=5, kinds=["voice"], together=True)
    alice.call(VIRTUAL).wait()
    assert len(relay.to("/voice")) == 5


def test_of_two_answers_to_a_call_the_last_one_counts(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.duplicate(kinds=["voice"])
    relay.answers["/voice"] = lambda _seen: f"<Say>{len(relay.to('/voice'))}</Say>"
    assert alice.call(VIRTUAL).wait().heard_by_caller == ["2"]


def test_callbacks_overtake_each_other(
    client: Client, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.reorder(["message-status"], window=0.1)
    send(client, callback=relay.url("/sent"))
    carrier.settle()
    assert [s.form["MessageStatus"] for s in relay.to("/sent")] == ["delivered", "sent"]


def test_a_calls_end_can_be_told_before_its_legs(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.delay(0.1, kinds=["status"])
    relay.answers["/voice"] = (
        f'<Dial callerId="{VIRTUAL}"><Number statusCallback="/leg">{BOB}</Number></Dial>'
    )
    alice.call(VIRTUAL).wait()
    carrier.settle()
    assert [seen.path for seen in relay.requests] == ["/voice", "/ended", "/leg"]


def test_callbacks_can_be_held_and_let_go_in_reverse(
    client: Client, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.hold(["message-status"])
    send(client, callback=relay.url("/sent"))
    carrier.settle()
    assert relay.to("/sent") == []
    assert carrier.faults.webhooks.release_held("reversed") == 2
    relay.wait_for("/sent", 2)


def test_a_held_call_waits_until_it_is_let_go(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.hold(["voice"])
    call = alice.call(VIRTUAL)
    time.sleep(0.05)
    assert relay.requests == []
    carrier.faults.webhooks.release_held()
    call.wait()
    assert len(relay.to("/voice")) == 1


def test_a_callback_can_be_lost(
    client: Client, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.lose(["message-status"], times=1)
    send(client, callback=relay.url("/sent"))
    carrier.settle()
    assert [s.form["MessageStatus"] for s in relay.to("/sent")] == ["delivered"]
    assert carrier.faults.webhooks.lost_count == 1


@pytest.mark.parametrize(
    ("answer", "warnings"), [(status(204), []), (twiml(""), []), (plain("OK"), [12300])]
)
def test_a_callback_answered_with_anything_but_nothing_is_a_warning(
    alice: Phone,
    relay: StandInRelay,
    carrier: SimulatedCarrier,
    answer: Response,
    warnings: list[int],
) -> None:
    relay.answers["/ended"] = answer
    alice.call(VIRTUAL).wait()
    carrier.settle()
    assert carrier.webhook_log[-1].warnings == warnings


# --- signatures ---------------------------------------------------------------------------


def test_a_wrong_signature_is_wrong(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.wrong_signature = True
    alice.text(VIRTUAL, "hello").wait()
    assert not relay.to("/texts")[0].is_genuine


def test_a_secondary_token_signs_once_it_is_promoted(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.secondary_token = "b" * 32
    alice.text(VIRTUAL, "hello").wait()
    assert not relay.to("/texts")[0].is_genuine


def test_fields_can_be_added_after_signing(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.extra_unsigned_fields = True
    alice.call(VIRTUAL).wait()
    (seen,) = relay.to("/voice")
    assert not seen.is_genuine
    signed = {k: v for k, v in seen.form.items() if k not in ("CallToken", "StirVerstat")}
    assert relay._validator.validate(seen.url, signed, seen.headers["X-Twilio-Signature"])


def test_an_actions_query_can_be_sorted_after_signing(
    alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    relay.answers["/voice"] = '<Gather action="/code?b=2&amp;a=1" actionOnEmptyResult="true"/>'
    alice.call(VIRTUAL).wait()
    carrier.faults.sorted_action_queries = True
    alice.call(VIRTUAL).wait()
    before, after = relay.to("/code")
    assert (before.url[-7:], before.is_genuine) == ("b=2&a=1", True)
    assert (after.url[-7:], after.is_genuine) == ("a=1&b=2", False)


# --- redirects ----------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "method"), [(301, "GET"), (302, "GET"), (307, "POST")])
def test_redirects_are_followed_and_some_lose_the_fields(
    alice: Phone, relay: StandInRelay, number: OwnedNumber, code: int, method: str
) -> None:
    from flask import redirect

    relay.answers["/texts"] = lambda _seen: redirect("/moved", code)
    alice.text(VIRTUAL, "hello").wait()
    (seen,) = relay.to("/moved")
    assert (seen.method, seen.is_genuine) == (method, True)
    assert seen.form.get("Body") == ("hello" if method == "POST" else None)


def test_ten_redirects_are_enough(alice: Phone, relay: StandInRelay) -> None:
    from flask import redirect

    relay.answers["/voice"] = lambda _seen: redirect("/voice", 307)
    assert alice.call(VIRTUAL).wait().errors == [11215]
    assert len(relay.to("/voice")) == 11


def test_a_call_survives_every_kind_of_fault_at_once(
    alice: Phone, bob: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    carrier.faults.webhooks.duplicate(times=2)
    carrier.faults.webhooks.delay(0.01)
    carrier.faults.webhooks.reorder(window=0.05)
    relay.answers["/voice"] = (
        f'<Dial callerId="{VIRTUAL}" action="/after"><Number url="/screen" statusCallback="/leg" '
        f'statusCallbackEvent="initiated ringing answered completed">{BOB}</Number></Dial>'
    )
    bob.on_ring = Answer()
    assert alice.call(VIRTUAL).wait().bridged
    carrier.settle()
    assert len(relay.to("/leg")) == 8
    assert len(relay.to("/ended")) == 2
