"""What is done for one pair, person or number leaves all that stands about others as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from relay.domain.board import Board
from relay.domain.participant import Role
from relay.domain.session import ClosedReason, Session
from relay.workflows.erase_participant import erase_participant
from tests.workflows.texting import Stage
from tests.world import CARL, DAN, EVE, NORA, NUMBER, OTHER_NUMBER, RITA, Pair, index_of

Told = dict[tuple[str, str], str]


class Neighbours:
    """Beside Rita and Carl, Nora and Dan have a session on the same number, with a text that waits;
    and Dan has stopped it, as Carl has stopped the other number."""

    def __init__(self) -> None:
        self.stage = stage = Stage()
        self.ours: Session = stage.pair.session
        self.theirs = stage.pair.connect(NORA, DAN, context="Baker")
        assert self.theirs.virtual_number == NUMBER
        self.message = stage.text(RITA, "ours").message
        self.waits = stage.text(DAN, "theirs").message
        stage.text(DAN, "STOP")
        stage.store.suppressions.stop(
            [index_of(CARL)], OTHER_NUMBER, since=stage.now, cause="us.SM9"
        )
        stage.jobs.take()
        stage.deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
        second = stage.deployment.of_board("second").store
        Pair(stage.client, second, now=stage.now, numbers=("+14155550195", "+14155550196"))

    def on_second(self) -> Told:
        """All that is in Redis of another board, where Rita and Carl have the same refs."""
        client = self.stage.client
        return {
            (key, field): value
            for key in client.scan_iter("{second}*")
            for field, value in _entries(client, key)
        }

    def know(self) -> Told:
        """All that is in Redis about Nora and Dan, their session and their text."""
        words = (
            *(index_of(phone) for phone in (NORA, DAN)),
            *(self.theirs.party(role).ref for role in Role),
            self.theirs.id,
            self.waits,
        )
        return {
            (key, field): value
            for key in self.stage.client.scan_iter("*")
            for field, value in _entries(self.stage.client, key)
            if any(word in f"{key} {field} {value}" for word in words)
        }


def _entries(client: Any, key: str) -> Iterator[tuple[str, str]]:
    match client.type(key):
        case "hash":
            yield from client.hgetall(key).items()
        case "zset":
            yield from ((member, str(score)) for member, score in client.zscan_iter(key))
        case "set":
            yield from ((member, "") for member in client.smembers(key))
        case "list":
            yield from ((str(at), value) for at, value in enumerate(client.lrange(key, 0, -1)))
        case "string":
            # It may be bits, and no text.
            yield "", f"{client.strlen(key)} {client.bitcount(key)} {client.bitpos(key, 1)}"


@pytest.fixture
def beside() -> Neighbours:
    return Neighbours()


def close(beside: Neighbours) -> None:
    stage = beside.stage
    stage.store.sessions.close(beside.ours.id, ClosedReason.BY_API, now=stage.now)


def erase(role: Role) -> Callable[[Neighbours], None]:
    def erased(beside: Neighbours) -> None:
        stage, ref = beside.stage, beside.ours.party(role).ref
        erase_participant(stage.services, role, ref, now=stage.now)

    return erased


def move(role: Role) -> Callable[[Neighbours], None]:
    return lambda beside: beside.stage.move(role, EVE)


def deliver(beside: Neighbours) -> None:
    beside.stage.send(beside.message)
    beside.stage.report(beside.message, "delivered")


def fail(beside: Neighbours) -> None:
    beside.stage.send(beside.message)
    beside.stage.report(beside.message, "failed", 30006)


def stop(beside: Neighbours) -> None:
    beside.stage.text(CARL, "STOP")


def start(beside: Neighbours) -> None:
    stop(beside)
    beside.stage.now += 10
    beside.stage.text(CARL, "START")


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(close, id="their session is closed"),
        pytest.param(erase(Role.RECRUITER), id="the recruiter is erased"),
        pytest.param(erase(Role.CANDIDATE), id="the candidate is erased"),
        pytest.param(move(Role.RECRUITER), id="the recruiter has another phone"),
        pytest.param(move(Role.CANDIDATE), id="the candidate has another phone"),
        pytest.param(deliver, id="a text is delivered"),
        pytest.param(fail, id="a text fails"),
        pytest.param(stop, id="the candidate says STOP"),
        pytest.param(start, id="the candidate says START"),
    ],
)
def test_what_happens_to_one_pair_changes_nothing_about_another(
    beside: Neighbours, act: Callable[[Neighbours], None]
) -> None:
    before, on_second = beside.know(), beside.on_second()
    assert min(len(before), len(on_second)) > 15

    act(beside)

    assert (beside.know(), beside.on_second()) == (before, on_second)


def test_a_start_to_one_number_leaves_the_stop_to_another(beside: Neighbours) -> None:
    suppressions, carl = beside.stage.store.suppressions, [index_of(CARL)]

    start(beside)

    assert not suppressions.is_stopped(carl, NUMBER)
    assert suppressions.is_stopped(carl, OTHER_NUMBER)
    assert suppressions.is_stopped([index_of(DAN)], NUMBER)


def test_what_waits_for_others_is_sent_all_the_same(beside: Neighbours) -> None:
    erase(Role.RECRUITER)(beside)
    beside.stage.send(beside.waits)
    assert (NORA, "theirs") in beside.stage.arrived
