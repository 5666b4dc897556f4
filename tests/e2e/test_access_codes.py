"""A recruiter with more candidates than the pool has numbers, as the phones see it."""

from __future__ import annotations

from typing import Any

import pytest

from relay.sandbox.behaviour import Answer
from tests.e2e.stage import NUMBER, NUMBERS, PEOPLE, POOL, eventually

CONTEXTS = {"carl": "Cook", "dan": "Waiter", "eve": "Baker", "finn": "Head chef, Acme"}


@pytest.fixture
def sessions(stage) -> dict[str, dict[str, Any]]:
    """Rita's with four candidates on three numbers: Carl and Finn share NUMBER. As they are now."""
    ids = {
        name: stage.open(candidate=name, context=context)["id"]
        for name, context in CONTEXTS.items()
    }
    return {name: stage.session(session_id) for name, session_id in ids.items()}


def codes_of(sessions):
    return {session["access_code"] for session in sessions.values()}


def wrong_codes(sessions, count):
    codes = (f"{place:06d}" for place in range(111_111, 999_999, 111_111))
    return [code for code in codes if code not in codes_of(sessions)][:count]


def rings(stage):
    return sum(len(stage.phone(name).rings) for name in PEOPLE)


# --- sessions -------------------------------------------------------------------------


def test_p6_one_candidate_more_than_numbers_shares_one_by_code(stage, sessions):
    assert [session["virtual_number"] for session in sessions.values()] == [*NUMBERS, NUMBER]
    assert [session["code_needed"] for session in sessions.values()] == [True, False, False, True]
    assert [session["dial"] for session in sessions.values()] == [
        f"tel:{NUMBER},,{sessions['carl']['access_code']}",
        f"tel:{NUMBERS[1]}",
        f"tel:{NUMBERS[2]}",
        f"tel:{NUMBER},,{sessions['finn']['access_code']}",
    ]
    assert all(len(code) == 6 for code in codes_of(sessions))


def test_opening_the_session_says_at_once_what_to_dial(stage, sessions):
    for name in ("carl", "finn"):
        again = stage.open(candidate=name, context=CONTEXTS[name])
        assert (again["id"], again["code_needed"]) == (sessions[name]["id"], True)
        assert again["dial"] == f"tel:{NUMBER},,{again['access_code']}"


# --- calls ----------------------------------------------------------------------------


@pytest.mark.parametrize("candidate", list(CONTEXTS))
def test_p2_one_tap_reaches_the_right_candidate_who_sees_the_virtual_number(
    stage, sessions, candidate
):
    trace = stage.phone("rita").call(sessions[candidate]["dial"]).wait(20)

    assert trace.bridged
    assert trace.errors == []
    assert trace.callee_number == stage.number(candidate)
    assert trace.callee_saw == sessions[candidate]["virtual_number"]
    assert rings(stage) == 1
    eventually(lambda: stage.interactions(sessions[candidate]["id"]))


def test_p1_without_a_code_the_recruiter_is_asked_for_it(stage, sessions):
    code = sessions["finn"]["access_code"]

    trace = stage.phone("rita").call(NUMBER, digits=code).wait(20)

    assert "You reach several people" in trace.heard_by_caller[0]
    assert (trace.bridged, trace.callee_number) == (True, stage.number("finn"))


def test_a_recruiter_is_asked_in_their_language(stage, sessions):
    stage.api.ask("PUT", "/v1/recruiters/rita", {"phone": stage.number("rita"), "locale": "zh-CN"})

    heard = stage.phone("rita").call(NUMBER, digits="1").wait(20).heard_by_caller

    assert ["接入码" in sentence for sentence in heard] == [True, True, True]


def test_who_enters_nothing_is_told_where_the_code_is(stage, sessions):
    trace = stage.phone("rita").call(NUMBER).wait(20)

    assert trace.status == "completed"
    assert not trace.bridged
    assert "next to this number on JobBoard" in trace.heard_by_caller[-1]
    assert rings(stage) == 0


def test_a_wrong_code_may_be_tried_again(stage, sessions):
    [wrong] = wrong_codes(sessions, 1)
    right = sessions["carl"]["access_code"]

    trace = stage.phone("rita").call(f"tel:{NUMBER},,{wrong}", digits=right).wait(20)

    assert "not right" in trace.heard_by_caller[1]
    assert (trace.bridged, trace.callee_number) == (True, stage.number("carl"))


def test_p1_three_wrong_codes_end_the_call_politely(stage, sessions):
    tried = ",".join([*wrong_codes(sessions, 3), sessions["carl"]["access_code"]])

    trace = stage.phone("rita").call(NUMBER, digits=tried).wait(30)

    assert len(trace.heard_by_caller) == 4
    assert "cannot connect you by access code right now" in trace.heard_by_caller[-1]
    assert (trace.status, trace.bridged, trace.errors) == ("completed", False, [])
    assert rings(stage) == 0


def test_p1_the_code_of_a_closed_session_reaches_nobody(stage, sessions):
    stage.api.ask("PUT", "/v1/pools/us", POOL | {"cooldown": 10})
    try:
        stage.api.ask("DELETE", f"/v1/sessions/{sessions['carl']['id']}")
    finally:
        stage.api.ask("PUT", "/v1/pools/us", POOL)

    closed = stage.phone("rita").call(sessions["carl"]["dial"]).wait(20)
    still_open = stage.phone("rita").call(sessions["finn"]["dial"]).wait(20)

    assert not closed.bridged
    assert "no longer connects you" in closed.heard_by_caller[-1]
    assert still_open.callee_number == stage.number("finn")
    assert stage.phone("carl").rings == []


