"""Sessions in the store: claimed, changed, closed, cooled, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from relay.domain.call_progress import caller_gone
from relay.domain.participant import Role
from relay.domain.pool import NumberStatus, Pool
from relay.domain.session import Channel, ClosedReason, Session, SessionStatus
from relay.store.calls import RouteState
from relay.store.claims import Claimed, Elsewhere, Outdated, SamePhone
from relay.store.keys import PoolKeys
from relay.store.records import Record, draws_for
from relay.store.recycling import Recycling
from relay.store.scripts import Scripts
from tests.board import NOW, RETENTION, Board, number
from tests.key_ring import SIGNER
from tests.noted_scripts import NotedScripts

KEYS = PoolKeys("main", "us")
_OVER = caller_gone(was_accepted=True, duration=30)


@pytest.fixture
def crew(board: Board) -> Board:
    """Rita, Nora and Quinn recruit Carl, Dan and Eve; each phone is the name's first letter."""
    for ref in ("rita", "nora", "quinn"):
        board.register_recruiter(ref, ref[0])
    for ref in ("carl", "dan", "eve", "finn"):
        board.register_candidate(ref, ref[0])
    return board


# --- claim ----------------------------------------------------------------------------


def test_a_new_session_is_what_was_asked_for(crew: Board) -> None:
    claimed = crew.claim(
        crew.enter("rita", "carl"),
        ttl=60,
        channels=frozenset({Channel.VOICE}),
        context="Cook, 厨师",
    )
    assert isinstance(claimed, Claimed)
    session = claimed.session
    assert claimed.is_new
    assert (session.status, session.virtual_number) == (SessionStatus.OPEN, number(0))
    assert (session.recruiter.ref, session.recruiter.phone_index) == ("rita", "r")
    assert (session.candidate.ref, session.candidate.phone_index) == ("carl", "c")
    assert (session.created_at, session.expires_at) == (NOW, NOW + 60)
    assert (session.channels, session.stamped_context) == ({Channel.VOICE}, "Cook, 厨师")
    assert len(session.access_code) == 6
    assert session.access_code.isdigit()
    assert crew.store.sessions.get(session.id) == session
    crew.audit()


def test_a_pair_with_an_open_session_gets_that_one(crew: Board) -> None:
    first = crew.open("rita", "carl", ttl=60)
    again = crew.claim(
        crew.enter("rita", "carl"),
        ttl=30,
        asked=True,
        channels=frozenset({Channel.SMS}),
        context="Chef",
    )
    assert isinstance(again, Claimed)
    assert not again.is_new
    assert again.session == replace(
        first, channels=frozenset({Channel.SMS}), stamped_context="Chef"
    )


@pytest.mark.parametrize(("ttl", "asked", "left"), [(90, True, 90), (90, False, 60)])
def test_an_expiry_only_ever_moves_later_and_only_when_asked(
    crew: Board, ttl: int, asked: bool, left: int
) -> None:
    first = crew.open("rita", "carl", ttl=60)
    crew.claim(crew.enter("rita", "carl"), ttl=ttl, asked=asked)
    assert crew.read(first).expires_at == NOW + left
    crew.audit()


def test_p1_people_who_share_nobody_share_numbers(crew: Board) -> None:
    assert crew.open("rita", "carl").virtual_number == number(0)
    assert crew.open("nora", "dan").virtual_number == number(0)
    assert crew.open("rita", "dan").virtual_number == number(1)
    assert crew.open("nora", "carl").virtual_number == number(1)
    assert crew.open("quinn", "carl").virtual_number == number(2)
    crew.audit()


def test_p1_two_recruiters_at_one_switchboard_get_a_number_each(crew: Board) -> None:
    crew.register_recruiter("rosa", "r")
    assert crew.open("rita", "carl").virtual_number == number(0)
    assert crew.open("rosa", "dan").virtual_number == number(1)
    crew.audit()


def test_p1_a_recruiter_who_is_a_candidate_elsewhere_is_one_phone(crew: Board) -> None:
    crew.register_candidate("rita", "r")
    crew.open("rita", "carl")
    assert crew.open("nora", "rita").virtual_number == number(1)
    crew.audit()


