"""When a number is tired."""

from __future__ import annotations

import pytest

from relay.domain.reputation import (
    Complaint,
    Condition,
    ReputationPolicy,
    Traffic,
    has_rested,
    judge,
)

POLICY = ReputationPolicy()
OFF = ReputationPolicy(
    min_answer_rate=None,
    max_short_share=None,
    max_calls_per_minute=None,
    max_calls_per_day=None,
    max_filtered_share=None,
)
GOOD = Traffic(calls=50, ended=50, answered=30, short=1, busiest_minute=3, texts=40, filtered=0)


def test_good_and_no_traffic_are_healthy() -> None:
    assert judge(GOOD, POLICY).condition is Condition.HEALTHY
    assert judge(Traffic(), POLICY).condition is Condition.HEALTHY


@pytest.mark.parametrize(
    ("traffic", "complaint"),
    [
        (Traffic(calls=20, ended=20, answered=3), Complaint.FEW_ANSWERS),
        (Traffic(calls=20, ended=20, answered=12, short=2), Complaint.SHORT_CALLS),
        (Traffic(calls=11, busiest_minute=11), Complaint.CALLS_PER_MINUTE),
        (Traffic(calls=101), Complaint.CALLS_PER_DAY),
        (Traffic(texts=20, filtered=2), Complaint.FILTERED_TEXTS),
    ],
)
def test_each_complaint_makes_a_number_tired(traffic: Traffic, complaint: Complaint) -> None:
    verdict = judge(traffic, POLICY)
    assert verdict.condition is Condition.TIRED
    assert verdict.complaints == (complaint,)
    assert not judge(traffic, OFF).complaints


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic(calls=19, ended=19, answered=1, short=1),
        Traffic(texts=19, filtered=19),
        Traffic(calls=100, ended=20, answered=4, busiest_minute=10),
    ],
)
def test_few_or_just_bearable_figures_prove_nothing(traffic: Traffic) -> None:
    assert not judge(traffic, POLICY).complaints


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic(ended=100, answered=24),
        Traffic(ended=100, answered=100, short=13),
        Traffic(busiest_minute=9),
        Traffic(calls=81),
        Traffic(texts=100, filtered=5),
    ],
)
def test_a_number_at_rest_must_be_well_inside_its_thresholds(traffic: Traffic) -> None:
    assert not judge(traffic, POLICY).complaints
    assert judge(traffic, POLICY, is_resting=True).complaints


def test_a_number_that_everybody_answers_can_always_recover() -> None:
    strict = ReputationPolicy(min_answer_rate=0.9)
    assert not judge(Traffic(ended=20, answered=20), strict, is_resting=True).complaints


def test_a_rest_lasts_as_long_as_the_policy_says() -> None:
    assert not has_rested(1000, ReputationPolicy(rest_for=60), now=1059.9)
    assert has_rested(1000, ReputationPolicy(rest_for=60), now=1060)


def test_traffic_adds_up_and_keeps_the_busier_minute() -> None:
    total = GOOD + Traffic(calls=1, busiest_minute=2, texts=1, filtered=1)
    assert (total.calls, total.busiest_minute, total.filtered) == (51, 3, 1)
    assert Traffic().answer_rate is None