def test_once_a_single_session_is_left_no_code_is_asked_for(stage, sessions):
    stage.api.ask("DELETE", f"/v1/sessions/{sessions['carl']['id']}")
    left = eventually(
        lambda: stage.session(sessions["finn"]["id"]), lambda found: not found["code_needed"]
    )

    trace = stage.phone("rita").call(left["dial"]).wait(20)

    assert left["dial"] == f"tel:{NUMBER}"
    assert (trace.bridged, trace.callee_number) == (True, stage.number("finn"))
    assert trace.heard_by_caller == []


@pytest.mark.parametrize("shown", [None, "anonymous", "+266696687"])
def test_p2_the_code_lets_its_recruiter_in_from_another_phone_and_withheld(stage, sessions, shown):
    another_phone = stage.phone("nora")
    dialled = f"tel:{NUMBER},,{sessions['finn']['access_code']}"

    trace = another_phone.call(dialled, withheld=shown).wait(20)

    assert (trace.bridged, trace.callee_number) == (True, stage.number("finn"))
    assert trace.callee_saw == NUMBER
    assert another_phone.number not in " ".join(trace.heard_by_callee)


def test_a_candidate_who_calls_back_is_never_asked(stage, sessions):
    stage.phone("rita").on_ring = Answer()

    for candidate in CONTEXTS:
        number = sessions[candidate]["virtual_number"]
        trace = stage.phone(candidate).call(number).wait(20)
        assert (trace.bridged, trace.callee_number) == (True, stage.number("rita"))
        assert trace.callee_saw == number
        assert trace.heard_by_caller == []


def test_p4_a_code_whose_webhook_comes_three_times_counts_once(stage, sessions):
    wrong = ",".join(wrong_codes(sessions, 2))
    stage.carrier.faults.webhooks.duplicate(times=3, kinds={"action"})
    try:
        code = sessions["finn"]["access_code"]
        trace = stage.phone("rita").call(NUMBER, digits=f"{wrong},{code}").wait(30)
    finally:
        stage.carrier.faults.webhooks.clear()

    assert (trace.bridged, trace.callee_number) == (True, stage.number("finn"))
    assert rings(stage) == 1


# --- texts ----------------------------------------------------------------------------


def test_p1_a_text_goes_to_whom_its_code_names(stage, sessions):
    for name in ("finn", "carl"):
        stage.phone("rita").text(NUMBER, f"{sessions[name]['access_code']} Hello {name}").wait()

    for name in ("finn", "carl"):
        [text] = stage.phone(name).wait_for_text()
        assert (text.sender, text.body) == (NUMBER, f"Hello {name}")


def test_p1_a_text_without_a_code_is_asked_about_and_goes_to_nobody(stage, sessions):
    stage.phone("rita").text(NUMBER, "Can you come at 10?").wait()

    [question] = stage.phone("rita").wait_for_text()
    first, *options = question.body.splitlines()
    assert question.sender == NUMBER
    assert "your text was not delivered" in first
    assert sorted(options) == sorted(
        f"{sessions[name]['access_code']} {CONTEXTS[name]}" for name in ("carl", "finn")
    )
    assert stage.phone("finn").stays_silent(1)
    assert stage.phone("carl").texts == []


def test_a_number_that_is_not_shared_needs_no_code_in_a_text(stage, sessions):
    stage.phone("rita").text(NUMBERS[1], "Hello Dan").wait()
    stage.phone("dan").text(NUMBERS[1], "Hi Rita").wait()

    assert [text.body for text in stage.phone("dan").wait_for_text()] == ["Hello Dan"]
    assert [text.body for text in stage.phone("rita").wait_for_text()] == ["Hi Rita"]


def test_a_text_to_the_recruiter_names_its_session(stage, sessions):
    for name in ("finn", "carl"):
        stage.phone(name).text(NUMBER, "Yes, at noon").wait()

    received = stage.phone("rita").wait_for_text(2)
    assert {text.sender for text in received} == {NUMBER}
    assert {text.body for text in received} == {
        f"{sessions[name]['access_code']} {CONTEXTS[name]}: Yes, at noon"
        for name in ("finn", "carl")
    }


def test_a_long_text_to_the_recruiter_is_split_in_order(stage, sessions):
    body = "".join(f"{place:04d} " for place in range(320))
    prefix = f"{sessions['finn']['access_code']} Head chef, Acme"

    stage.phone("finn").text(NUMBER, body).wait()
    stage.phone("rita").wait_for_text(2)

    # In the order of sending: the carrier itself may deliver two at once the other way round.
    handed_over = stage.carrier.messages(to=stage.number("rita"), from_=NUMBER)
    first, second = (message.body for message in handed_over)
    assert len(body) == 1600
    assert max(len(first), len(second)) <= 1600
    assert first.startswith(f"{prefix} (1/2): ")
    assert second.startswith(f"{prefix} (2/2): ")
    assert first.partition(": ")[2] + second.partition(": ")[2] == body
