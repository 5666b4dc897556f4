"""Lists of sessions, a page at a time."""

import pytest

from relay.domain.pool import Pool
from relay.domain.session import SessionStatus
from relay.workflows.close_session import close_session
from relay.workflows.list_sessions import After, Scan, SessionFilter, list_sessions
from tests.world import NOW, NUMBER, OTHER_NUMBER, make_world


@pytest.fixture
def world():
    """Rita and Nora each with Carl and Dan, on four numbers of two pools."""
    world = make_world()
    store = world.services.store
    store.pools.put(Pool(name="us-east", country="US"))
    for place, number in enumerate([OTHER_NUMBER, "+14155550194", "+14155550195"]):
        store.numbers.add(
            number,
            "us-east" if place == 2 else "us",
            carrier_sid="PN",
            capabilities="vs",
            now=NOW,
        )
    world.open("rita", "carl", now=NOW, pool="us")
    world.open("rita", "dan", now=NOW + 1, pool="us")
    world.open("nora", "carl", now=NOW + 2, pool="us")
    world.open("nora", "dan", now=NOW + 3, pool="us-east")
    return world


def pairs(world, *, limit=200, start=None, now=NOW + 10, **wanted):
    page = list_sessions(world.services, SessionFilter(**wanted), start=start, limit=limit, now=now)
    return [(s.recruiter.ref, s.candidate.ref) for s in page.sessions], page.go_on


def all_pages(world, *, limit, **wanted):
    found, start = [], None
    while True:
        page, start = pairs(world, limit=limit, start=start, **wanted)
        assert len(page) <= limit
        found += page
        if start is None:
            return found


def test_a_persons_sessions_come_the_latest_first(world):
    assert pairs(world, recruiter="rita") == ([("rita", "dan"), ("rita", "carl")], None)
    assert pairs(world, candidate="dan") == ([("nora", "dan"), ("rita", "dan")], None)


def test_a_pairs_sessions_include_those_before(world):
    (first,) = list_sessions(
        world.services,
        SessionFilter(recruiter="rita", candidate="carl"),
        start=None,
        limit=9,
        now=NOW,
    ).sessions
    close_session(world.services, first.id, now=NOW + 5)
    world.open("rita", "carl", now=NOW + 6)

    assert pairs(world, recruiter="rita", candidate="carl")[0] == [("rita", "carl")] * 2
    assert len(pairs(world, recruiter="rita", status=SessionStatus.CLOSED)[0]) == 1


def test_an_expired_session_counts_as_closed(world):
    later = NOW + 8 * 24 * 3600

    assert pairs(world, status=SessionStatus.OPEN, now=later)[0] == []
    assert len(pairs(world, status=SessionStatus.CLOSED, now=later)[0]) == 4


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("wanted", [{}, {"recruiter": "nora"}, {"candidate": "carl"}])
def test_pages_of_any_size_hold_each_session_once(world, limit, wanted):
    assert sorted(all_pages(world, limit=limit, **wanted)) == sorted(pairs(world, **wanted)[0])


def test_all_pools_are_gone_through(world):
    assert len(pairs(world)[0]) == 4


@pytest.mark.parametrize("number", [NUMBER, "+1 (415) 555-0192"])
def test_a_numbers_sessions_are_found_by_any_spelling(world, number):
    found, _ = pairs(world, virtual_number=number)

    assert ("rita", "carl") in found
    assert set(pairs(world, virtual_number=number, recruiter="rita")[0]) <= set(found)


@pytest.mark.parametrize("number", ["+14155550199", "nonsense"])
def test_a_number_that_is_none_of_ours_has_no_sessions(world, number):
    assert pairs(world, virtual_number=number) == ([], None)
    assert pairs(world, virtual_number=number, candidate="carl") == ([], None)


def test_a_place_in_another_kind_of_list_begins_anew(world):
    everything = pairs(world)[0]

    assert pairs(world, start=After(created_at=0, id="x"))[0] == everything
    assert len(pairs(world, recruiter="rita", start=Scan(cursor=7))[0]) == 2


def test_what_had_no_place_in_a_page_comes_first_in_the_next(world):
    first, go_on = pairs(world, limit=1)

    assert isinstance(go_on, Scan)
    rest = all_pages_from(world, go_on)
    assert sorted(first + rest) == sorted(pairs(world)[0])


def all_pages_from(world, start):
    found = []
    while start is not None:
        page, start = pairs(world, limit=1, start=start)
        found += page
    return found


def test_a_page_looks_at_so_many_sessions_and_no_more(world):
    """Few of very many fit: the page is short, and the next one goes on."""
    sessions = world.services.store.sessions
    asked = []

    class Endless:
        def scan(self, cursor, count):
            asked.append(count)
            return cursor + 1, []

        def __getattr__(self, name):
            return getattr(sessions, name)

    world.services.store.sessions = Endless()

    found, go_on = pairs(world, limit=5, virtual_number=NUMBER)

    assert found == []
    assert go_on == Scan(cursor=len(asked))
    assert asked == [20] * 50


def test_a_page_asks_for_no_more_than_it_lacks(world):
    """What has no place in it goes into its cursor."""
    sessions = world.services.store.sessions
    asked = []

    class Sparse:
        def scan(self, cursor, count):
            asked.append(count)
            return cursor + 1, sessions.scan(0, 200)[1]

        def __getattr__(self, name):
            return getattr(sessions, name)

    world.services.store.sessions = Sparse()

    found, go_on = pairs(world, limit=30)

    assert (len(found), len(go_on.left_over)) == (30, 2)
    assert asked == [30, 26, 22, 20, 20, 20, 20, 20]


def test_without_pools_there_is_nothing_to_list():
    world = make_world()
    world.services.store.client.flushall()

    assert pairs(world) == ([], None)
