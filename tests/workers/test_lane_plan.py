from __future__ import annotations

import pytest

from workers.lane_plan import MOST_WAITING, Hint, Lane, LanePlan

ACCOUNT = "AC1"


def hint(name: str) -> Hint:
    return Hint("send_texts", "main", name)


def lane(number: str, receiver: str) -> Lane:
    return Lane(ACCOUNT, number, receiver)


def always(_: Lane) -> bool:
    return True


def never(_: str) -> bool:
    return False


def start_all(plan: LanePlan) -> list[tuple[Lane, Hint]]:
    started = []
    while (start := plan.start(always)) is not None:
        started.append(start)
    return started


def started_ids(plan: LanePlan) -> list[str]:
    return [started.id for _, started in start_all(plan)]


def test_a_lane_is_worked_on_by_one_at_a_time_in_order() -> None:
    plan = LanePlan(8)
    for name in ("m1", "m2", "m3"):
        plan.add(lane("n", "r"), hint(name))
    order = []
    for _ in range(3):
        order += started_ids(plan)
        plan.end(lane("n", "r"))
    assert order == ["m1", "m2", "m3"]


def test_a_hint_that_comes_while_its_lane_is_worked_on_is_not_forgotten() -> None:
    """Whoever works there may have looked for what is next just before."""
    plan = LanePlan(8)
    plan.add(lane("n", "r"), hint("m1"))
    assert started_ids(plan) == ["m1"]
    plan.add(lane("n", "r"), hint("m2"))
    assert started_ids(plan) == []
    plan.end(lane("n", "r"))
    assert started_ids(plan) == ["m2"]


def test_the_same_hint_waits_once() -> None:
    plan = LanePlan(8)
    for _ in range(3):
        plan.add(lane("n", "r"), hint("m1"))
    assert plan.waiting == 1


def test_a_number_has_a_quarter_of_the_threads_at_most() -> None:
    """A carrier that hangs for it leaves the others the rest."""
    plan = LanePlan(8)
    for receiver in range(20):
        plan.add(lane("hangs", str(receiver)), hint(f"h{receiver}"))
    plan.add(lane("other", "r"), hint("o"))
    assert sorted(started_ids(plan)) == ["h0", "h1", "o"]
    assert plan.running == 3


@pytest.mark.parametrize(("threads", "share"), [(8, 2), (4, 1), (3, 1), (1, 1)])
def test_a_number_that_has_its_share_keeps_nobody_waiting_who_comes_later(
    threads: int, share: int
) -> None:
    plan = LanePlan(threads)
    for receiver in range(5):
        plan.add(lane("hangs", str(receiver)), hint(f"h{receiver}"))
    assert len(started_ids(plan)) == share
    plan.add(lane("other", "r"), hint("o"))
    assert started_ids(plan) == (["o"] if threads > share else [])


def test_numbers_take_turns() -> None:
    plan = LanePlan(4)
    for name in ("a1", "a2", "b1", "b2"):
        plan.add(lane(name[0], name), hint(name))
    order = []
    for _ in range(2):
        started = start_all(plan)
        order += [one.id for _, one in started]
        for each, _ in started:
            plan.end(each)
    assert order == ["a1", "b1", "a2", "b2"]


def test_no_more_run_than_there_are_threads() -> None:
    plan = LanePlan(3)
    for number in range(10):
        plan.add(lane(str(number), "r"), hint(f"m{number}"))
    assert len(start_all(plan)) == 3
    plan.end(lane("0", "r"))
    assert len(start_all(plan)) == 1


def test_what_may_not_start_waits_and_others_go() -> None:
    plan = LanePlan(4)
    plan.add(Lane("paused", "p", "r"), hint("p"))
    plan.add(Lane("open", "o", "r"), hint("o"))
    started = plan.start(lambda which: which.account == "open")
    assert started == (Lane("open", "o", "r"), hint("o"))
    assert plan.start(lambda which: which.account == "open") is None
    assert (plan.running_of("open"), plan.running_of("paused")) == (1, 0)
    plan.end(Lane("open", "o", "r"))
    assert plan.running_of("open") == 0
    assert started_ids(plan) == ["p"]


@pytest.mark.parametrize("same_lane", [True, False])
def test_there_is_room_for_others_however_much_waits_for_one_number(same_lane: bool) -> None:
    plan = LanePlan(8)
    for ordinal in range(30):
        plan.add(lane("n", "r" if same_lane else str(ordinal)), hint(f"m{ordinal}"))
    assert plan.room(never) == 8 - (1 if same_lane else 2)
    start_all(plan)
    assert plan.room(never) == 8


def test_there_is_room_for_others_however_much_waits_for_an_account_that_is_held() -> None:
    plan = LanePlan(8)
    for ordinal in range(30):
        plan.add(Lane("held", str(ordinal), "r"), hint(f"m{ordinal}"))
    plan.add(Lane("open", "n", "r"), hint("o"))
    assert plan.room(lambda account: account == "held") == 7
    assert plan.room(never) == 8 - 31


def test_of_too_much_for_one_number_the_rest_stays_in_the_outbox() -> None:
    plan = LanePlan(8)
    for ordinal in range(MOST_WAITING + 5):
        plan.add(lane("n", str(ordinal)), hint(f"m{ordinal}"))
    plan.add(lane("other", "r"), hint("o"))
    assert plan.waiting == MOST_WAITING + 1
