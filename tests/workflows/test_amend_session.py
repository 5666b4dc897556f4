"""Changing an open session."""

import pytest

from relay.domain.errors import Invalid, NotFound, SessionClosed
from relay.domain.session import Channel
from relay.workflows.amend_session import Amendment, amend_session
from relay.workflows.close_session import close_session
from relay.workflows.stamp_words import context_of
from tests.world import ASKER, CARL, NOW, make_world

DAY = 24 * 3600


@pytest.fixture
def world():
    return make_world()


def amend(world, session_id, *, now=NOW, **change):
    return amend_session(world.services, session_id, Amendment(**change), client_id=ASKER, now=now)


def test_what_is_not_named_stays(world):
    session = world.open(context="Backend engineer")

    amended = amend(world, session.id, channels=frozenset({Channel.SMS}))

    assert amended.channels == {Channel.SMS}
    assert context_of(world.services, amended) == "Backend engineer"
    assert amended.expires_at == session.expires_at


def test_a_context_can_be_taken_away(world):
    session = world.open(context="Backend engineer")

    amended = amend(world, session.id, context="")

    assert context_of(world.services, amended) == ""


def test_a_context_can_be_changed(world):
    session = world.open(context="Backend engineer")

    amended = amend(world, session.id, context="Cook")

    assert context_of(world.services, amended) == "Cook"


@pytest.mark.parametrize(
    ("change", "expires_at"),
    [
        ({"ttl": 60}, int(NOW) + 61),
        ({"ttl": 90 * DAY}, int(NOW) + 1 + 90 * DAY),
        ({"expires_at": NOW + 0.25}, int(NOW) + 1),
        ({"expires_at": NOW + 90 * DAY}, int(NOW) + 1 + 90 * DAY),
    ],
)
def test_an_expiry_is_never_earlier_than_asked(world, change, expires_at):
    session = world.open()

    assert amend(world, session.id, **change).expires_at == expires_at


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({}, ""),
        ({"ttl": 60, "expires_at": NOW + 60}, "/ttl"),
        ({"ttl": 90 * DAY + 1}, "/ttl"),
        ({"expires_at": NOW}, "/expires_at"),
        ({"expires_at": NOW + 90 * DAY + 1}, "/expires_at"),
        ({"context": CARL}, "/context"),
    ],
)
def test_what_a_session_cannot_be_is_refused(world, change, pointer):
    session = world.open()

    with pytest.raises(Invalid) as refusal:
        amend(world, session.id, **change)

    assert [fault.pointer for fault in refusal.value.faults] == [pointer]


@pytest.mark.parametrize("session_id", ["us.000000000000", "nowhere.0", "nonsense"])
def test_an_unknown_session_is_not_found(world, session_id):
    with pytest.raises(NotFound):
        amend(world, session_id, ttl=60)


def test_a_closed_session_stays_as_it_is(world):
    session = world.open()
    close_session(world.services, session.id, now=NOW)

    with pytest.raises(SessionClosed):
        amend(world, session.id, ttl=60)


def test_an_expired_session_stays_as_it_is(world):
    session = world.open(ttl=60)

    with pytest.raises(SessionClosed):
        amend(world, session.id, now=NOW + 61, ttl=60)


def test_a_session_that_is_forgotten_in_between_is_not_found(world):
    session = world.open()
    world.services.store.sessions.get = lambda _: session

    world.services.store.client.delete("{main}:sessions")

    with pytest.raises(NotFound):
        amend(world, session.id, ttl=60)
