"""Two machines that answer each other come to rest, and people are not hindered."""

from __future__ import annotations

import re

import pytest

from relay.domain.pace import ANSWERS_WITHIN, MOST_WAIT, OF_TEXTS
from relay.domain.policy import DAY
from tests.workflows.texting import Stage
from tests.world import CARL, RITA

HELD = (
    "JobBoard: {} of your texts were not delivered, because they came too fast or repeated the "
    "same words. If your phone answers by itself, please switch that off."
)


def to_carl(stage: Stage) -> list[str]:
    return [body for to, body in stage.arrived if to == CARL]


def to_rita(stage: Stage) -> list[str]:
    return [body for to, body in stage.arrived if to == RITA]


def test_twenty_texts_in_a_row_go_at_once_and_the_next_wait_their_turn(stage: Stage) -> None:
    for count in range(22):
        assert stage.text(body=f"text {count}").outcome == "accepted"
    stage.work()
    assert len(to_carl(stage)) == 20
    stage.later(3)
    assert len(to_carl(stage)) == 21
    stage.later(6)
    assert to_carl(stage) == [f"text {count}" for count in range(22)]


def test_who_writes_on_and_on_is_held_and_told_so_within_the_hour(stage: Stage) -> None:
    most = OF_TEXTS.burst + MOST_WAIT // OF_TEXTS.every
    outcomes = [stage.text(body=f"text {count}").outcome for count in range(most + 3)]
    assert outcomes == ["accepted"] * most + ["held"] * 3
    sweep_for(stage, 3600)
    assert len(to_carl(stage)) == most
    assert to_rita(stage) == [HELD.format(3)]
    assert stage.text(body="calm again").outcome == "accepted"


def test_the_same_words_wait_the_fifth_time_and_are_held_the_seventh(stage: Stage) -> None:
    texts = [stage.text(body=body) for body in ("ok", "OK", " ok ", "ok", "ok", "ok", "ok")]
    assert [text.outcome for text in texts] == ["accepted"] * 6 + ["held"]
    stage.work()
    assert len(to_carl(stage)) == 4
    stage.later(MOST_WAIT)
    stage.later(10)
    assert len(to_carl(stage)) == 6
    record = stage.record(texts[-1].message)
    assert (record.status, record.is_notice) == ("held", False)
    assert not stage.client.exists(f"{{main}}:body:{texts[-1].message}")


def test_other_words_and_the_other_side_have_a_pace_of_their_own(stage: Stage) -> None:
    for _ in range(7):
        stage.text(body="ok")
    assert stage.text(body="see you").outcome == "accepted"
    assert stage.text(CARL, "ok").outcome == "accepted"


def hold(stage: Stage, body: str = "ok") -> None:
    """The words are held from now on, once so far."""
    for _ in range(6):
        stage.text(body=body)
    assert stage.text(body=body).outcome == "held"


def told_of(stage: Stage) -> list[int]:
    """How many were held, by each notice to Rita."""
    counts = [re.match(r"JobBoard: (\d+) of your", body) for body in to_rita(stage)]
    return [int(count[1]) for count in counts if count]


def sweep_for(stage: Stage, seconds: int) -> None:
    for _ in range(seconds // 60):
        stage.later(60)


def test_words_that_were_held_are_held_for_a_day_however_often_they_come(stage: Stage) -> None:
    hold(stage)
    for _ in range(23):
        stage.now += 3600
        assert stage.text(body="ok").outcome == "held"
    stage.now += 3600
    assert stage.text(body="ok").outcome == "accepted"


@pytest.mark.parametrize("minutes", [13, 45])
def test_all_that_is_held_is_told_of_within_the_hour(stage: Stage, minutes: int) -> None:
    hold(stage)
    held_at, told_at = [stage.now], 0.0
    while len(held_at) < 12:
        before = len(told_of(stage))
        stage.later(60)
        if len(told_of(stage)) > before:
            told_at = stage.now
        if stage.now >= max(held_at[-1] + 60 * minutes, told_at + ANSWERS_WITHIN):
            assert stage.text(body="ok").outcome == "held"
            held_at.append(stage.now)
        assert all(at > stage.now - 3600 for at in held_at[sum(told_of(stage)) :])


def test_a_machine_s_answer_to_that_is_no_reason_for_another_notice(stage: Stage) -> None:
    """Else the two would go on for ever: a notice, its automatic answer, the notice of that."""
    hold(stage)
    answered = 0
    for _ in range(12 * 60):
        stage.later(60)
        if len(to_rita(stage)) > answered:
            answered = len(to_rita(stage))
            stage.now += 30
            assert stage.text(body="OK").outcome == "held"
    assert told_of(stage) == [1]
    stage.text(body="ok")
    sweep_for(stage, 3600)
    assert told_of(stage) == [1, 1]


def test_what_a_machine_answered_is_counted_in_the_next_notice(stage: Stage) -> None:
    hold(stage)
    while not told_of(stage):
        stage.later(60)
    stage.text(body="ok")
    assert all(stage.client.ttl(key) > 0 for key in stage.client.keys("*:message:*"))
    sweep_for(stage, ANSWERS_WITHIN)
    stage.text(body="ok")
    sweep_for(stage, 3600)
    assert told_of(stage) == [1, 2]


def test_a_held_text_that_comes_again_is_known(stage: Stage) -> None:
    for count in range(7):
        stage.text(body="ok", sid=f"SM{count}")
    assert stage.text(body="ok", sid="SM6").outcome == "duplicate"
    sweep_for(stage, 3600)
    assert told_of(stage) == [1]


def test_the_same_words_all_day_long_are_held_at_last(stage: Stage) -> None:
    outcomes = []
    for _ in range(24):
        outcomes.append(stage.text(body="ok").outcome)
        stage.later(200)
    assert outcomes.index("held") >= 20
    assert outcomes[-1] == "held"


def test_pictures_have_no_pace(stage: Stage) -> None:
    for _ in range(200):
        assert stage.text(body="", media=1).outcome == "accepted"


def test_stops_and_starts_in_a_row_tell_the_other_side_once(stage: Stage) -> None:
    for _ in range(5):
        stage.text(CARL, "STOP")
        stage.text(CARL, "START")
        stage.now += 1
    stage.work()
    assert len(to_rita(stage)) == 1


@pytest.mark.parametrize("seconds", [5, 300])
def test_two_phones_that_answer_by_themselves_come_to_rest(stage: Stage, seconds: int) -> None:
    """Whatever the relay says to them, they answer that, too; ``seconds`` later. Two days of it."""
    answers = {RITA: "I am driving", CARL: "Out of office"}
    stage.text(RITA, "Are you there?")
    answered = quiet = 0
    while quiet < 2 * DAY:
        before = len(stage.arrived)
        pause = seconds if quiet < 2 * MOST_WAIT else 1800
        stage.later(pause)
        quiet = quiet + pause if len(stage.arrived) == before else 0
        for to, _ in stage.arrived[answered:]:
            answered += 1
            stage.text(to, answers[to])
        assert len(stage.arrived) <= 50


def test_words_are_forgotten_though_their_writer_goes_on(stage: Stage) -> None:
    stage.text(body="see you at nine")
    (first,) = stage.client.keys("*:words-pace:*")
    stage.client.expire(first, 100)
    stage.text(body="fine")
    assert len(stage.client.keys("*:words-pace:*")) == 2
    assert 0 < stage.client.ttl(first) <= 100
