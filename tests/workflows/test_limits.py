"""What runs away is stopped by the day's limits of its session, its person or its pool."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from relay.carrier.webhooks import DialReport, InboundCall
from relay.domain.guard import LONGEST_GUARD
from relay.domain.limits import DailyLimits
from relay.domain.notices import Notice
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.routing import AskAccessCode, Bridge, CallDecision, Decline, Refusal
from relay.store.store import Store
from relay.workflows.connect_call import LEASE_MARGIN, connect_call, take_code
from relay.workflows.record_call_progress import record_dial
from tests.workflows.texting import Stage, share_the_number
from tests.world import CARL, EVE, NORA, NOW, NUMBER, OTHER_NUMBER, RITA, World, make_world

REFUSED = Decline(refusal=Refusal.CALLS_OVER_LIMIT, locale="en")
USAGE = "{main}/us:usage"
#: Minutes that a call may last at most, ringing and the guard included.
LONGEST = math.ceil((25 + LONGEST_GUARD + 3_600 + LEASE_MARGIN) / 60)
#: Fifty minutes before midnight.
EVENING = (NOW // DAY + 1) * DAY - 3000


def limit(store: Store, **limits: int | None) -> None:
    pool = store.pools.get("us")
    assert pool is not None
    store.pools.put(replace(pool, limits=DailyLimits(**limits)))


# --- calls --------------------------------------------------------------------------------


class Line:
    """Rita has a session with Carl on NUMBER and one with Eve on OTHER_NUMBER; Nora has one with
    Eve on NUMBER."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.services.store
        self.store.numbers.add(OTHER_NUMBER, "us", carrier_sid="PN2", capabilities="vsm", now=NOW)
        self.calls = 0
        self.now = EVENING
        numbers = [
            world.open(*pair, now=self.now).virtual_number
            for pair in (("rita", "carl"), ("rita", "eve"), ("nora", "eve"))
        ]
        assert numbers == [NUMBER, OTHER_NUMBER, NUMBER]

    def call(self, caller: str = RITA, *, called: str = NUMBER, sid: str = "") -> CallDecision:
        self.calls += 1
        inbound = InboundCall(call_sid=sid or f"CA{self.calls}", caller=caller, called=called)
        return connect_call(self.world.services, inbound, now=self.now).decision

    def may_call(self, caller: str = RITA, *, called: str = NUMBER) -> bool:
        decision = self.call(caller, called=called)
        assert isinstance(decision, Bridge) or decision == REFUSED
        return isinstance(decision, Bridge)

    def end(self, call: int, status: str = "completed", seconds: int | None = None) -> None:
        """``seconds``: it was bridged, and lasted so long."""
        report = DialReport(
            call_sid=f"CA{call}",
            dial_status=status,
            bridged=seconds is not None,
            duration=seconds,
            leg_sid="CAleg",
        )
        record_dial(self.world.services, f"us.CA{call}", report, now=self.now)

    def counted(self, field: str) -> str | None:
        """Calls, minutes and texts."""
        return self.store.client.hget(USAGE, field)


@pytest.fixture
def line() -> Line:
    return Line(make_world())


def test_a_sessions_calls_count_whoever_of_the_two_makes_them(line: Line) -> None:
    limit(line.store, calls_per_session=2)
    assert [line.may_call(RITA), line.may_call(CARL)] == [True, True]
    assert [line.may_call(RITA), line.may_call(CARL)] == [False, False]
    assert line.may_call(RITA, called=OTHER_NUMBER)


def test_a_persons_calls_are_those_that_they_make(line: Line) -> None:
    limit(line.store, calls_per_person=1)
    assert line.may_call(RITA)
    assert not line.may_call(RITA, called=OTHER_NUMBER)
    assert line.may_call(CARL), "he has been called, and has called nobody"
    assert line.may_call(EVE, called=OTHER_NUMBER)
    assert not line.may_call(EVE), "to Nora"


def test_a_pools_calls_are_everybodys(line: Line) -> None:
    limit(line.store, calls_per_pool=2)
    assert [line.may_call(RITA), line.may_call(NORA)] == [True, True]
    assert [line.may_call(CARL), line.may_call(RITA, called=OTHER_NUMBER)] == [False, False]


def test_a_new_day_begins_at_midnight_of_utc(line: Line) -> None:
    limit(line.store, calls_per_session=1)
    assert line.may_call()
    line.now += 2_999
    assert not line.may_call()
    line.now += 1
    assert line.may_call()
    assert not line.may_call()
    assert line.counted("pool").startswith("1 ")
    assert 2 * DAY - 10 < line.store.client.ttl(USAGE) <= 2 * DAY
    line.now -= 1
    assert not line.may_call(), "a process whose clock is behind does not bring the old day back"


def test_a_repeated_webhook_counts_once(line: Line) -> None:
    limit(line.store, calls_per_session=1)
    assert isinstance(line.call(sid="CAx"), Bridge)
    assert isinstance(line.call(sid="CAx"), Bridge)
    assert line.counted("pool") == f"1 {LONGEST} 0"
    assert line.call(sid="CAy") == REFUSED
    again = line.call(sid="CAy")
    assert again == Decline(refusal=Refusal.CALL_AGAIN), "as every refused call that comes again"


def test_a_call_counts_what_it_may_last_until_it_is_over_and_then_what_it_has_lasted(
    line: Line,
) -> None:
    limit(line.store, minutes_per_session=3)
    assert line.may_call(CARL)
    assert not line.may_call(), "it may take an hour yet"
    for _ in range(2):
        line.end(1, seconds=61)
        assert line.counted("pool") == "1 2 0"
    assert line.may_call(CARL)
    line.end(3, "no-answer")
    assert line.counted("candidate:carl") == "2 2 0"
    assert line.may_call(CARL)
    line.end(4, seconds=1)
    assert line.counted("pool") == "3 3 0"
    assert not line.may_call()


