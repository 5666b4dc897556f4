from __future__ import annotations

from relay.domain.throttle import LONGEST_PAUSE, PAUSE, Throttle
from tests.world import NOW


def allowed(throttle: Throttle, now: float) -> int:
    if throttle.is_paused(now):
        return 0
    return next(under_way for under_way in range(100) if not throttle.admits(under_way))


def test_as_many_go_at_once_as_were_asked_for() -> None:
    throttle = Throttle(8)
    for _ in range(20):
        throttle.note_taken()
    assert allowed(throttle, NOW) == 8


def test_after_a_refusal_nothing_goes_for_as_long_as_the_carrier_says_and_then_half() -> None:
    throttle = Throttle(8)
    throttle.note_refused(now=NOW, retry_after=3)
    assert throttle.is_paused(NOW + 2.9)
    assert allowed(throttle, NOW + 3) == 4


def test_without_a_retry_after_the_pause_is_a_second() -> None:
    throttle = Throttle(8)
    throttle.note_refused(now=NOW, retry_after=None)
    assert throttle.is_paused(NOW + PAUSE - 0.1)
    assert not throttle.is_paused(NOW + PAUSE)


def test_no_carrier_can_ask_for_a_pause_without_end() -> None:
    throttle = Throttle(8)
    throttle.note_refused(now=NOW, retry_after=1e9)
    assert not throttle.is_paused(NOW + LONGEST_PAUSE)


def test_what_was_refused_together_counts_once() -> None:
    throttle = Throttle(8)
    for after in (0, 0.1, 0.2):
        throttle.note_refused(now=NOW + after, retry_after=1)
    assert allowed(throttle, NOW + 2) == 4


def test_one_goes_at_the_least_however_often_it_is_refused() -> None:
    throttle = Throttle(8)
    for second in range(0, 20, 2):
        throttle.note_refused(now=NOW + second, retry_after=1)
    assert allowed(throttle, NOW + 60) == 1


def test_it_recovers_by_one_for_each_round_that_is_taken() -> None:
    throttle = Throttle(8)
    throttle.note_refused(now=NOW, retry_after=1)
    counts = []
    for _ in range(30):
        throttle.note_taken()
        counts.append(allowed(throttle, NOW + 2))
    assert counts[3] == 4
    assert counts[4] == 5
    assert counts[-1] == 8
    assert counts == sorted(counts)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    throttle = Throttle(8)
    throttle.pause(NOW + 5)
    throttle.pause(NOW + 1)
    assert throttle.is_paused(NOW + 4)
    assert allowed(throttle, NOW + 5) == 8


def test_a_new_one_pauses_nobody() -> None:
    assert allowed(Throttle(8), now=0.0) == 8


def test_a_pause_of_no_seconds_is_none_and_a_long_one_is_kept_to_the_longest() -> None:
    throttle = Throttle(8)
    throttle.note_refused(now=NOW, retry_after=0)
    assert not throttle.is_paused(NOW)
    throttle.note_refused(now=NOW, retry_after=LONGEST_PAUSE + 1)
    assert throttle.is_paused(NOW + LONGEST_PAUSE - 0.1)
    assert not throttle.is_paused(NOW + LONGEST_PAUSE)


def test_what_is_refused_as_the_pause_ends_counts_again() -> None:
    throttle = Throttle(8)
    throttle.note_refused(now=NOW, retry_after=1)
    throttle.note_refused(now=NOW + 1, retry_after=1)
    assert allowed(throttle, NOW + 2) == 2
