"""How calls and texts ended, and what is not sent yet: written by the scripts that make it so."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.call_progress import CallProgress, caller_gone, dialled, leg_over, refused, taken
from relay.domain.call_progress import CallStatus as Call
from relay.domain.message_progress import MessageStatus, OwnFailure
from relay.domain.notices import Notice
from relay.domain.texts import Backlog, second_id
from relay.store.backlog import read_backlog
from relay.store.calls import call_id
from relay.store.keys import BoardKeys
from relay.store.store import Store
from tests.board import Board
from tests.board import number as number_at
from tests.store.test_messages import Texts
from tests.world import CARL, NOW, Pair

HASH = BoardKeys("main").outcomes
BUSY = dialled("busy", known=Call.RINGING, is_connected=False, duration=None, leg_sid="CAleg")
TALKED = dialled("completed", known=Call.RINGING, is_connected=True, duration=9, leg_sid="CAleg")


@pytest.fixture
def texts(client: Any, store: Store) -> Texts:
    return Texts(Pair(client, store))


def ended(store: Store) -> dict[str, int]:
    return {f"{one.kind} {one.end} {one.why}".strip(): one.count for one in store.outcomes.all()}


@pytest.mark.parametrize(
    ("reports", "end"),
    [
        ([BUSY, BUSY, caller_gone(was_accepted=False, duration=None)], "busy"),
        ([taken("CAleg"), TALKED, leg_over("CAleg", duration=9)], "completed"),
        ([refused("CAleg"), BUSY], "declined"),
        ([caller_gone(was_accepted=False, duration=None), TALKED], "canceled"),
        ([taken("CAleg")], None),
    ],
    ids=["twice", "out of order", "refused", "set right later", "under way"],
)
def test_a_call_counts_once_by_the_first_end_that_is_known(
    board: Board, reports: list[CallProgress], end: str | None
) -> None:
    board.register_recruiter("r1")
    board.register_candidate("c1")
    board.open("r1", "c1")
    board.call("r1", number_at(0), sid="CA1")
    for report in reports:
        board.store.calls.advance(
            call_id("us", "CA1"), report, now=board.now, virtual_number=number_at(0)
        )

    assert ended(board.store) == ({f"call {end}": 1} if end else {})


def test_a_text_counts_once_by_the_first_end_that_is_known(texts: Texts) -> None:
    first, second, third = texts.accepted(), texts.accepted(), texts.accepted(CARL)
    for message, sid in ((first, "SMout1"), (second, "SMout2"), (third, "SMout3")):
        texts.begin(message)
        texts.confirm(message, sid=sid)
    for _ in range(2):
        texts.report(first, MessageStatus.SENT, 4)
        texts.report(first, MessageStatus.DELIVERED, 6)
        texts.report(second, MessageStatus.UNDELIVERED, 5, sid="SMout2", code=30007)
        texts.report(third, MessageStatus.FAILED, 5, sid="SMout3", code=30006)
    texts.report(second, MessageStatus.DELIVERED, 6, sid="SMout2")

    assert ended(texts.store) == {
        "message delivered": 1,
        "message undelivered filtered": 1,
        "message failed landline": 1,
    }


def test_a_text_that_gets_another_try_has_not_ended(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message)

    texts.report(message, MessageStatus.UNDELIVERED, 5, code=30003, send_again_at=NOW + 30)

    assert ended(texts.store) == {}
    assert read(texts).oldest_since == NOW + 30


def test_what_was_given_up_counts_once_texts_beside_notices(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    for _ in range(2):
        texts.give_up(message)
    notice = texts.telling().id
    texts.begin(notice, "t2")
    texts.give_up(notice, "t2")

    assert ended(texts.store) == {"message failed filtered": 1, "notice failed filtered": 1}


@pytest.mark.parametrize("why", [*OwnFailure, None])
def test_what_failed_without_a_word_of_the_carriers_says_why(
    texts: Texts, why: OwnFailure | None
) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.give_up(message, why=why)

    assert ended(texts.store) == {f"message failed {why or ''}".strip(): 1}


def test_a_picture_and_what_is_held_end_at_once(texts: Texts) -> None:
    texts.accept(text="", media=1)
    for _ in range(30):
        texts.accept(text="I am driving")

    found = ended(texts.store)

    assert found["message failed picture"] == 1
    assert found["message held"] > 0


@pytest.mark.plants_numbers
def test_what_somebody_else_has_written_there_is_not_shown(store: Store) -> None:
    for field in ("+13105550127", "call:+13105550127:", "message:failed:+13105550127", "call:busy"):
        store.client.hset(HASH, field, 1)

    assert ended(store) == {"call busy": 1}


# --- what is not sent yet -----------------------------------------------------------------


def read(texts: Texts) -> Backlog:
    return read_backlog(texts.store.client, texts.store.keys)


def backlog(texts: Texts, after: float = 0.0) -> tuple[int, float]:
    found = read(texts)
    return found.unsent, round(found.oldest_age(NOW + after), 3)


def test_the_oldest_text_is_as_old_as_it_could_have_been_sent(texts: Texts) -> None:
    assert backlog(texts) == (0, 0.0)
    first = texts.accepted()
    texts.accepted(CARL, now=NOW + 5)
    assert backlog(texts, 10) == (2, 10.0)

    texts.begin(first, now=NOW + 10)
    texts.confirm(first, now=NOW + 10)

    assert backlog(texts, 10) == (1, 5.0)
    assert read(texts).unreported == 1


def test_a_later_try_makes_no_text_younger(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.outbox.postpone(
        message, token="t1", now=NOW, until=NOW + 600, outcome_unknown=False, error_code=20003
    )

    assert backlog(texts, 300) == (1, 300.0)


def test_a_text_that_is_for_later_is_not_late(texts: Texts) -> None:
    """Of those who write fast."""
    for place in range(22):
        texts.accepted(text=f"text {place}")
    for message in list(texts.waiting())[:20]:
        texts.store.client.zrem(BoardKeys("main").unsent, message)

    unsent, age = backlog(texts)

    assert (unsent, age) == (2, 0.0)
    assert read(texts).oldest_since > NOW


def test_both_parts_of_a_text_are_as_old_as_the_text(texts: Texts) -> None:
    message = texts.accepted(CARL)
    texts.begin(message, now=NOW + 60)
    texts.outbox.split(
        message,
        token="t1",
        now=NOW + 60,
        first=texts.seal("one", message),
        second=texts.seal("two", second_id(message)),
    )
    texts.begin(message, "t2", now=NOW + 60)
    texts.confirm(message, "t2", now=NOW + 60)

    assert backlog(texts, 60) == (1, 60.0)


def test_notices_wait_as_texts_do_until_they_are_given_up(texts: Texts) -> None:
    texts.accept(text="", media=1)
    notice = texts.telling(Notice.PICTURE_NOT_RELAYED).id
    assert backlog(texts, 30) == (1, 30.0)

    texts.begin(notice)
    texts.give_up(notice)

    assert backlog(texts, 30) == (0, 0.0)


def test_what_is_not_on_record_any_more_does_not_wait(texts: Texts) -> None:
    first, behind = texts.accepted(), texts.accepted()
    texts.store.client.delete(BoardKeys("main").message(first))
    texts.begin(behind)
    assert backlog(texts, 9)[0] == 1

    texts.store.client.delete(BoardKeys("main").message(behind))
    texts.outbox.begin(behind, token="t2", now=NOW)

    assert backlog(texts) == (0, 0.0)
    assert texts.waiting() == {}