def test_minutes_count_for_person_and_pool_too(line: Line) -> None:
    for scope in ("person", "pool"):
        limit(line.store, **{f"minutes_per_{scope}": 60})
        assert line.may_call(RITA)
        assert not line.may_call(RITA, called=OTHER_NUMBER)
        assert line.may_call(NORA) is (scope == "person")
        line.store.client.delete(USAGE)


def test_a_call_over_midnight_counts_on_the_day_it_began(line: Line) -> None:
    assert line.may_call(CARL)
    assert line.may_call(EVE)
    line.now += 3_600
    line.end(1, seconds=3_500)
    assert line.counted("pool") == f"2 {59 + LONGEST} 0"
    assert line.may_call(CARL)
    assert line.counted("pool") == f"1 {LONGEST} 0"
    line.end(2, seconds=30)
    assert line.counted("pool") == f"1 {LONGEST} 0", "that was yesterday's"


def test_a_call_that_is_not_trusted_is_not_counted(line: Line) -> None:
    line.store.client.hset("{main}:seals", "candidate:carl", "somebody else's")
    assert line.call() == Decline(refusal=Refusal.TRY_LATER, locale="en")
    assert line.counted("pool") == "0 0 0"


def test_a_refused_call_leaves_no_record_and_ops_learn_which_limit_it_was(line: Line) -> None:
    """The caller does not: every limit sounds the same (P2)."""
    for name in ("calls_per_session", "calls_per_person", "minutes_per_pool"):
        limit(line.store, **{name: 1})
        line.store.client.delete(USAGE)
        assert line.may_call()
        with capture_logs() as logs:
            assert line.call(sid=f"CA-{name}") == REFUSED
        assert [each["limit"] for each in logs if each["event"] == "call declined"] == [name]
        assert line.store.calls.get(f"us.CA-{name}") is None


def test_a_call_by_code_counts_too(line: Line) -> None:
    limit(line.store, calls_per_session=1)
    session = line.world.open(now=line.now)
    assert line.may_call()
    inbound = InboundCall(call_sid="CAx", caller="anonymous", called=NUMBER)
    assert isinstance(line.call("anonymous", sid="CAx"), AskAccessCode)
    for _ in range(2):
        entered = take_code(
            line.world.services,
            "us.CAx",
            inbound,
            code=session.access_code,
            attempt="1",
            now=line.now,
        )
        assert entered.decision == REFUSED


def test_no_limit_is_no_limit(line: Line) -> None:
    limit(line.store, **dict.fromkeys(vars(DailyLimits())))
    assert all(line.may_call() for _ in range(120))


# --- texts --------------------------------------------------------------------------------


@pytest.fixture
def stage() -> Stage:
    return Stage(now=EVENING)


def test_texts_beyond_a_sessions_limit_are_refused_and_their_sender_told_once_a_day(
    stage: Stage,
) -> None:
    limit(stage.store, texts_per_session=2)
    assert [stage.text(RITA).outcome, stage.text(CARL).outcome] == ["accepted", "accepted"]
    refused = stage.text(RITA, sid="SMx")
    assert (refused.outcome, refused.tell) == ("over_limit", Notice.TEXTS_OVER_LIMIT)
    assert stage.text(RITA, sid="SMx") == refused, "the carrier repeats it"
    assert [stage.text(RITA).tell, stage.text(CARL).tell] == [None, Notice.TEXTS_OVER_LIMIT]
    stage.now += 3_600
    assert [stage.text(RITA, "good morning").outcome for _ in range(2)] == ["accepted"] * 2
    assert stage.text(RITA).tell is Notice.TEXTS_OVER_LIMIT
    stage.work()
    assert len(stage.arrived) == 4


def test_a_persons_texts_and_the_pools_have_limits_too(stage: Stage) -> None:
    stage.pair.connect(RITA, EVE, now=stage.now - 60)
    limit(stage.store, texts_per_person=1)
    assert stage.text(RITA).outcome == "accepted"
    with capture_logs() as logs:
        assert stage.text(RITA, number=OTHER_NUMBER).outcome == "over_limit"
    assert logs[-1]["limit"] == "texts_per_person"
    assert stage.text(CARL).outcome == "accepted"
    limit(stage.store, texts_per_pool=2)
    assert stage.text(EVE, number=OTHER_NUMBER).outcome == "over_limit"


def test_only_what_is_taken_on_counts(stage: Stage) -> None:
    limit(stage.store, texts_per_person=2, calls_per_pool=1, minutes_per_pool=1)
    stage.text(RITA, sid="SMx")
    stage.text(RITA, sid="SMx")
    stage.text(RITA, "STOP")
    stage.text(RITA, "START")
    assert stage.text(RITA, "", media=1).outcome == "accepted"
    assert stage.client.hget(USAGE, "pool") == "0 0 2"
    assert stage.text(RITA, "", media=1).outcome == "over_limit"


def test_a_recruiter_of_several_reads_which_session_it_was(stage: Stage) -> None:
    session = share_the_number(stage)
    limit(stage.store, texts_per_pool=1)
    assert stage.text(CARL).outcome == "accepted"
    refused = stage.text(RITA, f"{session.access_code} hello")
    assert refused.accepted is not None
    assert refused.accepted.sender is Role.RECRUITER
    assert (refused.accepted.code, refused.accepted.limit) == (
        session.access_code,
        "texts_per_pool",
    )