def test_a_pair_that_comes_back_gets_its_old_number_and_code(crew: Board) -> None:
    crew.open("rita", "dan")
    first = crew.open("rita", "carl")
    assert first.virtual_number == number(1)
    crew.close(first)
    crew.now += 49

    again = crew.open("rita", "carl")

    assert (again.virtual_number, again.access_code) == (number(1), first.access_code)
    assert again.previous == first.id
    crew.audit()
    crew.wait(200)
    assert crew.read(again).status is SessionStatus.OPEN
    crew.audit()


def test_a_pair_comes_back_to_what_is_left_of_its_old_number(crew: Board) -> None:
    """The recruiter's side has cooled, the candidate's has not."""
    first = crew.open("rita", "carl")
    crew.close(first)
    crew.wait(60)
    assert crew.open("rita", "carl").virtual_number == first.virtual_number
    crew.audit()


def test_a_number_that_somebody_else_got_meanwhile_is_not_given_back(crew: Board) -> None:
    first = crew.open("rita", "carl")
    crew.close(first)
    crew.wait(60)
    crew.open("rita", "dan")
    assert crew.open("rita", "carl").virtual_number == number(1)
    crew.audit()


def test_a_number_that_is_drained_is_not_given_back(crew: Board) -> None:
    crew.close(crew.open("rita", "carl"))
    crew.store.numbers.set_status(number(0), "us", NumberStatus.DRAINING)
    assert crew.open("rita", "carl").virtual_number == number(1)
    crew.audit()


def test_an_expired_session_is_closed_on_the_way(crew: Board) -> None:
    first = crew.open("rita", "carl", ttl=10)
    crew.now += 20
    again = crew.open("rita", "carl")
    assert again.id != first.id
    closed = crew.read(first)
    assert (closed.closed_reason, closed.closed_at) == (ClosedReason.EXPIRED, NOW + 10)
    crew.audit()


def test_p4_a_claim_that_is_sent_twice_is_one(crew: Board) -> None:
    """redis-py sends a command again when only its reply was lost."""
    crew.store.sessions._scripts = scripts = NotedScripts(crew.client)
    session = crew.open("rita", "carl")
    before = crew.audit()

    outcome, session_id, _ = scripts.repeat("claim")

    assert (outcome, session_id) == ("created", session.id)
    assert crew.audit() == before


