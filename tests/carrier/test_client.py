"""The carrier's client against the simulated carrier, over real HTTP."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from requests.exceptions import ConnectTimeout
from twilio.http.response import Response

from relay.carrier.calls import CallOutcome
from relay.carrier.client import Carrier
from relay.carrier.codes import NOT_FOUND, UNREADABLE_ANSWER
from relay.carrier.errors import carrier_errors
from relay.carrier.http import CarrierHttp
from relay.carrier.messages import ListedText, SentText
from relay.carrier.urls import WebhookUrls
from relay.carrier.webhooks import InboundText, MessageStatusReport
from relay.domain.board import CarrierAccount, CarrierKey
from relay.domain.errors import CarrierError
from relay.domain.exchange import Exchange
from relay.domain.phone import PhoneNumber
from relay.domain.throttle import Throttle
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from tests.carrier.answering import answering
from tests.carrier.openapi import assert_follows_description
from tests.world import CARL, NUMBER, OTHER_NUMBER, OUR_ACCOUNT, RITA, make_settings

SETTINGS = make_settings()
SID, TOKEN = SETTINGS.twilio_account_sid, SETTINGS.twilio_auth_token.get_secret_value()
TO_CARL = PhoneNumber(CARL)
TEXT = "SM" + "3" * 32


@pytest.fixture
def sandbox() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN, message_delay=(0.005, 0.01)) as simulated:
        simulated.add_number(NUMBER)
        yield simulated
    assert simulated.crashes == []
    for request in simulated.rest_log:
        assert_follows_description(request)


@pytest.fixture
def carrier(sandbox: SimulatedCarrier) -> Carrier:
    return Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, timeout=0.5)


def send(carrier: Carrier, body: str = "hello") -> str:
    return carrier.messages.send_text(
        virtual_number=NUMBER, to=TO_CARL, body=body, status_callback="https://relay.example.com/x"
    ).sid


def error_of(carrier: Carrier) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        send(carrier)
    return caught.value


def test_a_text_arrives_unchanged(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    body = "你好 👋 " + "x" * 1590
    sid = send(carrier, body)
    assert sid.startswith("SM")
    [text] = sandbox.phone(CARL).wait_for_text()
    assert (text.sender, text.body) == (NUMBER, body)


@pytest.mark.parametrize(
    ("body", "arrives", "segments"),
    [
        ("“Don’t” – " + "x" * 150, '"Don\'t" - ' + "x" * 150, 1),
        ("“好的……”，可以吗？`x`", "“好的……”，可以吗？`x`", 1),  # gains nothing: stays as it is
        ("…" * 533 + "x", "..." * 533 + "x", 11),  # 1,600 characters
        ("…" * 534, "…" * 534, 8),  # would be over 1,600 characters
    ],
)
def test_typography_is_made_plainer_only_where_that_is_cheaper(
    sandbox: SimulatedCarrier, carrier: Carrier, body: str, arrives: str, segments: int
) -> None:
    since = time.time()
    send(carrier, body)
    assert sandbox.phone(CARL).wait_for_text()[0].body == arrives
    [found] = carrier.messages.find_sent(virtual_number=NUMBER, since=since)
    assert (found.body, found.segments) == (arrives, segments)


def test_what_was_sent_is_found_oldest_first(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    since = time.time()
    sids = [send(carrier, "one"), send(carrier, "two")]
    found = carrier.messages.find_sent(virtual_number=NUMBER, since=since)
    assert [text.sid for text in found] == sids
    assert [text.body for text in found] == ["one", "two"]
    assert {(text.receiver, text.segments) for text in found} == {(CARL, 1)}
    assert all(since - 1 < text.created_at <= time.time() for text in found)
    sandbox.settle()
    found = carrier.messages.find_sent(virtual_number=NUMBER, since=since)
    assert [text.status for text in found] == ["delivered"] * 2
    assert carrier.messages.find_sent(virtual_number=NUMBER, since=since + 60) == []
    assert "hello" not in repr(found)


def test_a_polite_answer_is_not_taken_for_a_text_of_ours(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.phone(CARL).text(NUMBER, "HELP").wait()
    sandbox.phone(CARL).wait_for_text()
    assert carrier.messages.find_sent(virtual_number=NUMBER, since=0) == []


def test_what_waits_at_the_carrier_is_found_too(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.messages.per_second = 0.1
    since = time.time()
    send(carrier)
    send(carrier, "still waiting")
    found = carrier.messages.find_sent(virtual_number=NUMBER, since=since)
    assert len(found) == 2


def test_what_waited_at_the_carrier_hides_nothing_behind_it(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    """By either of its times, what is behind it in the list may be of the time asked for."""
    since = time.time()
    sids = [send(carrier, "one"), send(carrier, "two")]
    sandbox.settle()
    sandbox.messages(from_=NUMBER)[1].created -= timedelta(hours=2)
    assert [
        text.sid for text in carrier.messages.find_sent(virtual_number=NUMBER, since=since)
    ] == [sids[0]]


@pytest.mark.parametrize("precision", ["second", "day"])
def test_what_came_in_is_listed_newest_first(
    sandbox: SimulatedCarrier, carrier: Carrier, precision: str
) -> None:
    sandbox.faults.list_dates_by = precision  # type: ignore[assignment]
    since = time.time()
    for body in ("one", "two"):
        sandbox.phone(RITA).text(NUMBER, body).wait()
    send(carrier, "ours")
    page = carrier.messages.inbound_page(since=since)
    listed, more = page.texts, page.next
    assert more is None
    assert [(item.text.sender, item.text.virtual_number) for item in listed] == [(RITA, NUMBER)] * 2
    assert [item.text.body for item in listed] == ["two", "one"]
    assert all(since - 1 < item.received_at <= time.time() for item in listed)
    assert [item.text.message_sid for item in reversed(listed)] == [
        message.sid for message in sandbox.messages(from_=RITA)
    ]
    assert {(item.text.media, item.text.segments) for item in listed} == {(0, 1)}
    assert carrier.messages.inbound_page(since=since + 60).texts == ()


def test_what_came_in_is_listed_with_how_many_pictures_and_segments_it_had(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    pictures = ("https://rita.example/1.png", "https://rita.example/2.png")
    sandbox.phone(RITA).text(NUMBER, "x" * 161, pictures).wait()
    [listed] = carrier.messages.inbound_page(since=0).texts
    [stands] = sandbox.messages(from_=RITA)
    assert (listed.text.media, listed.text.segments) == (2, stands.num_segments)
    sandbox.phone(RITA).text(NUMBER, "x" * 161).wait()
    assert carrier.messages.inbound_page(since=0).texts[0].text.segments == 2


def test_a_look_reads_no_further_back_than_it_has_to(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    """The carrier's filter knows days, so the reader stops where the list gets older, and an
    unsent text, however old, stops nobody."""
    sandbox.faults.list_dates_by = "day"
    now = datetime.now(UTC).replace(hour=12)
    bodies = [f"text {count}" for count in range(8)]
    for body in bodies:
        sandbox.phone(RITA).text(NUMBER, body).wait()
    for age, message in enumerate(reversed(sandbox.messages(to=NUMBER))):
        message.sent = message.created = now - timedelta(minutes=age)
    newest = sandbox.messages(to=NUMBER)[-2]
    newest.direction, newest.sent, newest.created = "outbound-api", None, now - timedelta(hours=5)

    page = carrier.messages.inbound_page(since=(now - timedelta(seconds=90)).timestamp(), size=3)
    assert [item.text.body for item in page.texts] == ["text 7"]
    assert page.next is None

    since = (now - timedelta(minutes=3.5)).timestamp()
    first = carrier.messages.inbound_page(since=since, size=3)
    assert [item.text.body for item in first.texts] == ["text 7", "text 5"]
    sandbox.phone(RITA).text(NUMBER, "meanwhile").wait()
    second = carrier.messages.inbound_page(since=since, at=first.next, size=3)
    assert [item.text.body for item in second.texts] == ["text 4"]
    assert second.next is None


def test_a_page_may_take_longer_than_a_text(sandbox: SimulatedCarrier) -> None:
    patient = Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, timeout=0.05, page_timeout=5.0)
    sandbox.faults.rest.next(slow=0.3, times=3, method="GET")
    assert patient.messages.inbound_page(since=time.time() - 60).texts == ()
    assert [owned.number for owned in patient.numbers.list_owned()] == [NUMBER]
    with pytest.raises(CarrierError):
        patient.numbers.find_owned(NUMBER)


@pytest.mark.parametrize(("code", "status"), [(0, "delivered"), (30007, "undelivered")])
def test_a_text_is_asked_how_it_ended(
    sandbox: SimulatedCarrier, carrier: Carrier, code: int, status: str
) -> None:
    if code:
        sandbox.faults.messages.fail(to=CARL, code=code)
    sid = send(carrier)
    sandbox.settle()
    report = carrier.messages.fetch_report(sid)
    assert (report.message_sid, report.status, report.error_code) == (sid, status, code)
    with pytest.raises(CarrierError) as caught:
        carrier.messages.fetch_report("SM" + "0" * 32)
    assert caught.value.code == NOT_FOUND


def test_a_suspended_account_is_refused_for_a_while(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.rest.suspend(60)
    error = error_of(carrier)
    assert (error.code, error.trouble, error.ambiguous) == (20005, Trouble.ACCOUNT, False)
    sandbox.faults.rest.clear()
    assert send(carrier)


def test_too_many_requests_say_when_to_come_again(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.rest.next(status=429, retry_after=7)
    error = error_of(carrier)
    assert (error.code, error.retryable, error.retry_after, error.ambiguous) == (
        20429,
        True,
        7,
        False,
    )
    sandbox.faults.rest.next(status=429)
    assert error_of(carrier).retry_after is None


@pytest.mark.parametrize("html", [False, True])
def test_a_server_s_error_leaves_open_whether_the_text_was_taken(
    sandbox: SimulatedCarrier, carrier: Carrier, html: bool
) -> None:
    sandbox.faults.rest.next(status=500, html=html)
    error = error_of(carrier)
    assert (error.retryable, error.ambiguous) == (True, True)


@pytest.mark.traced
def test_a_refused_text_has_the_carrier_s_code(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    sandbox.faults.messages.not_sms_capable.add(CARL)
    error = error_of(carrier)
    assert (error.code, error.retryable, error.ambiguous) == (21614, False, False)
    assert str(error) == "carrier error 21614"


def test_a_wrong_token_may_be_mended(sandbox: SimulatedCarrier) -> None:
    carrier = Carrier(CarrierAccount(sid=SID, tokens=("b" * 32,)), base_url=sandbox.base_url)
    error = error_of(carrier)
    assert (error.code, error.retryable) == (20003, True)


@pytest.mark.parametrize("fault", [{"slow": 1.0}, {"timeout": 1.0}, {"lost_reply": True}])
def test_an_answer_that_does_not_come_is_ambiguous(
    sandbox: SimulatedCarrier, carrier: Carrier, fault: dict[str, float]
) -> None:
    sandbox.faults.rest.next(**fault)  # type: ignore[arg-type]
    error = error_of(carrier)
    assert (error.retryable, error.ambiguous) == (True, True)


def test_a_carrier_that_is_not_there_has_not_taken_the_text() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        carrier = Carrier(OUR_ACCOUNT, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        error = error_of(carrier)
    assert (error.retryable, error.ambiguous) == (True, False)


def test_a_lookup_is_never_ambiguous(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    sandbox.faults.rest.next(status=500, times=3)
    for look in (
        lambda: carrier.messages.find_sent(virtual_number=NUMBER, since=0),
        lambda: carrier.messages.inbound_page(since=0),
        lambda: carrier.numbers.find_owned(NUMBER),
    ):
        with pytest.raises(CarrierError) as caught:
            look()
        assert (caught.value.retryable, caught.value.ambiguous) == (True, False)


@pytest.mark.parametrize("document", ["{}", "<html>", "[]", '{"sid": 5, "date_created": 7}'])
def test_an_answer_nobody_can_read_is_ambiguous(document: str) -> None:
    with answering(document) as url:
        error = error_of(Carrier(OUR_ACCOUNT, base_url=url))
    assert (error.trouble, error.code) == (Trouble.LATER, UNREADABLE_ANSWER)
    assert error.ambiguous


def test_a_text_of_ours_may_be_told_by_its_sid_alone() -> None:
    told = f'{{"sid": "{TEXT}"}}'
    with answering(told) as url:
        sent = Carrier(OUR_ACCOUNT, base_url=url).messages.send_text(
            virtual_number=NUMBER, to=TO_CARL, body="hello", status_callback=""
        )
    assert sent == SentText(sid=TEXT, status="")
    with answering(told, status=200) as url:
        report = Carrier(OUR_ACCOUNT, base_url=url).messages.fetch_report(TEXT)
    assert report == MessageStatusReport(message_sid=TEXT, status="")


def test_a_text_that_came_in_may_be_told_by_its_sid_and_time_alone() -> None:
    text = {"sid": TEXT, "direction": "inbound", "date_sent": "Mon, 23 Nov 2026 10:00:00 +0000"}
    told = json.dumps({"messages": [text], "next_page_uri": None})
    with answering(told, status=200) as url:
        page = Carrier(OUR_ACCOUNT, base_url=url).messages.inbound_page(since=0)
    text = InboundText(message_sid=TEXT, sender="", virtual_number="", body="")
    at = datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()
    assert page.texts == (ListedText(text=text, received_at=at),)


def test_a_connection_that_was_never_made_took_nothing_along() -> None:
    with pytest.raises(CarrierError) as caught, carrier_errors(creates=True):
        raise ConnectTimeout
    assert (caught.value.retryable, caught.value.ambiguous) == (True, False)


def test_a_number_of_ours_is_found_with_what_it_can_do(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.add_number(OTHER_NUMBER, {"sms": False})
    owned = carrier.numbers.find_owned(OTHER_NUMBER)
    assert owned is not None
    assert (owned.voice, owned.sms, owned.mms) == (True, False, True)
    assert owned.sid.startswith("PN")
    assert carrier.numbers.find_owned("+1415555014") is None  # part of ours


def test_a_number_is_pointed_here(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    urls = WebhookUrls("https://relay.example.com", "main")
    owned = sandbox.account.number(NUMBER)
    assert owned is not None
    owned.voice_application_sid = "AP" + "1" * 32
    carrier.numbers.point_here(
        owned.sid,
        voice_url=urls.voice(),
        sms_url=urls.messages(),
        status_callback=urls.call_ended(),
    )
    assert (owned.voice_url, owned.sms_url) == (urls.voice(), urls.messages())
    assert owned.status_callback == urls.call_ended()
    assert not owned.voice_application_sid


def test_a_call_is_found_with_the_leg_that_it_dialled(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    call, other = (sandbox.account.add_call(RITA, NUMBER, "inbound") for _ in range(2))
    assert carrier.calls.find_outcome(call.sid) == CallOutcome(status="ringing")

    leg = sandbox.account.add_call(NUMBER, CARL, "outbound-dial", call.sid)
    sandbox.account.add_call(NUMBER, CARL, "outbound-dial", other.sid).status = "busy"
    call.status = "in-progress"
    assert carrier.calls.find_outcome(call.sid) == CallOutcome(
        status="in-progress", leg_sid=leg.sid, leg_status="ringing"
    )

    call.status, call.duration = "completed", 61
    leg.status, leg.duration = "no-answer", 0
    assert carrier.calls.find_outcome(call.sid) == CallOutcome(
        status="completed",
        caller_duration=61,
        leg_sid=leg.sid,
        leg_status="no-answer",
        duration=0,
    )
    assert sandbox.rest_log[-1].params["PageSize"] == ["1"]


def test_a_call_that_dialled_nobody_has_its_own_length_alone(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    call = sandbox.account.add_call(RITA, NUMBER, "inbound")
    call.status, call.duration = "completed", 3
    assert carrier.calls.find_outcome(call.sid) == CallOutcome(
        status="completed", caller_duration=3
    )


def test_a_call_that_the_carrier_does_not_know_has_no_outcome(carrier: Carrier) -> None:
    with pytest.raises(CarrierError) as caught:
        carrier.calls.find_outcome("CA" + "0" * 32)
    assert caught.value.code == NOT_FOUND


@pytest.mark.parametrize(
    ("status", "leg_status", "is_over"),
    [
        ("completed", "completed", True),
        ("canceled", "", True),
        ("completed", "in-progress", False),
        ("in-progress", "busy", False),
        ("queued", "", False),
        ("completed", "initiated", False),
        ("completed", "ringing", False),
    ],
)
def test_a_call_is_over_with_both_its_ends(status: str, leg_status: str, is_over: bool) -> None:
    assert CallOutcome(status=status, leg_status=leg_status).is_over is is_over


def test_the_sdk_s_log_stays_silent(carrier: Carrier, caplog: pytest.LogCaptureFixture) -> None:
    """P2: at INFO it prints every URL and form, and so every number."""
    with caplog.at_level(logging.INFO):
        send(carrier)
    assert [record for record in caplog.records if record.name.startswith("twilio")] == []


def test_without_another_address_requests_go_to_twilio() -> None:
    carrier = Carrier(OUR_ACCOUNT)
    assert carrier.messages is not None
    assert carrier.numbers is not None


@pytest.mark.parametrize("kind", ["Standard", "Main"])
def test_an_api_key_opens_what_the_token_opens(sandbox: SimulatedCarrier, kind: str) -> None:
    key = sandbox.add_api_key(kind)
    account = CarrierAccount(sid=SID, key=CarrierKey(sid=key.sid, secret=key.secret))
    carrier = Carrier(account, base_url=sandbox.base_url)

    assert send(carrier).startswith("SM")
    assert carrier.numbers.find_owned(NUMBER) is not None
    assert key.secret not in repr(account)


def test_a_key_goes_before_the_token_and_opens_no_other_account(sandbox: SimulatedCarrier) -> None:
    with SimulatedCarrier("AC" + "6" * 32, "6" * 32) as elsewhere:
        key = elsewhere.add_api_key("Main")
        account = replace(OUR_ACCOUNT, key=CarrierKey(sid=key.sid, secret=key.secret))
        assert error_of(Carrier(account, base_url=sandbox.base_url)).code == 20003


@pytest.mark.parametrize(
    ("region", "edge", "host"),
    [
        ("", "", "api.twilio.com"),
        ("", "ashburn", "api.ashburn.us1.twilio.com"),
        ("ie1", "dublin", "api.dublin.ie1.twilio.com"),
    ],
)
def test_requests_go_where_the_settings_say_and_not_the_environment(
    sandbox: SimulatedCarrier, monkeypatch: pytest.MonkeyPatch, region: str, edge: str, host: str
) -> None:
    for name, value in {"REGION": "au1", "EDGE": "sydney", "ACCOUNT_SID": "AC" + "6" * 32}.items():
        monkeypatch.setenv(f"TWILIO_{name}", value)
    sandbox.account.standing.region = region or "us1"

    carrier = Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, region=region, edge=edge)

    assert carrier.numbers.find_owned(NUMBER) is not None
    assert sandbox.rest_log[-1].host == host


def test_credentials_of_another_region_are_refused(sandbox: SimulatedCarrier) -> None:
    carrier = Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, region="ie1", edge="dublin")
    assert error_of(carrier).code == 21663


def test_every_product_moves_and_says_which_it_was(sandbox: SimulatedCarrier) -> None:
    carrier = Carrier(OUR_ACCOUNT, base_url=sandbox.base_url)
    carrier.numbers.find_owned(NUMBER)
    assert sandbox.rest_log[-1].path.startswith("/2010-04-01/")


def test_a_call_s_record_goes_with_its_legs_once_it_is_over(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    parent = sandbox.account.add_call(RITA, NUMBER, "inbound")
    leg = sandbox.account.add_call(NUMBER, CARL, "outbound-dial", parent.sid)
    assert not carrier.records.delete_call(parent.sid)
    parent.status = leg.status = "completed"
    assert carrier.records.delete_call(parent.sid)
    assert sandbox.calls() == []
    assert carrier.records.delete_call(parent.sid)


def test_a_look_for_old_records_passes_over_newer_days(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    now = datetime.now(UTC)
    for line in range(205):
        text = sandbox.account.add_message(
            RITA, NUMBER, f"text {line}", direction="inbound", status="received", prefix="SM"
        )
        call = sandbox.account.add_call(RITA, NUMBER, "inbound")
        for record in (text, call):
            age = timedelta(days=9 if not line else 0)
            record.created = now - age
        text.sent, call.started = text.created, call.created
    before = (now - timedelta(days=3)).timestamp()
    found = carrier.records.of_number(NUMBER, before=before, but=(), most=10)
    assert sorted(sid[:2] for sid in found) == ["CA", "SM"]
    assert len(sandbox.rest_log) == 4


def test_p9_a_planted_sid_deletes_nothing_else(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    sid = sandbox.add_number(OTHER_NUMBER).sid
    for planted in (f"../IncomingPhoneNumbers/{sid}", f"CA/../../IncomingPhoneNumbers/{sid}"):
        assert not carrier.records.delete(planted)
        assert not carrier.records.delete_call(planted)
    assert sandbox.rest_log == []


def test_a_record_is_not_deleted_while_the_account_is_in_trouble(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.rest.next(status=401, code=20003, times=2)
    for delete in (carrier.records.delete, carrier.records.delete_call):
        with pytest.raises(CarrierError):
            delete("CA" + "1" * 32)


@pytest.mark.parametrize("status", [200, 302, 404, 409, 410])
def test_a_page_of_a_proxy_s_deletes_nothing(
    sandbox: SimulatedCarrier, carrier: Carrier, status: int
) -> None:
    sandbox.faults.rest.next(status=status, html=True, times=3)
    sid = next(iter(sandbox.account.numbers.values())).sid
    for delete in (carrier.records.delete, carrier.records.delete_call, carrier.numbers.release):
        with pytest.raises(CarrierError) as caught:
            delete("CA" + "1" * 32 if delete != carrier.numbers.release else sid)
        assert caught.value.retryable
    assert carrier.numbers.find_owned(NUMBER) is not None


@pytest.mark.parametrize("status", [200, 302, 404, 410])
def test_a_page_of_a_proxy_s_says_nothing_of_a_number(
    sandbox: SimulatedCarrier, carrier: Carrier, status: int
) -> None:
    sandbox.faults.rest.next(status=status, html=True)
    with pytest.raises(CarrierError) as caught:
        carrier.numbers.find_by_sid("PN" + "1" * 32)
    assert caught.value.retryable


def test_each_request_is_measured_by_what_it_is_about_and_how_it_ended(
    sandbox: SimulatedCarrier,
) -> None:
    seen: list[Exchange] = []
    carrier = Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, timeout=0.3, observe=seen.append)
    send(carrier)
    for fault in ({"status": 429}, {"status": 400, "code": 21610}, {"status": 500}, {"timeout": 1}):
        sandbox.faults.rest.next(**fault)
        error_of(carrier)
    carrier.numbers.find_owned(NUMBER)
    carrier.account.fetch()

    kinds = [(exchange.verb, exchange.resource, exchange.end) for exchange in seen]
    assert kinds == [
        ("post", "messages", "done"),
        ("post", "messages", "throttled"),
        ("post", "messages", "refused"),
        ("post", "messages", "failed"),
        ("post", "messages", "no_answer"),
        ("get", "numbers", "done"),
        ("get", "other", "done"),
    ]
    assert 0.3 <= seen[4].seconds < 5
    assert all(0 < exchange.seconds < 5 for exchange in seen)


def test_no_thread_gets_the_answer_to_another_ones_request() -> None:
    """P4: the SDK answers from an attribute of its client, by which a text could be confirmed with
    the id of another one."""
    http = CarrierHttp(Throttle(2))

    def keep(text: str) -> None:
        http._test_only_last_response = Response(200, text)

    keep("ours")
    other = threading.Thread(target=keep, args=["theirs"])
    other.start()
    other.join()
    assert http._test_only_last_response is not None
    assert http._test_only_last_response.text == "ours"
