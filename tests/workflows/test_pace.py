"""Two machines that answer each other come to rest, and people are not hindered."""

from __future__ import annotations

import pytest

from relay.domain.pace import MOST_WAIT, OF_TEXTS, TOLD_AFTER
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.texts import Notice, notice_of_day
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
    for _ in range(TOLD_AFTER // 60 + 2):
        stage.later(60)
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


def test_words_that_were_held_are_held_for_a_day_and_told_of_once(stage: Stage) -> None:
    for _ in range(7):
        stage.text(body="ok")
    for _ in range(22):
        stage.later(3600)
        assert stage.text(body="ok").outcome == "held"
    assert len(to_rita(stage)) <= 2
    stage.later(DAY)
    assert stage.text(body="ok").outcome == "accepted"


def test_a_held_text_that_comes_again_is_known(stage: Stage) -> None:
    for count in range(7):
        stage.text(body="ok", sid=f"SM{count}")
    assert stage.text(body="ok", sid="SM6").outcome == "duplicate"
    told = notice_of_day(
        Notice.TEXTS_HELD, session=stage.pair.session.id, to=Role.RECRUITER, now=stage.now
    )
    assert stage.record(told).is_notice
    assert stage.client.hget(f"{{main}}:message:{told}", "count") == "1"


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
