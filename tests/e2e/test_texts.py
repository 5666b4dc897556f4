"""Texts, as the phones see them."""

from __future__ import annotations

import pytest
import requests

from tests.e2e.stage import POOL, eventually

NEW_NUMBER = "+14155550195"
LONG = "星期一十点可以吗？👍 " * 133  # 1,596 characters, each outside GSM 7-bit


def texts_of(stage, name):
    return [text.body for text in stage.phone(name).texts]


def test_p2_texts_arrive_from_the_virtual_number_both_ways(stage):
    session = stage.open()
    number = session["virtual_number"]

    stage.phone("rita").text(number, "Can you come at 10?")
    [first] = stage.phone("carl").wait_for_text()
    stage.phone("carl").text(number, "YES")
    [second] = stage.phone("rita").wait_for_text()

    assert (first.sender, first.body) == (number, "Can you come at 10?")
    assert (second.sender, second.body) == (number, "YES")


@pytest.mark.parametrize(
    "body", ["  spaces stay  ", "👩‍💻🇨🇳", LONG[:1600], "a" * 1600, "<b>&amp;</b>"]
)
def test_a_text_arrives_unchanged(stage, body):
    session = stage.open()

    stage.phone("rita").text(session["virtual_number"], body)

    assert stage.phone("carl").wait_for_text()[0].body == body


def test_texts_arrive_in_order_and_twins_arrive_once_each(stage):
    session = stage.open()
    sent = ["one", "ok", "ok", "two"]

    for body in sent:
        stage.phone("rita").text(session["virtual_number"], body).wait()
    stage.phone("carl").wait_for_text(len(sent), timeout=30)

    # In the order of sending: the carrier itself may deliver two at once the other way round.
    handed_over = stage.carrier.messages(to=stage.number("carl"), from_=session["virtual_number"])
    assert [message.body for message in handed_over] == sent
    assert sorted(texts_of(stage, "carl")) == sorted(sent)


def test_p4_a_text_whose_webhook_comes_three_times_arrives_once(stage):
    session = stage.open()
    stage.carrier.faults.webhooks.duplicate(times=3, kinds={"message"})
    try:
        stage.phone("rita").text(session["virtual_number"], "once").wait()
        stage.phone("carl").wait_for_text()
    finally:
        stage.carrier.faults.webhooks.clear()

    assert stage.phone("carl").stays_silent(3)
    assert texts_of(stage, "carl") == ["once"]


def test_a_picture_is_not_relayed_and_its_sender_is_told(stage):
    session = stage.open()

    stage.phone("rita").text(session["virtual_number"], "look", media=["https://example.com/a.jpg"])

    [relayed] = stage.phone("carl").wait_for_text()
    [told] = stage.phone("rita").wait_for_text()
    assert (relayed.body, relayed.media) == ("look", ())
    assert "picture was not delivered" in told.body


def test_a_stranger_who_texts_is_told_once_a_day(stage):
    session = stage.open()

    stage.phone("nora").text(session["virtual_number"], "who is this?").wait()
    stage.phone("nora").text(session["virtual_number"], "hello?").wait()

    assert "does not connect you" in stage.phone("nora").wait_for_text()[0].body
    assert stage.phone("nora").stays_silent(1)
    assert stage.phone("carl").texts == []


def test_stop_stops_texts_tells_the_other_side_once_and_start_undoes_it(stage):
    session = stage.open()
    number = session["virtual_number"]

    stage.phone("carl").text(number, "STOP").wait()
    [told] = stage.phone("rita").wait_for_text()
    assert "has stopped texts" in told.body
    assert stage.session(session["id"])["sms_suspended"] is True

    stage.phone("rita").text(number, "still there?").wait()
    told_again = stage.phone("rita").wait_for_text(2)[1]
    assert "was not delivered" in told_again.body

    before = len(stage.phone("carl").texts)
    stage.phone("carl").text(number, "START").wait()
    stage.phone("rita").text(number, "welcome back").wait()
    eventually(lambda: texts_of(stage, "carl")[before:], lambda found: "welcome back" in found)
    assert "still there?" not in texts_of(stage, "carl")
    assert "START" not in texts_of(stage, "rita")
    assert stage.session(session["id"])["sms_suspended"] is False


