"""Every key a script touches is among its KEYS, so that the store runs on a Redis Cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from relay.domain.call_progress import taken
from relay.domain.forecast import Sample
from relay.domain.message_progress import MessageStatus
from relay.domain.participant import Role
from relay.domain.pool import Geo, NumberStatus
from relay.domain.purchase import JobKind, JobStatus, Purchase
from relay.domain.reputation import Complaint
from relay.domain.session import ClosedReason
from relay.store.phone_changes import Changed
from relay.store.suppressions import Suppressions
from tests.board import Board, number, person, take_out
from tests.fake_redis import real_redis
from tests.store.test_messages import Texts, add_notice, tell_counterpart
from tests.strict_scripts import strict_store
from tests.world import NOW, Pair

pytestmark = pytest.mark.real_redis


@pytest.fixture
def strict(real_redis_url: str) -> Iterator[Board]:
    with real_redis(real_redis_url) as client:
        client.flushall()
        yield Board(client, strict_store(client))
        client.execute_command("ACL", "DELUSER", "strict")


def test_the_check_itself_notices_an_undeclared_key(strict: Board) -> None:
    scripts = strict.store.people._scripts
    scripts.run_text('return redis.call("GET", "{main}/us:x")', ["{main}/us:x"], [])
    # Redis: "can't access at least one of the keys"; Valkey: "No permissions to access a key".
    with pytest.raises(redis.exceptions.RedisError, match=r"access .*\bkeys?\b"):
        scripts.run_text('return redis.call("GET", "{main}/us:y")', ["{main}/us:x"], [])


def test_a_sessions_whole_life(strict: Board) -> None:
    strict.register_recruiter("rita", "r")
    strict.register_candidate("carl", "c")
    session = strict.open("rita", "carl")
    strict.open("rita", "carl")
    strict.store.sessions.amend(session.id, now=strict.now, context="Cook")
    strict.call("r", number(0), sid="CA1")
    strict.store.calls.advance("us.CA1", taken("CA2"), now=strict.now)
    strict.close(session, ClosedReason.BLOCKED)
    strict.open("rita", "carl", ttl=5)
    for _ in range(6):
        strict.wait(1000)
    assert strict.is_empty()


def test_a_numbers_whole_life(strict: Board) -> None:
    strict.store.numbers.set_status(number(0), "us", NumberStatus.DRAINING)
    assert take_out(strict.store, number(0)) == "removed"
    strict.add_number(0)


def test_a_purchase_and_a_release(strict: Board) -> None:
    purchases, numbers = strict.store.purchases, strict.store.numbers
    job = Purchase(
        id="us.1", pool="us", kind=JobKind.ORDER, country="US", wanted=2, created_at=int(NOW)
    )
    purchases.create(job)
    purchases.begin(job.id, token="t", now=NOW)
    purchases.reserve(job.id, number(90), token="t", now=NOW)
    purchases.settle(job.id, number(90), is_bought=True)
    purchases.postpone(job.id, token="t", until=NOW, has_failed=True)
    assert purchases.sweep("us", now=NOW) == [job.id]
    purchases.begin(job.id, token="t", now=NOW)
    assert purchases.end(job.id, JobStatus.DONE, (), token="t", now=NOW)
    strict.store.idle_numbers.note("us", [number(0)], now=NOW)
    assert strict.store.idle_numbers.drain(number(0), "us", before=NOW, allocatable=3) == "drained"
    assert numbers.retire(number(0), "us", expected=NumberStatus.DRAINING) == "removed"
    numbers.note_released(numbers.releasing("us")[number(0)], "us", now=NOW)
    assert purchases.rent("us", now=NOW).prepaid == 1
    for access_codes in (True, False):
        strict.put(access_codes=access_codes)
        assert strict.store.pools.figures("us").headroom == 2


def test_phone_changes(strict: Board) -> None:
    strict.put(geo=Geo.AREA_CODE, max_sessions_per_number=5)
    strict.register_recruiter("rita", "r")
    strict.register_recruiter("quinn", "q")
    for ref in ("carl", "dan", "eve"):
        strict.register_candidate(ref)
    in_the_way = strict.open("rita", "carl")
    strict.open("quinn", "eve")
    strict.open("rita", "dan")
    assert strict.change(Role.RECRUITER, "rita", "q", in_the_way.id) == Changed(2)
    strict.change_phone(Role.RECRUITER, "rita", "r", seal="3")
    strict.store.people.refresh_party(person(Role.RECRUITER, "rita", "r"))
    strict.audit()


def test_people(strict: Board) -> None:
    strict.register_candidate("carl", "c")
    strict.register_candidate("dan", "d")
    people = strict.store.people
    person_now = person(Role.CANDIDATE, "carl", "c")
    people.reindex(person_now, known=person_now)
    strict.store.suppressions.stop(["c"], number(0), since=1, cause="us.SM1")
    strict.store.suppressions.carry_over(["new", "c"])
    in_service = Suppressions(strict.client, people._scripts, strict.store.keys, "MG1")
    in_service.stop(["c"], number(0), since=2, cause="us.SM2")
    in_service.carry_over(["new", "c"])
    assert in_service.is_stopped(["new"], number(1))
    assert strict.change(Role.CANDIDATE, "dan", "c", take_over=True) == Changed(0)
    strict.register_recruiter("rita", "r")
    strict.open("rita", "dan")
    assert strict.erase(Role.CANDIDATE, "dan")
    assert people.get(Role.CANDIDATE, "dan") is None


def test_a_texts_whole_life(strict: Board) -> None:
    strict.client.flushall()
    texts = Texts(Pair(strict.client, strict.store))
    message, _ = texts.accept(text="my CV", media=1)
    texts.begin(message)
    texts.outbox.postpone(
        message, token="t1", now=NOW, until=NOW, outcome_unknown=False, error_code=0
    )
    texts.begin(message, "t2")
    texts.confirm(message, "t2")
    texts.report(message, MessageStatus.DELIVERED, 5, attempt="t2")
    refused = texts.accepted()
    texts.begin(refused)
    assert texts.give_up(refused).sender_told
    long = texts.accepted()
    texts.begin(long)
    assert texts.outbox.split(long, token="t1", now=NOW, first="1", second="2")
    assert texts.outbox.sweep(now=NOW + 9)
    assert tell_counterpart(texts)
    assert add_notice(texts)
    session = texts.pair.session
    texts.store.sessions.close(session.id, ClosedReason.ERASED, now=NOW)
    forget = texts.store.erasures.forget_in_texts
    assert forget(Role.CANDIDATE, session.candidate.ref, [session])


def test_number_stats(strict: Board) -> None:
    strict.store.numbers.rest(number(0), "us", [Complaint.SHORT_CALLS], now=strict.now)
    assert strict.store.numbers.wake(number(0), "us")
    strict.store.reputation.note_number_stats("us", {"status:available": 3})
    assert strict.store.reputation.number_stats("us") == {"status:available": 3}
    sample = Sample(
        at=int(strict.now),
        bound=1,
        candidate_bound=1,
        allocatable=3,
        open_sessions=1,
        cooling_bindings=0,
    )
    strict.store.history.note("us", sample)
    assert strict.store.history.since("us", strict.now) == [sample]
