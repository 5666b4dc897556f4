"""Every key a script touches is among its KEYS, so that the store runs on a Redis Cluster.

A *life* is a function that leads a board through some of its scripts; together they run all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis
from limits import RateLimitItemPerMinute

from relay.domain.api_key import Scope
from relay.domain.board import Board as JobBoard
from relay.domain.board import NumberPlace
from relay.domain.call_progress import taken
from relay.domain.charges import Unit
from relay.domain.errors import RateLimited
from relay.domain.forecast import Sample
from relay.domain.message_progress import MessageStatus
from relay.domain.participant import Role
from relay.domain.pool import Geo, NumberStatus, Pool
from relay.domain.purchase import JobKind, JobStatus, Purchase
from relay.domain.registration import Registered, Registration
from relay.domain.reputation import Complaint
from relay.domain.routing import RouteState
from relay.domain.session import ClosedReason
from relay.store.api_keys import ApiKeys
from relay.store.boards import BoardRegistry
from relay.store.claims import Claimed, Given, Held, OtherPhone, Outdated
from relay.store.idempotency import Answered, Begun, Idempotency
from relay.store.keys import DeploymentKeys
from relay.store.number_map import NumberMap
from relay.store.phone_changes import Changed
from relay.store.rate_limits import RateLimits
from relay.store.send_rate import SendRate
from relay.store.suppressions import Suppressions
from tests.architecture.test_scripts import SCRIPTS
from tests.board import Board, number, person, take_out
from tests.fake_redis import real_redis
from tests.key_ring import NEXT_SIGNER, SIGNER, marks_of
from tests.store.test_messages import Texts, add_notice, tell_counterpart
from tests.strict_scripts import StrictScripts, run_strictly, strict_store
from tests.world import NOW, NUMBER, Pair

pytestmark = pytest.mark.real_redis


class StrictBoard(Board):
    """A board whose every script runs as a user who may touch its declared keys and no other."""

    def __init__(self, client: redis.Redis) -> None:
        self.scripts = StrictScripts(client)
        super().__init__(client, strict_store(client, self.scripts))


@pytest.fixture
def new_board(real_redis_url: str) -> Iterator[Callable[[], StrictBoard]]:
    with real_redis(real_redis_url) as client:

        def made() -> StrictBoard:
            client.flushall()
            return StrictBoard(client)

        yield made
        client.execute_command("ACL", "DELUSER", "strict")


def test_the_check_itself_notices_an_undeclared_key(new_board: Callable[[], StrictBoard]) -> None:
    scripts = new_board().scripts
    scripts.run_text('return redis.call("GET", "{main}/us:x")', ["{main}/us:x"], [])
    # Redis: "can't access at least one of the keys"; Valkey: "No permissions to access a key".
    with pytest.raises(redis.exceptions.RedisError, match=r"access .*\bkeys?\b"):
        scripts.run_text('return redis.call("GET", "{main}/us:y")', ["{main}/us:x"], [])


def a_sessions_whole_life(strict: StrictBoard) -> None:
    strict.register_recruiter("rita", "r")
    strict.register_candidate("carl", "c")
    session = strict.open("rita", "carl")
    strict.open("rita", "carl")
    strict.store.sessions.amend(session.id, now=strict.now, stamped_context="Cook")
    strict.call("r", number(0), sid="CA1")
    strict.store.calls.advance(
        "us.CA1", taken("CA2"), now=strict.now, virtual_number=number(0), charges={Unit.SPEECH: 1}
    )
    strict.call("r", number(0), sid="CA3")
    strict.refuse_call("r", number(0), sid="CA3")
    for _ in range(3):
        silent = strict.call("x", number(0)).state
    assert silent is RouteState.SILENT_STRANGER
    assert strict.enter_code("x", number(0), session.access_code).state is RouteState.CONNECT
    strict.close(session, ClosedReason.BLOCKED)
    strict.open("rita", "carl", ttl=5)
    for _ in range(6):
        strict.wait(1000)
    assert strict.is_empty()


def people_who_come_with_a_session(strict: StrictBoard) -> None:
    pair = (person(Role.RECRUITER, "rita", "r"), person(Role.CANDIDATE, "carl", "c"))
    both = tuple(Given(each, seen=()) for each in pair)
    assert isinstance(strict.claim(pair, given=both), Claimed)
    assert isinstance(strict.claim(pair, given=both), Outdated)
    elsewhere = person(Role.CANDIDATE, "carl", "d")
    moving = (Given(elsewhere, seen=("c",)),)
    assert strict.claim((pair[0], elsewhere), given=moving) == OtherPhone(Role.CANDIDATE)
    other = person(Role.CANDIDATE, "dan", "c")
    taking = (Given(other, seen=()),)
    assert strict.claim((pair[0], other), given=taking) == Held()
    assert strict.claim((pair[0], other), given=taking, take_over=True) == OtherPhone(
        Role.CANDIDATE
    )
    assert strict.store.people.get(Role.CANDIDATE, "dan") is None


def a_numbers_whole_life(strict: StrictBoard) -> None:
    strict.store.numbers.set_status(number(0), "us", NumberStatus.DRAINING)
    assert take_out(strict.store, number(0)) == "removed"
    strict.add_number(0)
    strict.store.pools.put(Pool(name="more", country="US"))
    assert strict.store.pools.delete("more")


def a_purchase_and_a_release(strict: StrictBoard) -> None:
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


def phone_changes(strict: StrictBoard) -> None:
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
    strict.store.people.refresh_party(Role.RECRUITER, "rita")
    strict.audit()


def a_lost_number(strict: StrictBoard) -> None:
    strict.put(geo=Geo.AREA_CODE, max_sessions_per_number=5)
    strict.register_candidate("carl")
    for place, ref in enumerate(("rita", "nora", "quinn")):
        strict.register_recruiter(ref)
        strict.open(ref, "carl")
        strict.store.numbers.set_status(number(place), "us", NumberStatus.RELEASED)
    strict.add_number(3)
    for place, moved, closed in ((0, 1, 0), (1, 0, 1)):
        lost = strict.store.lost_numbers
        left = lost.leave(
            number(place),
            strict.pool,
            lost.open_sessions_on(number(place)),
            now=strict.now,
            retention=1000,
        )
        assert (len(left.renumbered), len(left.closed)) == (moved, closed)
    strict.audit()


def people(strict: StrictBoard) -> None:
    strict.register_candidate("carl", "c")
    strict.register_candidate("dan", "d")
    people = strict.store.people
    person_now = person(Role.CANDIDATE, "carl", "c")
    people.reindex(person_now, known=person_now)
    assert people.amend(replace(person_now, sealed_phone="k1:else"), known=person_now, now=NOW)
    strict.client.set(strict.store.keys.guesses_by("context", "a-key"), 1_000_000)
    with pytest.raises(RateLimited):
        people.count_compared(Role.CANDIDATE, "carl", "a-hash", client="a-key")
    people.count_compared(Role.CANDIDATE, "carl", "a-hash", client="another-key")
    strict.store.suppressions.stop(["c"], number(0), since=1, cause="us.SM1")
    strict.store.suppressions.carry_over(["new", "c"])
    in_service = Suppressions(
        strict.client, people._scripts, strict.store.keys, strict.store.number_map, ("MG1",)
    )
    in_service.stop(["c"], number(0), since=2, cause="us.SM2")
    in_service.carry_over(["new", "c"])
    assert in_service.is_stopped(["new"], number(1))
    in_service.note_refused(["c"], number(0), attempted_at=3, cause="us.SM3")
    in_service.lift(["c", "new"], number(0), said_until=4)
    in_service.note_taken(["c", "new"], number(0), said_until=5)
    strict.register_recruiter("rita", "r")
    strict.open("rita", "carl")
    strict.open("rita", "dan")
    assert strict.change(Role.CANDIDATE, "dan", "c", take_over=True) == Changed(1, "carl")
    assert strict.erase(Role.CANDIDATE, "dan")
    assert people.get(Role.CANDIDATE, "dan") is None


def a_texts_whole_life(strict: StrictBoard) -> None:
    strict.client.flushall()
    rate = SendRate(strict.client, 1)
    run_strictly(rate, strict.scripts)
    assert rate.seconds_until_next("AC1", now=NOW) == 0
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
    kept = texts.accepted()
    (texts_left,) = strict.store.resealing.texts_not_under("k2")
    (text,) = [each for each in texts_left if each.message == kept]
    assert strict.store.resealing.replace_text(text, "k2:sealed", now=NOW)
    assert strict.store.erasures.erase(Role.CANDIDATE, texts.pair.session.candidate.ref, now=NOW)
    assert not list(strict.client.scan_iter(strict.store.keys.body("*")))


def outcomes_of_texts(strict: StrictBoard) -> None:
    strict.client.flushall()
    texts = Texts(Pair(strict.client, strict.store))
    for token, code in (("t1", 30006), ("t2", 30034), ("t3", 30007), ("t4", 30007)):
        message = texts.accepted(text=token)
        texts.begin(message, token)
        texts.confirm(message, token, f"SM{token}")
        texts.report(message, MessageStatus.UNDELIVERED, 5, attempt=token, code=code)
    counting = texts.telling().more_id
    later = NOW + 7 * 3600
    texts.begin(texts.telling().id, "t5", later)
    texts.confirm(texts.telling().id, "t5", "SMt5", later)
    texts.begin(counting, "t5", later)
    arrived = texts.accepted(text="arrives")
    texts.begin(arrived, "t6", NOW + 1)
    texts.report(arrived, MessageStatus.DELIVERED, 6, attempt="t6")
    strict.store.numbers.trust_texts(NUMBER, "us")
    waiting = Registered(registration=Registration.NO_SERVICE, service="", must_wait=True)
    strict.store.numbers.note_registration(NUMBER, "us", waiting, now=NOW)
    assert not strict.store.numbers.trust_texts(NUMBER, "us")


def number_stats(strict: StrictBoard) -> None:
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
    charges = strict.store.pools.charges
    charges.count_once("us", {Unit.SMS_IN: 1}, marks=marks_of("SM1"), now=strict.now)
    assert charges.total("us") == {Unit.SMS_IN: 1}


def a_request_with_a_key(strict: StrictBoard) -> None:
    idempotency = Idempotency(strict.client, strict.store.keys, SIGNER)
    run_strictly(idempotency, strict.scripts)
    begun = idempotency.begin("request", "body", now=strict.now)
    assert isinstance(begun, Begun)
    idempotency.keep("request", "body", begun.token, Answered(201, "{}"))
    assert idempotency.begin("request", "body", now=strict.now) == Answered(201, "{}")
    for keys in (strict.store.keys, DeploymentKeys()):
        limits = RateLimits(strict.client, keys)
        run_strictly(limits, strict.scripts)
        assert limits.hit(RateLimitItemPerMinute(1), "key") is None
        assert limits.hit(RateLimitItemPerMinute(1), "key") == 60


def texts_at_a_rate(strict: StrictBoard) -> None:
    rate = SendRate(strict.client, 1)
    run_strictly(rate, strict.scripts)
    assert rate.seconds_until_next("AC1", now=strict.now) == 0
    assert rate.seconds_until_next("AC1", now=strict.now) > 0


def a_rotation(strict: StrictBoard) -> None:
    client, deployment = strict.client, DeploymentKeys()
    BoardRegistry(client, SIGNER).put(JobBoard(name="second", spoken_name="Second Jobs"))
    NumberMap(client, SIGNER).enter(number(0), NumberPlace("main", "us"))
    for keys in (strict.store.keys, deployment):
        ApiKeys(client, keys, SIGNER).create("a-key", [Scope.METRICS], now=strict.now)
    for records in (
        BoardRegistry(client, NEXT_SIGNER),
        NumberMap(client, NEXT_SIGNER),
        ApiKeys(client, strict.store.keys, NEXT_SIGNER),
        ApiKeys(client, deployment, NEXT_SIGNER),
    ):
        run_strictly(records, strict.scripts)
        records.sign_anew()
    strict.register_recruiter("rita", "r")
    strict.register_candidate("carl", "c")
    session = strict.open("rita", "carl")
    assert strict.store.resealing.move_bindings("r", "r-anew")
    assert strict.call("r-anew", number(0)).state is RouteState.CONNECT
    record = client.hget(strict.store.keys.sessions, session.id)
    strict.store.resealing.replace_session(session.id, seen=record, record=record)


LIVES = (
    a_sessions_whole_life,
    people_who_come_with_a_session,
    a_numbers_whole_life,
    a_purchase_and_a_release,
    phone_changes,
    a_lost_number,
    people,
    a_texts_whole_life,
    outcomes_of_texts,
    number_stats,
    a_request_with_a_key,
    texts_at_a_rate,
    a_rotation,
)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_scripts_touch_only_declared_keys(
    life: Callable[[StrictBoard], None], new_board: Callable[[], StrictBoard]
) -> None:
    life(new_board())


def test_every_script_is_led_through(new_board: Callable[[], StrictBoard]) -> None:
    ran = set()
    for life in LIVES:
        board = new_board()
        life(board)
        ran |= board.scripts.ran
    assert ran == set(SCRIPTS)
