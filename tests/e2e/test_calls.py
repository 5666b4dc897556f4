"""Calls, as the phones see them."""

from __future__ import annotations

import pytest
import requests

from relay.sandbox.behaviour import Answer, Busy, NoAnswer, Screening, Unreachable, Voicemail
from tests.e2e.stage import NUMBER, eventually


def last_call(stage, session):
    return stage.interactions(session["id"])[-1]


def test_p2_a_recruiter_calls_and_neither_sees_the_others_number(stage):
    session = stage.open()

    trace = stage.phone("rita").call(session["virtual_number"]).wait(20)

    assert trace.bridged
    assert trace.errors == []
    assert trace.callee_number == stage.number("carl")
    assert trace.callee_saw == session["virtual_number"]
    assert stage.number("carl") not in " ".join(trace.heard_by_caller)


def test_a_candidate_calls_back_and_the_recruiter_is_not_asked_for_a_key(stage):
    session = stage.open()
    stage.phone("rita").on_ring = Answer()

    trace = stage.phone("carl").call(session["virtual_number"]).wait(20)

    assert trace.bridged
    assert trace.callee_number == stage.number("rita")
    assert trace.callee_saw == session["virtual_number"]
    assert trace.heard_by_callee == []


def test_a_recruiter_who_asks_for_the_guard_has_it_behind_their_extension(stage):
    rita = {"phone": stage.number("rita"), "screen_calls": True, "extension": ",204"}
    stage.api.ask("PUT", "/v1/recruiters/rita", rita)
    session = stage.api.ask(
        "POST",
        "/v1/sessions",
        {"recruiter": "rita", "candidate": {"ref": "carl", "phone": stage.number("carl")}},
    )
    stage.phone("rita").on_ring = Answer()

    trace = stage.phone("carl").call(session["virtual_number"]).wait(20)

    assert not trace.bridged
    assert "Press 1" in trace.heard_by_callee[1]
    assert stage.phone("rita").digits_received == ["WW204"]


@pytest.mark.parametrize("behaviour", [Answer(keys="21"), Screening(keys="21")])
def test_pressing_two_tells_who_and_why_before_the_call_is_taken(stage, behaviour):
    """Also the owner of a phone that has answered by itself, and asked who calls."""
    session = stage.open()
    stage.phone("carl").on_ring = behaviour

    trace = stage.phone("rita").call(session["virtual_number"]).wait(20)

    assert trace.bridged
    heard = " ".join(trace.heard_by_callee)
    assert heard.index("Press 1 to take it") < heard.index("Rita of Acme")
    assert "It is about: Backend engineer." in heard


@pytest.mark.parametrize(
    ("behaviour", "status", "told"),
    [
        (Busy(), "busy", "busy"),
        (NoAnswer(), "no-answer", "no answer"),
        (Unreachable(), "failed", "cannot be reached"),
        (Answer(keys="9"), "declined", "was not taken"),
        (Answer(), "no-answer", "no answer"),
        (Voicemail(greeting="Hi, this is Carl's private voicemail"), "no-answer", "no answer"),
        (Screening(owner_after=None), "no-answer", "no answer"),
    ],
)
def test_a_caller_who_is_not_connected_is_told_why(stage, behaviour, status, told):
    session = stage.open()
    stage.phone("carl").on_ring = behaviour

    trace = stage.phone("rita").call(session["virtual_number"]).wait(30)

    assert not trace.bridged
    assert told in " ".join(trace.heard_by_caller)
    assert "private voicemail" not in " ".join(trace.heard_by_caller)
    eventually(lambda: last_call(stage, session)["status"], lambda found: found == status)


def test_a_voicemail_never_hears_the_recruiters_name(stage):
    session = stage.open()
    stage.phone("carl").on_ring = Voicemail(greeting="Leave a message")

    stage.phone("rita").call(session["virtual_number"]).wait(30)

    heard = " ".join(sentence for mail in stage.phone("carl").voicemails for sentence in mail)
    assert "Rita" not in heard
    assert "Acme" not in heard


def test_announcements_are_in_the_participants_language(stage):
    stage.api.ask("PUT", "/v1/candidates/carl", {"phone": stage.number("carl"), "locale": "zh-CN"})
    session = stage.api.ask(
        "POST",
        "/v1/sessions",
        {"recruiter": {"ref": "rita", "phone": stage.number("rita")}, "candidate": "carl"},
    )

    trace = stage.phone("rita").call(session["virtual_number"]).wait(20)

    assert "接听请按 1" in trace.heard_by_callee[1]


def test_a_stranger_is_refused_politely_and_no_phone_rings(stage):
    session = stage.open()

    trace = stage.phone("nora").call(session["virtual_number"]).wait(20)

    assert not trace.bridged
    question, refusal = trace.heard_by_caller
    assert "If you have an access code" in question
    assert "does not connect you" in refusal
    assert stage.phone("carl").rings == stage.phone("rita").rings == []


def test_the_third_call_of_a_silent_stranger_is_not_answered(stage):
    number = stage.open()["virtual_number"]
    calls = [stage.phone("nora").call(number).wait(20) for _ in range(3)]

    assert [call.answered for call in calls] == [True, True, False]
    assert (calls[2].status, calls[2].duration, calls[2].errors) == ("busy", 0, [])
    assert stage.phone("rita").call(number).wait(20).bridged