def test_a_text_that_finally_fails_is_told_to_its_sender_once(stage):
    session = stage.open()
    stage.carrier.faults.messages.fail(to=stage.number("carl"), code=30007, status="undelivered")
    try:
        stage.phone("rita").text(session["virtual_number"], "hello?").wait()
        [told] = stage.phone("rita").wait_for_text(timeout=20)
    finally:
        stage.carrier.faults.messages.clear()

    assert "could not be delivered" in told.body
    assert stage.phone("rita").stays_silent(2)
    message = next(m for m in stage.interactions(session["id"]) if m["kind"] == "message")
    assert (message["status"], message["error_code"]) == ("undelivered", 30007)


def test_a_number_texts_once_us_carriers_know_of_it(stage):
    known = stage.on_board("known", "Known Jobs", [NEW_NUMBER])
    known.api.ask("PUT", "/v1/pools/us", {**POOL, "texting_registration": "required"})
    stage.service.run("numbers", "reconcile", "--fix")
    with pytest.raises(requests.HTTPError, match="no_sms_number"):
        known.open()

    owned = stage.carrier.account.number(NEW_NUMBER)
    service = stage.carrier.add_service(numbers=(owned,), use_inbound_webhook_on_number=True)
    service.campaign_status = "VERIFIED"
    stage.carrier.faults.messages.registration_enforced = True
    stage.service.run("numbers", "reconcile", "--fix")

    session = known.open()
    stage.phone("rita").text(session["virtual_number"], "hello").wait()
    [text] = stage.phone("carl").wait_for_text(timeout=20)
    assert (text.sender, text.body) == (NEW_NUMBER, "hello")
    known.forget_people()


def test_a_carrier_that_is_too_busy_is_asked_again_when_it_says(stage):
    session = stage.open()
    stage.carrier.faults.rest.next(
        status=429, retry_after=1, times=2, path_contains="Messages.json", method="POST"
    )

    stage.phone("rita").text(session["virtual_number"], "patience").wait()

    assert stage.phone("carl").wait_for_text(timeout=30)[0].body == "patience"


@pytest.mark.slow
def test_p4_an_answer_that_is_lost_is_settled_before_anything_is_sent_again(stage):
    session = stage.open()
    stage.carrier.faults.rest.next(
        lost_reply=True, times=1, path_contains="Messages.json", method="POST"
    )

    stage.phone("rita").text(session["virtual_number"], "ok").wait()
    stage.phone("rita").text(session["virtual_number"], "ok").wait()

    stage.phone("carl").wait_for_text(2, timeout=40)
    assert stage.phone("carl").stays_silent(8)
    assert texts_of(stage, "carl") == ["ok", "ok"]


@pytest.mark.slow
def test_p4_a_request_that_timed_out_without_effect_is_sent_again(stage):
    session = stage.open()
    stage.carrier.faults.rest.next(
        timeout=20, times=1, path_contains="Messages.json", method="POST"
    )

    stage.phone("rita").text(session["virtual_number"], "late but once").wait()

    assert stage.phone("carl").wait_for_text(timeout=60)[0].body == "late but once"
    assert stage.phone("carl").stays_silent(8)


def test_a_texts_body_is_gone_once_it_is_delivered(stage):
    import redis

    session = stage.open()
    stage.phone("rita").text(session["virtual_number"], "gone soon").wait()
    stage.phone("carl").wait_for_text()
    store = redis.Redis.from_url(stage.service.redis.url)

    eventually(
        lambda: [m["status"] for m in stage.interactions(session["id"])],
        lambda found: found == ["delivered"],
    )
    eventually(lambda: list(store.scan_iter("{main}:body:*")), lambda found: not found)
