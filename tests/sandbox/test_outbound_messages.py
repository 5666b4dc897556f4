"""Messages.create and what follows it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from relay.sandbox import Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from relay.sandbox.texts.segments import count_segments
from tests.sandbox.conftest import ALICE, BOB, VIRTUAL
from tests.sandbox.stand_in_relay import StandInRelay

pytestmark = pytest.mark.usefixtures("number")


def statuses(relay: StandInRelay) -> list[str]:
    return [seen.form["MessageStatus"] for seen in relay.to("/sent")]


def test_a_text_is_queued_then_sent_then_delivered(
    client: Client, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    created = client.messages.create(
        to=BOB, from_=VIRTUAL, body="hello", status_callback=relay.url("/sent")
    )
    assert (created.status, created.direction) == ("queued", "outbound-api")
    assert created.date_sent is None

    (text,) = bob.wait_for_text()
    carrier.settle()
    assert (text.sender, text.body, text.sid) == (VIRTUAL, "hello", created.sid)
    assert statuses(relay) == ["sent", "delivered"]
    told = relay.to("/sent")[1]
    assert told.is_genuine
    assert told.form["MessageSid"] == told.form["SmsSid"] == created.sid
    assert told.form["SmsStatus"] == "delivered"
    assert len(told.form["RawDlrDoneDate"]) == 10
    assert created.fetch().status == "delivered"
    assert created.fetch().date_sent is not None


def test_with_a_service_it_is_accepted_first(
    client: Client, carrier: SimulatedCarrier, relay: StandInRelay, number: OwnedNumber
) -> None:
    service = carrier.add_service(numbers=(number,), status_callback=relay.url("/sent"))
    created = client.messages.create(to=BOB, messaging_service_sid=service.sid, body="hello")
    carrier.settle()
    assert (created.status, created.messaging_service_sid) == ("accepted", service.sid)
    assert statuses(relay) == ["queued", "sent", "delivered"]
    assert relay.to("/sent")[0].form["MessagingServiceSid"] == service.sid


def test_a_number_that_is_not_registered_texts_until_that_is_enforced(
    client: Client, carrier: SimulatedCarrier, number: OwnedNumber
) -> None:
    """TW-registration."""
    toll_free, canadian = carrier.add_number("+18005550150"), carrier.add_number("+14165550150")
    service = carrier.add_service(numbers=(number,))

    def sent(from_: OwnedNumber, to: str = BOB) -> tuple[str, int | None]:
        message = client.messages.create(to=to, from_=from_.phone_number, body="hello")
        carrier.settle()
        message = message.fetch()
        return message.status, message.error_code

    assert sent(number) == ("delivered", None)
    carrier.faults.messages.registration_enforced = True
    assert sent(number) == ("undelivered", 30034)
    assert sent(toll_free) == ("undelivered", 30032)
    assert sent(canadian) == ("delivered", None)
    assert sent(number, "+14165550101") == ("delivered", None)

    service.campaign_status = "VERIFIED"
    toll_free.verification_status = "TWILIO_APPROVED"
    assert [sent(number), sent(toll_free)] == [("delivered", None)] * 2


@pytest.mark.parametrize(("code", "told"), [(30003, ["sent", "undelivered"]), (30007, ["failed"])])
def test_a_failure_is_told_by_callback(
    client: Client, carrier: SimulatedCarrier, relay: StandInRelay, code: int, told: list[str]
) -> None:
    carrier.faults.messages.fail(to=BOB, code=code, status=told[-1], times=1)  # type: ignore[arg-type]
    for _ in range(2):
        client.messages.create(
            to=BOB, from_=VIRTUAL, body="hello", status_callback=relay.url("/sent")
        )
        carrier.settle()
    assert statuses(relay) == [*told, "sent", "delivered"]
    assert relay.to("/sent")[len(told) - 1].form["ErrorCode"] == str(code)
    assert len(carrier.phone(BOB).texts) == 1


def test_a_message_can_stay_sent_for_ever(
    client: Client, bob: Phone, carrier: SimulatedCarrier, relay: StandInRelay
) -> None:
    carrier.faults.never_deliver_status(BOB)
    created = client.messages.create(
        to=BOB, from_=VIRTUAL, body="hello", status_callback=relay.url("/sent")
    )
    carrier.settle()
    assert statuses(relay) == ["sent"]
    assert created.fetch().status == "sent"
    assert len(bob.texts) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": ""}, 21604),
        ({"from_": ""}, 21603),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"to": "not a number"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"to": "+8613800138000"}, 21408),
        ({"to": "+12125550149"}, 21614),
        ({"to": VIRTUAL}, 21266),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        ({"from_": "+14155550199"}, 21606),
        ({"from_": "+14155550150"}, 21606),
        ({"from_": "Board"}, 21212),
        ({"status_callback": "/relative"}, 21609),
        ({"validity_period": 36_001}, 90007),
        ({"from_": "", "messaging_service_sid": "MG" + "0" * 32}, 21701),
    ],
)
def test_what_cannot_be_sent_is_refused_with_twilios_number(
    client: Client, carrier: SimulatedCarrier, given: dict[str, str], code: int
) -> None:
    carrier.add_number("+14155550150", {"sms": False})
    carrier.faults.messages.denied_to = ("+86",)
    carrier.faults.messages.not_sms_capable = {"+12125550149"}
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(**{"to": BOB, "from_": VIRTUAL, "body": "hello", **given})
    assert (refused.value.status, refused.value.code) == (400, code)
    assert carrier.messages() == []


def test_1600_characters_arrive_unchanged(client: Client, bob: Phone) -> None:
    body = ("Grüße 你好 🙂 <&> 'quotes' \n" * 80)[:1600]
    client.messages.create(to=BOB, from_=VIRTUAL, body=body)
    assert bob.wait_for_text()[0].body == body


def test_smart_encoding_replaces_what_it_knows_before_it_counts(
    client: Client, bob: Phone, carrier: SimulatedCarrier
) -> None:
    body = "“Grüße” – 1½ €…　ＯＫ？" + "x" * 137
    for smart in (False, True):
        client.messages.create(to=BOB, from_=VIRTUAL, body=body, smart_encoded=smart)
    received = {text.body for text in bob.wait_for_text(2)}
    assert received == {body, '"Grüße" - 11/2 €... OK?' + "x" * 137}
    assert [message.num_segments for message in carrier.messages(to=BOB)] == [3, 2]


@pytest.mark.parametrize(
    ("body", "segments"),
    [("x" * 160, 1), ("x" * 161, 2), ("€" * 81, 2), ("你" * 70, 1), ("🙂" * 36, 2)],
)
def test_segments_are_counted_as_they_are_charged(body: str, segments: int) -> None:
    assert count_segments(body) == segments


def test_a_31st_message_in_a_row_fails_as_a_loop(
    client: Client, bob: Phone, carrier: SimulatedCarrier
) -> None:
    for number_ in range(32):
        client.messages.create(to=BOB, from_=VIRTUAL, body=str(number_))
    carrier.settle()
    failed = [m.error_code for m in carrier.messages(to=BOB) if m.status == "failed"]
    assert failed == [14107, 14107]
    assert len(bob.texts) == 30


def test_the_loop_guard_can_be_switched_off(
    client: Client, bob: Phone, carrier: SimulatedCarrier
) -> None:
    carrier.faults.loop_guard = False
    for number_ in range(32):
        client.messages.create(to=BOB, from_=VIRTUAL, body=str(number_))
    bob.wait_for_text(32)


def test_a_rate_spreads_messages_out(client: Client, bob: Phone, carrier: SimulatedCarrier) -> None:
    carrier.faults.messages.per_second = 20
    for number_ in range(4):
        client.messages.create(to=BOB, from_=VIRTUAL, body=str(number_))
    texts = bob.wait_for_text(4)
    assert texts[3].at - texts[0].at > timedelta(seconds=0.12)


def test_pictures_are_sent_on(client: Client, bob: Phone) -> None:
    url = "https://example.org/a.png"
    created = client.messages.create(to=BOB, from_=VIRTUAL, media_url=[url])
    assert created.sid.startswith("MM")
    assert bob.wait_for_text()[0].media == (url,)


def test_lists_are_filtered_by_number_and_date(
    client: Client, alice: Phone, carrier: SimulatedCarrier
) -> None:
    alice.text(VIRTUAL, "in").wait()
    client.messages.create(to=ALICE, from_=VIRTUAL, body="out")
    carrier.settle()
    now = datetime.now(UTC)
    day = timedelta(days=1)

    assert [m.body for m in client.messages.list()] == ["out", "in"]
    assert [m.body for m in client.messages.list(to=VIRTUAL)] == ["in"]
    assert [m.body for m in client.messages.list(from_=VIRTUAL)] == ["out"]
    assert len(client.messages.list(date_sent_after=now - day)) == 2
    assert len(client.messages.list(date_sent_after=now - day, date_sent_before=now)) == 2
    assert client.messages.list(date_sent_after=now + day) == []
    assert client.messages.list(date_sent_before=now - day) == []
    assert len(client.messages.list(date_sent=now.date())) == 2
    assert client.messages.list(date_sent=(now - day).date()) == []


@pytest.mark.parametrize(("precision", "listed"), [("day", 1), ("second", 0)])
def test_a_list_knows_days_or_also_times(
    client: Client, alice: Phone, carrier: SimulatedCarrier, precision: str, listed: int
) -> None:
    carrier.faults.list_dates_by = precision  # type: ignore[assignment]
    alice.text(VIRTUAL, "in").wait()
    end_of_day = datetime.now(UTC).replace(hour=23, minute=59, second=59)
    assert len(client.messages.list(date_sent_after=end_of_day)) == listed


def test_a_list_may_lag_or_pass_over_what_is_not_sent_yet(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.faults.messages.per_second = 0.5
    for body in ("one", "two"):
        client.messages.create(to=BOB, from_=VIRTUAL, body=body)
    since = datetime.now(UTC) - timedelta(hours=1)
    assert len(client.messages.list(date_sent_after=since)) == 2
    time.sleep(0.05)
    carrier.faults.lists_hide_unsent = True
    assert [m.body for m in client.messages.list(date_sent_after=since)] == ["one"]
    carrier.faults.list_lag = 10
    assert client.messages.list() == []


def test_long_lists_come_in_pages_that_new_messages_do_not_shift(
    client: Client, alice: Phone
) -> None:
    for number_ in range(7):
        alice.text(VIRTUAL, str(number_)).wait()
    pages = client.messages.page(page_size=3)
    seen = [m.body for m in pages]
    alice.text(VIRTUAL, "late").wait()
    while (pages := pages.next_page()) is not None:
        seen += [m.body for m in pages]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert len(client.messages.list(page_size=2)) == 8


def test_a_body_can_be_redacted_and_a_record_deleted(
    client: Client, bob: Phone, carrier: SimulatedCarrier
) -> None:
    created = client.messages.create(to=BOB, from_=VIRTUAL, body="secret")
    carrier.settle()
    assert created.update(body="").body == ""
    assert created.delete() is True
    with pytest.raises(TwilioRestException) as gone:
        created.fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


def test_a_record_cannot_be_deleted_before_it_is_final(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.faults.messages.per_second = 0.5
    client.messages.create(to=BOB, from_=VIRTUAL, body="one")
    waiting = client.messages.create(to=BOB, from_=VIRTUAL, body="two")
    with pytest.raises(TwilioRestException) as refused:
        waiting.delete()
    assert (refused.value.status, refused.value.code) == (409, 20009)
    assert waiting.update(status="canceled").status == "canceled"


def test_a_picture_is_fetched_through_its_link(
    client: Client, alice: Phone, relay: StandInRelay, carrier: SimulatedCarrier
) -> None:
    import requests

    relay.answers["/cat.png"] = "meow"
    sent = alice.text(VIRTUAL, "", media=[relay.url("/cat.png")]).wait()
    link = relay.to("/texts")[0].form["MediaUrl0"]
    assert "meow" in requests.get(link, timeout=3).text
    carrier.faults.messages.media_requires_auth = True
    assert requests.get(link, timeout=3).status_code == 401

    (media,) = client.messages(sent.sid).media.list()
    assert media.content_type == "image/png"
    assert media.delete() is True
    assert client.messages(sent.sid).media.list() == []