@pytest.mark.parametrize("shown", ["anonymous", "+266696687", "+7378742833"])
def test_a_withheld_caller_is_asked_to_show_the_number(stage, shown):
    session = stage.open()

    trace = stage.phone("rita").call(session["virtual_number"], withheld=shown).wait(20)

    assert not trace.bridged
    assert "caller ID is hidden" in trace.heard_by_caller[0]


def test_a_person_abroad_is_known_and_reached_however_their_number_is_spelled(stage):
    stage.carrier.account.standing.dials.add("MX")
    mexican = stage.carrier.phone("+525555550127")
    mexican.on_ring = Answer(keys="1")
    stage.phone("rita").on_ring = Answer()
    session = stage.open(phone="+52 1 55 5555 0127", pool="us")

    called_back = mexican.call(session["virtual_number"], withheld="5215555550127").wait(20)
    called = stage.phone("rita").call(session["virtual_number"]).wait(20)

    assert called_back.bridged
    assert called.bridged
    assert called.callee_number == mexican.number


def test_p3_an_expired_session_connects_nobody(stage):
    session = stage.open(ttl=1)
    eventually(lambda: stage.session(session["id"])["status"], lambda found: found == "closed")

    trace = stage.phone("carl").call(session["virtual_number"]).wait(20)

    assert "no longer connects you" in trace.heard_by_caller[0]


def test_a_closed_session_connects_nobody(stage):
    session = stage.open()
    closed = stage.api.ask("DELETE", f"/v1/sessions/{session['id']}")

    trace = stage.phone("rita").call(session["virtual_number"]).wait(20)

    assert (closed["status"], closed["closed_reason"]) == ("closed", "closed_by_api")
    assert "no longer connects you" in trace.heard_by_caller[0]


def test_the_interactions_of_a_session_tell_of_its_calls(stage):
    session = stage.open()
    stage.phone("rita").call(session["virtual_number"]).wait(20)
    stage.phone("carl").call(session["virtual_number"]).wait(20)

    calls = eventually(
        lambda: stage.interactions(session["id"]),
        lambda found: [call["status"] for call in found] == ["completed", "completed"],
    )

    assert {call["direction"] for call in calls} == {"to_candidate", "to_recruiter"}
    assert all(call["duration"] >= 1 for call in calls)
    assert stage.session(session["id"])["last_interaction_at"] is not None


def test_p4_callbacks_may_come_twice_late_and_out_of_order(stage):
    session = stage.open()
    webhooks = stage.carrier.faults.webhooks
    webhooks.duplicate(times=2, kinds={"action", "status", "call-ended"})
    webhooks.reorder(kinds={"status", "call-ended"})
    try:
        trace = stage.phone("rita").call(session["virtual_number"]).wait(20)
        stage.carrier.settle()
    finally:
        webhooks.clear()

    assert trace.bridged
    [call] = stage.interactions(session["id"])
    assert call["status"] == "completed"


def test_a_forged_webhook_gets_403(stage):
    answer = requests.post(
        f"{stage.service.base_url}/twilio/voice",
        data={"CallSid": "CA" + "0" * 32, "From": stage.number("rita"), "To": NUMBER},
        headers={"X-Twilio-Signature": "forged"},
        timeout=5,
    )

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert stage.number("rita") not in answer.text


def test_p5_a_call_in_progress_survives_the_end_of_its_session(stage):
    session = stage.open()
    call = stage.phone("rita").call(session["virtual_number"], talk_seconds=None)
    eventually(lambda: call.trace.bridged)
    stage.api.ask("PATCH", f"/v1/sessions/{session['id']}", {"ttl": 1})

    late = eventually(
        lambda: stage.phone("carl").call(session["virtual_number"]).wait(20).heard_by_caller,
        lambda heard: "no longer connects you" in " ".join(heard),
    )

    assert late
    assert not call.is_over.is_set()
    call.hang_up()
    eventually(lambda: stage.session(session["id"])["status"], lambda found: found == "closed")


def test_a_ringing_call_of_a_recruiter_who_is_erased_ends(stage):
    """Their leg has no guard: it would be connected when they pick up."""
    session = stage.open()
    stage.phone("rita").on_ring = Answer(ring_seconds=20)
    call = stage.phone("carl").call(session["virtual_number"])
    stage.phone("rita").wait_for_ring()

    assert stage.api.send("DELETE", "/v1/recruiters/rita").status_code == 202

    trace = call.wait(10)
    assert not trace.bridged


def test_a_forged_caller_id_needs_the_code_or_meets_the_guard(stage):
    session = stage.open()
    number, failed = session["virtual_number"], "TN-Validation-Failed-A"

    refused = stage.phone("rita").call(number, verstat=failed).wait(20)
    assert not refused.bridged
    assert "could not verify" in " ".join(refused.heard_by_caller)
    code = session["access_code"]
    assert stage.phone("rita").call(number, verstat=failed, digits=code).wait(20).bridged

    announced = stage.phone("carl").call(number, verstat=failed).wait(20)
    assert announced.bridged
    assert "could not verify" in " ".join(announced.heard_by_callee)
    listed = [one["attestation"] for one in stage.interactions(session["id"])]
    assert listed == ["failed", "failed"]