def test_an_id_that_is_taken_is_drawn_again(crew: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = crew.open("rita", "carl")
    draws = iter([taken.id, "us.anotherdraw1"])
    monkeypatch.setattr("relay.store.sessions.draw_session_id", lambda _: next(draws))
    assert crew.open("nora", "carl").id == "us.anotherdraw1"


def draws_of(recruiter: str, candidate: str) -> list[str]:
    return draws_for(SIGNER, "main", recruiter, candidate)


def take_codes(crew: Board, *codes: str) -> None:
    """Others have these on every number."""
    keys = [f"{number(place)}:{code}" for place in range(crew.numbers) for code in codes]
    crew.client.hset(crew.store.keys.codes, mapping=dict.fromkeys(keys, "us.another"))


def test_an_access_code_is_cut_from_the_first_draw_that_is_free(crew: Board) -> None:
    first, second, *_ = (draw[:6] for draw in draws_of("rita", "carl"))
    assert crew.open("rita", "carl").access_code == first
    crew.wait(10 * RETENTION)
    take_codes(crew, first)
    assert crew.open("rita", "carl").access_code == second


def test_an_access_code_grows_with_what_is_on_its_number(crew: Board) -> None:
    for place in range(11):
        crew.register_recruiter(f"r{place}")
        crew.register_candidate(f"c{place}")
    codes = [crew.open(f"r{place}", f"c{place}").access_code for place in range(11)]
    assert {len(code) for code in codes[:10]} == {6}
    assert len(codes[10]) == 7


def test_where_all_draws_are_taken_a_code_is_cut_longer(crew: Board) -> None:
    draws = draws_of("rita", "carl")
    take_codes(crew, *(draw[:6] for draw in draws))
    assert crew.open("rita", "carl").access_code == draws[0][:7]


def test_who_takes_all_codes_of_a_pair_keeps_it_from_none(crew: Board) -> None:
    draws = draws_of("rita", "carl")
    take_codes(crew, *(draw[:length] for draw in draws for length in range(6, 11)))
    assert crew.open("rita", "carl").access_code == draws[0]


def test_p9_a_session_with_a_code_that_is_none_of_its_pairs_is_opened_anew(crew: Board) -> None:
    """Somebody has written it, or it is of a key that has gone."""
    session = crew.open("rita", "carl")
    keys = PoolKeys("main", "us")
    record = Record._make(crew.client.hget(keys.sessions, session.id).split("\t"))
    crew.client.hset(keys.sessions, session.id, "\t".join(record._replace(code="482913")))
    again = crew.open("rita", "carl")
    assert again.id != session.id
    assert crew.store.sessions.is_code_of(again, again.access_code)
    assert crew.read(session).status is SessionStatus.CLOSED


def test_p1_nobody_gets_a_session_with_themselves(crew: Board) -> None:
    """Rita has moved to Carl's phone since somebody checked that theirs are different."""
    crew.register_recruiter("rosa", "c")
    assert crew.claim(crew.enter("rosa", "carl")) == SamePhone()
    assert crew.audit() == {}


# --- amend ----------------------------------------------------------------------------


def test_an_open_session_can_be_changed(crew: Board) -> None:
    session = crew.open("rita", "carl")
    amend = crew.store.sessions.amend
    later = amend(session.id, now=crew.now, expires_at=NOW + 9)
    assert later == replace(session, expires_at=NOW + 9)
    voiced = amend(
        session.id, now=crew.now, channels=frozenset({Channel.VOICE}), stamped_context="x"
    )
    assert voiced == replace(later, channels=frozenset({Channel.VOICE}), stamped_context="x")
    assert amend(session.id, now=crew.now, stamped_context="") == replace(
        voiced, stamped_context=""
    )
    crew.wait(10)
    assert crew.read(session).status is SessionStatus.CLOSED


def test_what_is_over_cannot_be_changed(crew: Board) -> None:
    session = crew.open("rita", "carl", ttl=10)
    amend = crew.store.sessions.amend
    assert amend(session.id, now=NOW + 10, expires_at=NOW + 99) == session
    crew.close(session)
    closed = amend(session.id, now=NOW, expires_at=NOW + 99, stamped_context="x")
    assert closed == crew.read(session)
    assert amend("us.nothing", now=NOW) is None
    crew.audit()


# --- close ----------------------------------------------------------------------------


def test_p1_a_closed_sessions_bindings_cool_each_for_its_time(crew: Board) -> None:
    session = crew.open("rita", "carl")
    closed = crew.close(session)

    assert (closed.status, closed.closed_at) == (SessionStatus.CLOSED, NOW)
    assert crew.call("r", number(0)).state is RouteState.CLOSED
    crew.audit()
    crew.wait(49)
    assert crew.call("r", number(0)).state is RouteState.CLOSED
    crew.wait(1)
    assert crew.call("r", number(0)).state is RouteState.STRANGER_WITH_CODE
    assert crew.call("c", number(0)).state is RouteState.CLOSED
    crew.audit()
    crew.wait(50)
    assert crew.call("c", number(0)).state is RouteState.STRANGER
    crew.audit()


def test_closing_twice_is_closing_once(crew: Board) -> None:
    session = crew.open("rita", "carl")
    closed = crew.close(session)
    crew.now += 5
    assert crew.close(session, ClosedReason.BLOCKED) == closed
    assert crew.store.sessions.close("us.x", ClosedReason.BY_API, now=1) is None
    crew.audit()


def test_an_expired_session_closes_as_expired(crew: Board) -> None:
    session = crew.open("rita", "carl", ttl=10)
    crew.now += 20
    closed = crew.close(session)
    assert (closed.closed_reason, closed.closed_at) == (ClosedReason.EXPIRED, NOW + 10)


def test_p5_closing_lets_a_call_in_progress_go_on_unless_it_severs(crew: Board) -> None:
    session = crew.open("rita", "carl")
    crew.call("r", number(0), sid="CA1")
    crew.close(session)
    assert crew.call("r", number(0), sid="CA1").state is RouteState.CONNECT

    other = crew.open("nora", "dan")
    crew.call("n", other.virtual_number, sid="CA2")
    crew.close(other, ClosedReason.BLOCKED)
    assert crew.call("n", other.virtual_number, sid="CA2").state is RouteState.REPLAYED


# --- close_due ------------------------------------------------------------------------


def test_p3_an_expired_session_never_connects_though_no_worker_lives(crew: Board) -> None:
    session = crew.open("rita", "carl", ttl=10)
    crew.now += 9.9
    assert crew.call("r", number(0)).state is RouteState.CONNECT
    crew.now += 0.1
    assert crew.call("r", number(0)).state is RouteState.EXPIRED
    assert crew.read(session).status is SessionStatus.OPEN


def test_what_is_due_is_closed_in_batches(crew: Board) -> None:
    due = {crew.open(*pair, ttl=10).id for pair in (("rita", "carl"), ("nora", "dan"))}
    crew.open("quinn", "eve", ttl=100)
    close_due = crew.store.recycling.close_due
    assert close_due("us", now=NOW + 9, batch=9) == (0, [])
    first = close_due("us", now=NOW + 10, batch=1)
    second = close_due("us", now=NOW + 10, batch=9)
    assert (first[0], second[0]) == (1, 1)
    assert {*first[1], *second[1]} == due
    crew.audit()


def test_p5_a_pair_with_a_call_in_progress_is_left_alone_until_its_lease_ends(
    crew: Board,
) -> None:
    session = crew.open("rita", "carl", ttl=10)
    crew.call("r", number(0), lease=500)
    crew.wait(20)
    assert crew.read(session).status is SessionStatus.OPEN
    assert crew.call("c", number(0)).state is RouteState.EXPIRED
    crew.wait(480)
    closed = crew.read(session)
    assert (closed.closed_reason, closed.closed_at) == (ClosedReason.EXPIRED, NOW + 10)
    crew.wait(1)
    assert crew.call("r", number(0)).state is RouteState.STRANGER
    crew.audit()


def test_a_due_entry_without_a_session_is_dropped(crew: Board) -> None:
    crew.client.zadd(KEYS.due, {"us.ghost": 1})
    assert crew.store.recycling.close_due("us", now=NOW, batch=9) == (1, [])
    crew.audit()


# --- release_cooled -------------------------------------------------------------------


class Meanwhile:
    """A client: after the next look at what has cooled or is old, and before what is done about it,
    somebody else acts."""

    def __init__(self, client: Any, act: Callable[[], object]) -> None:
        self._client = client
        self._act = act

    def zrange(self, *args: Any, **options: Any) -> Any:
        found = self._client.zrange(*args, **options)
        self._act()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def recycling_while(crew: Board, act: Callable[[], object]) -> Recycling:
    return Recycling(Meanwhile(crew.client, act), Scripts(crew.client), crew.store.keys)


def test_p1_a_pair_that_comes_back_while_it_is_freed_keeps_its_number(crew: Board) -> None:
    crew.close(crew.open("rita", "carl"))
    crew.now += 200
    recycling = recycling_while(crew, lambda: crew.open("rita", "carl"))
    assert recycling.release_cooled("us", now=crew.now, batch=9, retention=RETENTION) == 2
    assert crew.call("r", number(0)).state is RouteState.CONNECT
    assert crew.call("c", number(0)).state is RouteState.CONNECT
    crew.audit()


def test_a_session_that_is_kept_for_longer_meanwhile_is_not_forgotten(crew: Board) -> None:
    session = crew.close(crew.open("rita", "carl"))
    crew.wait(200)
    later = {session.id: crew.now + 2 * RETENTION}
    recycling = recycling_while(crew, lambda: crew.client.zadd(KEYS.ended, later))
    assert recycling.purge_ended(now=crew.now + RETENTION, batch=9) == 1
    assert crew.client.hexists(KEYS.sessions, session.id)


def test_p9_a_binding_that_is_gone_keeps_nothing_from_being_freed(crew: Board) -> None:
    crew.close(crew.open("rita", "carl"))
    crew.client.delete(KEYS.phone("r"))
    crew.wait(200)
    assert not crew.client.exists(KEYS.cooling)
    assert crew.call("c", number(0)).state is RouteState.STRANGER


def test_p9_a_planted_line_keeps_no_session_on_record(crew: Board) -> None:
    session = crew.close(crew.open("rita", "carl"))
    crew.client.zadd(KEYS.interactions, {f"{session.id}\tplanted": 0})
    crew.wait(200)
    crew.wait(RETENTION)
    assert not crew.client.hexists(KEYS.sessions, session.id)
    assert not crew.client.exists(KEYS.interactions)


def test_the_end_of_a_call_makes_no_session_due_that_has_ended(crew: Board) -> None:
    session = crew.open("rita", "carl")
    crew.call("r", number(0), sid="CA1", lease=1000)
    crew.close(session)
    crew.store.calls.advance("us.CA1", _OVER, now=crew.now, virtual_number=number(0))
    assert not crew.client.exists(KEYS.due)


def test_p5_a_pair_that_came_back_keeps_its_number_while_an_old_call_goes_on(
    crew: Board,
) -> None:
    first = crew.open("rita", "carl", ttl=10)
    crew.call("r", number(0), lease=1000, sid="CA1")
    crew.now += 20
    second = crew.open("rita", "carl", ttl=10)
    assert second.virtual_number == first.virtual_number
    crew.wait(300)
    assert crew.call("r", number(0)).state is not RouteState.STRANGER
    crew.wait(1000)
    crew.wait(200)
    assert crew.call("r", number(0)).state is RouteState.STRANGER
    crew.audit()


def test_p5_a_call_that_ends_holds_no_session_of_its_pair_any_more(crew: Board) -> None:
    """The pair has come back twice while the call went on: each session has its lease."""
    crew.open("rita", "carl", ttl=10)
    crew.call("r", number(0), lease=1000, sid="CA1")
    crew.now += 20
    second = crew.close(crew.open("rita", "carl", ttl=10))
    third = crew.open("rita", "carl", ttl=10)
    assert third.id != second.id
    crew.wait(20)
    assert crew.read(third).status is SessionStatus.OPEN

    crew.store.calls.advance("us.CA1", _OVER, now=crew.now, virtual_number=number(0))

    assert not crew.client.exists(KEYS.leases)
    crew.wait(0)
    assert crew.read(third).closed_at == third.expires_at
    crew.wait(100)
    assert crew.call("r", number(0)).state is RouteState.STRANGER
    crew.audit()


def test_p5_another_call_of_the_pair_goes_on_when_one_ends(crew: Board) -> None:
    crew.open("rita", "carl", ttl=10)
    crew.call("r", number(0), lease=1000, sid="CA1")
    crew.call("c", number(0), lease=1000, sid="CA2")
    crew.now += 20
    second = crew.open("rita", "carl", ttl=10)
    crew.store.calls.advance("us.CA1", _OVER, now=crew.now, virtual_number=number(0))
    crew.wait(20)
    assert crew.read(second).status is SessionStatus.OPEN


def test_an_ended_entry_without_a_session_is_dropped(crew: Board) -> None:
    crew.close(crew.open("rita", "carl"))
    crew.wait(200)
    crew.client.zadd(KEYS.ended, {"us.gone": NOW})
    assert crew.store.recycling.purge_ended(now=crew.now, batch=1) == 1
    assert crew.store.recycling.purge_ended(now=crew.now, batch=1) == 0
    crew.audit()


def test_a_lease_that_nobody_ended_is_forgotten_with_its_pair(crew: Board) -> None:
    session = crew.open("rita", "carl")
    crew.call("r", number(0), lease=10)
    crew.close(session)
    assert crew.client.hexists(KEYS.leases, session.id)
    crew.wait(50)
    assert not crew.client.exists(KEYS.leases)


def test_releasing_is_safe_to_run_twice_and_beside_a_claim(crew: Board) -> None:
    session = crew.open("rita", "carl")
    crew.close(session)
    crew.now += 200
    assert crew.store.recycling.release_cooled("us", now=crew.now, batch=1, retention=9) == 1
    crew.audit()
    assert crew.store.recycling.release_cooled("us", now=crew.now, batch=9, retention=9) == 1
    assert crew.store.recycling.release_cooled("us", now=crew.now, batch=9, retention=9) == 0
    crew.audit()


# --- purge_ended ----------------------------------------------------------------------


def test_a_pool_is_empty_when_everything_has_ended(crew: Board) -> None:
    for _ in range(3):
        crew.close(crew.open("rita", "carl"))
        crew.wait(20)
    crew.open("nora", "carl", ttl=5)
    crew.call("n", number(1), lease=5)
    for _ in range(6):
        crew.wait(500)
        crew.audit()
    assert crew.is_empty()


def test_a_pairs_later_session_outlives_its_earlier_one(crew: Board) -> None:
    first = crew.open("rita", "carl")
    crew.close(first)
    crew.wait(200)
    second = crew.open("rita", "carl", ttl=10_000)
    crew.wait(1500)
    assert crew.store.sessions.get(first.id) is None
    assert crew.open("rita", "carl").id == second.id
    assert crew.store.recycling.purge_ended(now=crew.now, batch=9) == 0
    crew.audit()


# --- reading --------------------------------------------------------------------------


def test_lists_have_what_they_should(crew: Board) -> None:
    sessions = crew.store.sessions
    first = crew.close(crew.open("rita", "carl"))
    crew.wait(10)
    second = crew.open("rita", "carl")
    third = crew.open("rita", "dan")
    assert sessions.look_at_pair("rita", "carl").latest == second.id
    theirs = sessions.of_participant(Role.RECRUITER, "rita")
    assert {s.id for s in theirs[:2]} == {second.id, third.id}
    assert [s.id for s in theirs[2:]] == [first.id]
    cursor, scanned = sessions.scan(0, 100)
    assert cursor == 0
    assert {s.id for s in scanned} == {first.id, second.id, third.id}
    assert sessions.get("nonsense") is None
    assert sessions.get("us.nothing") is None


def test_the_latest_interaction_of_each_session_is_known(crew: Board) -> None:
    talked, silent = crew.open("rita", "carl"), crew.open("nora", "dan")
    crew.call("r", talked.virtual_number)
    crew.now += 30
    crew.call("c", talked.virtual_number)
    assert crew.store.sessions.last_interactions_at([talked, silent]) == {talked.id: NOW + 30}


def test_a_session_prints_no_sealed_phone(crew: Board) -> None:
    session: Session = crew.open("rita", "carl")
    assert session.pool == "us"


# --- a pair in several pools ----------------------------------------------------------


@pytest.fixture
def abroad(crew: Board) -> Board:
    """As ``crew``, and a second pool ``ca`` with one number."""
    crew.store.pools.put(Pool(name="ca", country="CA"))
    crew.store.numbers.add("+16475550150", "ca", carrier_sid="PN", capabilities="vs", now=NOW)
    return crew


def test_p1_a_pair_opens_one_session_whatever_pools_two_processes_think_of(abroad: Board) -> None:
    """Both have looked at the pair before either has claimed."""
    pair = abroad.enter("rita", "carl")
    first = abroad.claim(pair)
    assert isinstance(first, Claimed)

    assert abroad.claim(pair, pool="ca") == Elsewhere(first.session)
    abroad.audit()


def test_a_session_that_has_expired_in_another_pool_is_closed_on_the_way(abroad: Board) -> None:
    first = abroad.open("rita", "carl", ttl=10)
    abroad.now += 20

    second = abroad.claim(abroad.enter("rita", "carl"), pool="ca")

    assert isinstance(second, Claimed)
    assert (second.session.pool, second.session.previous) == ("ca", first.id)
    assert abroad.read(first).closed_reason is ClosedReason.EXPIRED
    abroad.audit()


def test_a_pair_that_comes_back_to_another_pool_gets_a_number_of_that_one(abroad: Board) -> None:
    abroad.close(abroad.open("rita", "carl"))

    second = abroad.claim(abroad.enter("rita", "carl"), pool="ca")

    assert isinstance(second, Claimed)
    assert second.session.virtual_number == "+16475550150"
    abroad.audit()


@pytest.mark.parametrize("role", list(Role))
def test_p1_a_claim_for_somebody_whose_record_has_changed_is_out_of_date(
    crew: Board, role: Role
) -> None:
    pair = crew.enter("rita", "carl")
    if role is Role.RECRUITER:
        crew.erase(role, "rita")
    else:
        crew.change_phone(role, "carl", "x")

    assert crew.claim(pair) == Outdated()
