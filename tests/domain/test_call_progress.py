"""A call's way from ringing to its end."""

import pytest

from relay.domain.call_progress import (
    CallStatus,
    caller_gone,
    dialled,
    is_connected,
    leg_over,
    leg_seen,
    refused,
    taken,
)


def test_a_taken_call_is_in_progress():
    step = taken("CA2")

    assert (step.status, step.accepted, step.leg_sid) == (CallStatus.IN_PROGRESS, True, "CA2")
    assert step.rank > leg_seen("CA2").rank


def test_each_step_of_a_leg_names_it():
    assert [step.leg_sid for step in (leg_seen("CA2"), taken("CA2"), refused("CA2"))] == ["CA2"] * 3


def test_a_leg_that_is_seen_rings_and_says_nothing_else():
    step = leg_seen("CA2")

    assert (step.status, step.accepted, step.duration) == (CallStatus.RINGING, False, None)
    assert not step.has_ended


def test_a_guard_that_is_not_passed_declines():
    step = refused("CA2")

    assert (step.status, step.accepted, step.has_ended) == (CallStatus.DECLINED, False, False)


def test_a_leg_that_was_taken_and_is_over_was_a_talk_whatever_else_is_told():
    step = leg_over("CA2", duration=61)

    assert (step.status, step.duration, step.leg_sid) == (CallStatus.COMPLETED, 61, "CA2")
    assert (step.accepted, step.has_ended) == (True, False)
    assert step.rank > caller_gone(was_accepted=False, duration=None).rank


def test_ranks_only_grow_towards_the_end():
    dial = dialled(
        "busy", known=CallStatus.RINGING, is_connected=False, duration=None, leg_sid="CA2"
    )
    steps = [
        leg_seen("CA2"),
        taken("CA2"),
        refused("CA2"),
        caller_gone(was_accepted=False, duration=None),
        leg_over("CA2", duration=61),
        dial,
    ]

    assert [step.rank for step in steps] == sorted({step.rank for step in steps})


@pytest.mark.parametrize(
    ("was_bridged", "was_accepted", "is_guarded", "connected"),
    [
        (True, True, True, True),
        (True, False, True, False),
        (True, False, False, True),
        (False, True, True, False),
        (False, False, False, False),
    ],
)
def test_connected_means_bridged_and_behind_a_guard_accepted(
    was_bridged, was_accepted, is_guarded, connected
):
    answer = is_connected(was_bridged=was_bridged, was_accepted=was_accepted, is_guarded=is_guarded)

    assert answer is connected


@pytest.mark.parametrize(
    ("dial_status", "known", "status"),
    [
        ("busy", CallStatus.RINGING, CallStatus.BUSY),
        ("failed", CallStatus.RINGING, CallStatus.FAILED),
        ("canceled", CallStatus.RINGING, CallStatus.CANCELED),
        ("no-answer", CallStatus.RINGING, CallStatus.NO_ANSWER),
        ("completed", CallStatus.RINGING, CallStatus.NO_ANSWER),
        ("no-answer", CallStatus.DECLINED, CallStatus.DECLINED),
        ("completed", CallStatus.DECLINED, CallStatus.DECLINED),
    ],
)
def test_a_dial_that_connected_nobody_says_why(dial_status, known, status):
    step = dialled(dial_status, known=known, is_connected=False, duration=7, leg_sid="CA2")

    assert (step.status, step.duration, step.has_ended) == (status, None, True)


def test_a_connected_dial_completes_with_its_duration():
    step = dialled(
        "completed", known=CallStatus.IN_PROGRESS, is_connected=True, duration=61, leg_sid="CA2"
    )

    assert (step.status, step.duration, step.leg_sid) == (CallStatus.COMPLETED, 61, "CA2")
    assert step.has_ended


def test_a_caller_who_hangs_up_while_it_rings_has_canceled():
    step = caller_gone(was_accepted=False, duration=9)

    assert (step.status, step.duration, step.has_ended) == (CallStatus.CANCELED, None, True)


def test_a_caller_who_hangs_up_after_talking_has_completed():
    step = caller_gone(was_accepted=True, duration=9)

    assert (step.status, step.duration, step.has_ended) == (CallStatus.COMPLETED, 9, True)
