"""Two boards on one service, with the same people on both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stage import Stage, eventually

NUMBERS = ("+16285550151", "+16285550152")


@pytest.fixture(scope="module")
def shared_second(shared_stage: Stage) -> Stage:
    return shared_stage.on_board("second", "Second Jobs", NUMBERS)


@pytest.fixture
def second(stage: Stage, shared_second: Stage) -> Iterator[Stage]:
    """The other board, without sessions; the people have the phones that they have on ``stage``."""
    shared_second.area = stage.area
    yield shared_second
    shared_second.forget_people()


def test_a_pair_has_a_session_on_each_board_and_each_number_leads_by_its_own(
    stage: Stage, second: Stage
) -> None:
    ours, theirs = stage.open(), second.open()

    assert theirs["virtual_number"] in NUMBERS
    assert ours["virtual_number"] not in NUMBERS
    for session in (ours, theirs):
        call = stage.phone("rita").call(session["virtual_number"]).wait(20)
        assert call.bridged
        assert call.callee_saw == session["virtual_number"]


def test_a_board_is_called_by_its_own_name(stage: Stage, second: Stage) -> None:
    session = second.open()

    call = stage.phone("rita").call(session["virtual_number"]).wait(20)

    assert call.bridged
    heard = " ".join(call.heard_by_callee)
    assert "Second Jobs" in heard
    assert "JobBoard" not in heard


def test_a_caller_is_nobody_on_a_board_that_does_not_know_them(stage: Stage, second: Stage) -> None:
    stage.open("rita", "carl")
    theirs = second.open("nora", "carl")

    assert not stage.phone("rita").call(theirs["virtual_number"]).wait(20).bridged
    stage.phone("rita").text(theirs["virtual_number"], "hello from nobody")
    second.phone("nora").text(theirs["virtual_number"], "hello from Nora")

    second.phone("carl").wait_for_text()
    assert [text.body for text in second.phone("carl").texts] == ["hello from Nora"]


def test_a_key_of_one_board_finds_nothing_of_the_other(stage: Stage, second: Stage) -> None:
    ours, theirs = stage.open(), second.open()

    for side, foreign in ((stage, theirs), (second, ours)):
        path = f"/v1/sessions/{foreign['id']}"
        for method, below in (("GET", ""), ("GET", "/interactions"), ("DELETE", "")):
            assert side.api.send(method, path + below).status_code == 404
        assert foreign["id"] not in str(side.api.ask("GET", "/v1/sessions"))


def test_a_stop_on_one_board_is_none_on_the_other(stage: Stage, second: Stage) -> None:
    ours, theirs = stage.open(), second.open()
    stage.phone("carl").text(ours["virtual_number"], "STOP")
    eventually(lambda: stage.session(ours["id"])["sms_suspended"])

    second.phone("rita").text(theirs["virtual_number"], "are you there?")

    second.phone("carl").wait_for_text()
    assert not second.session(theirs["id"])["sms_suspended"]


def test_sessions_of_each_board_expire(stage: Stage, second: Stage) -> None:
    sessions = [(side, side.open(ttl=1)) for side in (stage, second)]

    for side, session in sessions:
        eventually(lambda s=side, i=session["id"]: s.session(i)["status"], "closed".__eq__)
