"""The carrier's list against the pools, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from relay.carrier.codes import TEXTS_LOST_IN_SERVICE
from relay.domain.board import CarrierAccount
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.number_comparison import Comparison, Discrepancy
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus
from relay.domain.purchase import CERTAIN_AFTER
from relay.domain.session import ClosedReason, Session
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from relay.store.alarms import Alarm
from relay.store.keys import PoolKeys
from relay.store.purchases import LEASE
from relay.workflows.buy_numbers import Later, buy_numbers
from relay.workflows.import_number import import_number
from relay.workflows.reconcile_numbers import compare_numbers, reconcile_numbers
from relay.workflows.recycle import recycle
from relay.workflows.release_numbers import release_numbers
from relay.workflows.services import Services
from relay.workflows.take_number_in import add_to_pool
from tests.key_ring import move_number
from tests.workflows.buying import SID, TOKEN, Killed, Market
from tests.world import NOW, NUMBER, OTHER_NUMBER, signer


@pytest.fixture
def simulated() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as carrier:
        yield carrier


@pytest.fixture
def market(simulated: SimulatedCarrier) -> Market:
    made = Market(simulated)
    import_number(made.services, NUMBER, "us", now=made.now)
    return made


def compare(market: Market, *, fix: bool = True) -> Comparison:
    return compare_numbers([market.services], clock=market.clock, fix=fix)


def kinds(market: Market, **options: Any) -> list[tuple[Discrepancy, str, bool]]:
    found = compare(market, **options).findings
    return [(finding.kind, finding.number, finding.is_repaired) for finding in found]


def test_where_all_is_well_nothing_is_found_and_that_is_on_record(market: Market) -> None:
    assert market.store.comparisons.last(SID) is None
    comparison = compare(market)
    assert comparison.findings == ()
    assert comparison.rented == 1
    assert market.store.comparisons.last(SID) == comparison


def test_webhooks_that_point_elsewhere_are_pointed_here(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    owned.voice_url = "https://another.example.com/"

    assert kinds(market, fix=False) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, False)]
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]
    assert kinds(market) == []
    owned.trunk_sid = "TK" + "1" * 32
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]
    assert (
        market.store.comparisons.last(SID).count(Discrepancy.POINTS_ELSEWHERE, is_repaired=True)
        == 1
    )


def test_a_repair_that_fails_says_why_and_is_tried_again(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    owned.sms_url = ""

    def refuse(name: str) -> None:
        if name == "point_here":
            market.carrier.before = lambda _: None
            market.simulated.faults.rest.next(status=429)

    market.carrier.before = refuse
    (finding,) = compare(market).findings
    assert (finding.is_repaired, finding.error) == (False, 20429)
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]


def test_repairs_end_after_a_while_and_go_on_next_time(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    owned.sms_url = ""

    reads = iter([market.now, market.now + 61, market.now + 61])
    found = reconcile_numbers([market.services], clock=lambda: next(reads))
    assert found is not None
    assert [finding.is_repaired for finding in found.findings] == [False]
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]


# --- lost numbers -------------------------------------------------------------------------


def lose(market: Market, number: str = NUMBER) -> None:
    """As when the carrier takes it back, or somebody releases it by hand."""
    owned = market.simulated.account.number(number)
    assert owned is not None
    market.simulated.account.remove_number(owned)


@pytest.fixture
def two_numbers(market: Market) -> Market:
    """Rita and Carl have a session on the first of two."""
    market.simulated.add_number(OTHER_NUMBER)
    import_number(market.services, OTHER_NUMBER, "us", now=market.now)
    assert market.world.open().virtual_number == NUMBER
    return market


def session_of_carl(market: Market) -> Session:
    found = market.store.sessions.of_participant(Role.CANDIDATE, "carl")
    (session,) = [one for one in found if one.closed_reason is not ClosedReason.RENUMBERED]
    return session


def test_the_sessions_on_a_lost_number_go_on_by_another_one(two_numbers: Market) -> None:
    lose(two_numbers)
    assert kinds(two_numbers, fix=False) == [(Discrepancy.MISSING, NUMBER, False)]
    assert two_numbers.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE

    assert kinds(two_numbers) == [(Discrepancy.MISSING, NUMBER, True)]

    assert two_numbers.store.numbers.get(NUMBER).status is NumberStatus.RELEASED
    session = session_of_carl(two_numbers)
    assert (session.virtual_number, session.is_live(NOW)) == (OTHER_NUMBER, True)
    assert len(two_numbers.world.jobs.sent) == 2
    # Nothing is left to do; it leaves the pool when all has cooled, and is not ours to release.
    assert kinds(two_numbers) == []
    two_numbers.now += 91 * DAY
    recycle(two_numbers.services, now=two_numbers.now)
    assert kinds(two_numbers) == []
    assert two_numbers.pool() == {OTHER_NUMBER}
    assert release_numbers(two_numbers.services, clock=two_numbers.clock) == 1
    assert two_numbers.is_settled()


def test_a_lost_number_that_is_back_after_it_has_left_its_pool_is_not_given_back(
    two_numbers: Market,
) -> None:
    owned = two_numbers.simulated.account.number(NUMBER)
    lose(two_numbers)
    compare(two_numbers)
    two_numbers.now += 91 * DAY
    recycle(two_numbers.services, now=two_numbers.now)
    compare(two_numbers)
    assert two_numbers.pool() == {OTHER_NUMBER}
    # The same rental: the carrier's lists have lagged.
    two_numbers.simulated.account.numbers[owned.sid] = owned
    release_numbers(two_numbers.services, clock=two_numbers.clock)
    assert two_numbers.simulated.account.number(NUMBER) is owned
    assert two_numbers.is_settled()
    assert kinds(two_numbers) == [(Discrepancy.FOREIGN, NUMBER, False)]


def test_no_session_goes_from_one_lost_number_to_another(two_numbers: Market) -> None:
    third = "+14155550194"
    two_numbers.simulated.add_number(third)
    import_number(two_numbers.services, third, "us", now=two_numbers.now)
    for number in (NUMBER, OTHER_NUMBER):
        lose(two_numbers, number)

    compare(two_numbers)

    assert session_of_carl(two_numbers).virtual_number == third
    assert len(two_numbers.world.jobs.sent) == 2


def test_what_no_turn_was_left_for_is_done_next_time(two_numbers: Market) -> None:
    lose(two_numbers)
    set_status = two_numbers.store.numbers.set_status

    def take_long(*args: Any, **options: Any) -> bool:
        two_numbers.now += 61
        return bool(set_status(*args, **options))

    two_numbers.store.numbers.set_status = take_long
    assert kinds(two_numbers) == [(Discrepancy.MISSING, NUMBER, False)]
    assert session_of_carl(two_numbers).virtual_number == NUMBER
    assert kinds(two_numbers) == [(Discrepancy.MISSING, NUMBER, True)]
    assert session_of_carl(two_numbers).virtual_number == OTHER_NUMBER


def test_an_operator_who_changes_a_number_meanwhile_has_the_last_word(two_numbers: Market) -> None:
    lose(two_numbers)
    two_numbers.store.numbers.set_status = lambda *_, **__: False
    assert kinds(two_numbers) == []
    assert session_of_carl(two_numbers).virtual_number == NUMBER


def test_a_session_for_which_there_is_no_other_number_is_closed(two_numbers: Market) -> None:
    two_numbers.store.numbers.set_status(OTHER_NUMBER, "us", NumberStatus.RESERVED)
    lose(two_numbers)
    assert kinds(two_numbers) == [(Discrepancy.MISSING, NUMBER, True)]
    assert session_of_carl(two_numbers).closed_reason is ClosedReason.NUMBER_LOST


def test_a_list_that_lags_loses_nothing(two_numbers: Market) -> None:
    """The carrier finds the number by its sid."""
    numbers = two_numbers.carrier._numbers
    listed = [owned for owned in numbers.list_owned() if owned.number != NUMBER]
    numbers.list_owned = lambda: iter(listed)
    numbers.find_owned = lambda _: None
    assert kinds(two_numbers) == []
    numbers.find_by_sid = raise_busy
    assert kinds(two_numbers) == []
    assert session_of_carl(two_numbers).virtual_number == NUMBER


def test_an_account_that_knows_none_of_our_numbers_has_lost_none(two_numbers: Market) -> None:
    """It is looked at in another region, or is another one: nobody is renumbered, nor closed."""
    for number in (NUMBER, OTHER_NUMBER):
        lose(two_numbers, number)

    assert kinds(two_numbers) == [
        (Discrepancy.MISSING, NUMBER, True),
        (Discrepancy.MISSING, OTHER_NUMBER, True),
    ]

    assert two_numbers.store.numbers.get(NUMBER).status is NumberStatus.RESERVED
    assert session_of_carl(two_numbers).virtual_number == NUMBER
    assert {repaired for _, _, repaired in kinds(two_numbers)} == {False}


def find_again(market: Market) -> None:
    lose(market)
    compare(market)
    market.simulated.add_number(NUMBER)
    assert market.store.numbers.get(NUMBER).status is NumberStatus.RELEASED


def test_a_number_that_was_lost_and_is_back_is_kept_for_an_operator(two_numbers: Market) -> None:
    find_again(two_numbers)
    assert (Discrepancy.RETURNED, NUMBER, False) in kinds(two_numbers, fix=False)

    assert (Discrepancy.RETURNED, NUMBER, True) in kinds(two_numbers)

    assert kinds(two_numbers) == []
    assert two_numbers.store.numbers.get(NUMBER).status is NumberStatus.RESERVED
    assert two_numbers.store.numbers.set_status(NUMBER, "us", NumberStatus.AVAILABLE)
    # What they called before still cools there (P1).
    assert two_numbers.world.open("rita", "dan").code_needed


def test_a_number_that_is_back_is_imported_before_it_is_compared(two_numbers: Market) -> None:
    find_again(two_numbers)
    import_number(two_numbers.services, NUMBER, "us", now=two_numbers.now)
    assert two_numbers.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE
    assert kinds(two_numbers) == []


def test_a_number_that_is_back_is_never_given_back_for_having_been_lost(
    two_numbers: Market,
) -> None:
    find_again(two_numbers)
    two_numbers.now += 91 * DAY
    recycle(two_numbers.services, now=two_numbers.now)
    assert release_numbers(two_numbers.services, clock=two_numbers.clock) == 0
    compare(two_numbers)
    assert release_numbers(two_numbers.services, clock=two_numbers.clock) == 0
    assert two_numbers.pool() == {NUMBER, OTHER_NUMBER}
    assert two_numbers.simulated.account.number(NUMBER) is not None


def test_p9_a_planted_sid_takes_no_number_from_its_sessions(two_numbers: Market) -> None:
    record = PoolKeys("main", "us").number(NUMBER)
    two_numbers.store.client.hset(record, "carrier_sid", "PN" + "9" * 32)
    compare(two_numbers)
    assert session_of_carl(two_numbers).virtual_number == NUMBER


# --- other accounts -----------------------------------------------------------------------


def other_account(market: Market) -> Services:
    """Credentials of an account that rents none of our numbers, and whose list is empty."""
    market.carrier._numbers.list_owned = lambda: iter([])
    market.carrier._numbers.find_owned = lambda _: None
    market.carrier._numbers.release = lambda _: None  # "not found" is as good as released
    return replace(market.services, account=CarrierAccount(sid="AC" + "9" * 32, tokens=("t",)))


def test_credentials_of_another_account_take_no_number_from_service(market: Market) -> None:
    found = reconcile_numbers([other_account(market)], clock=market.clock)
    assert found is not None
    assert [(one.kind, one.number, one.is_repaired) for one in found.findings] == [
        (Discrepancy.OTHER_ACCOUNT, NUMBER, False)
    ]
    assert market.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE


def test_credentials_of_another_account_release_and_settle_nothing(market: Market) -> None:
    job = market.order()
    market.carrier.dies_at, market.carrier.after = len(market.carrier.asked) + 2, True
    with pytest.raises(Killed):
        market.work(job)
    market.store.numbers.set_status(NUMBER, "us", NumberStatus.DRAINING)
    carrier = vars(market.carrier._numbers).copy()
    wrong = other_account(market)
    market.now += CERTAIN_AFTER + LEASE
    assert release_numbers(wrong, clock=market.clock) == 0
    assert isinstance(buy_numbers(wrong, job.id, clock=market.clock), Later)
    assert list(market.store.numbers.releasing("us")) == [NUMBER]
    assert len(market.store.purchases.intents("us")) == 1

    vars(market.carrier._numbers).clear()
    vars(market.carrier._numbers).update(carrier)
    assert release_numbers(market.services, clock=market.clock) == 1
    assert len(market.finish(job).bought) == 1
    assert market.owned() == market.pool()


def test_a_number_that_was_rented_anew_is_released_by_its_new_rental(market: Market) -> None:
    owned = market.simulated.account.number(NUMBER)
    assert owned is not None
    market.simulated.account.remove_number(owned)
    market.simulated.add_number(NUMBER)
    assert (Discrepancy.RENTED_ANEW, NUMBER, True) in kinds(market)
    assert kinds(market) == []
    market.store.numbers.set_status(NUMBER, "us", NumberStatus.DRAINING)
    assert release_numbers(market.services, clock=market.clock) == 1
    assert market.owned() == set()


def test_a_number_that_moved_to_the_account_of_now_is_ours_again(market: Market) -> None:
    owned = market.carrier.find_owned(NUMBER)
    market.store.numbers.add(
        NUMBER, "us", carrier_sid=owned.sid, capabilities="vsm", now=NOW, account="AC" + "9" * 32
    )
    assert kinds(market) == [(Discrepancy.RENTED_ANEW, NUMBER, True)]
    assert kinds(market) == []
    assert market.store.numbers.get(NUMBER).account == SID


def test_p9_a_number_that_was_planted_in_a_pool_is_not_pointed_here(market: Market) -> None:
    """It is a hotline of the same account, and has nothing to do with us."""
    hotline = market.simulated.add_number(OTHER_NUMBER)
    hotline.voice_url = "https://hotline.example.com/"
    keys, client = PoolKeys("main", "us"), market.store.client
    client.hset(keys.numbers, OTHER_NUMBER, 7)
    client.hset(keys.ordinals, 7, OTHER_NUMBER)
    planted = client.hgetall(keys.number(NUMBER)) | {"ordinal": "7", "carrier_sid": "PNwrong"}
    client.hset(keys.number(OTHER_NUMBER), mapping=planted)

    compare(market)

    assert hotline.voice_url == "https://hotline.example.com/"
    assert market.store.number_map.look_again(OTHER_NUMBER) is None
    assert market.store.alarms.of(Alarm)[Alarm.NUMBER] == 1


def test_who_has_no_time_left_misses_nobody(market: Market) -> None:
    market.carrier._numbers.list_owned = lambda: iter([])

    def take_time(name: str) -> None:
        market.now += 61 if name == "list_owned" else 0

    market.carrier.before = take_time
    asked = len(market.carrier.asked)
    assert kinds(market) == []
    assert market.carrier.asked[asked:] == ["list_owned", "all"]  # and the services, for all


def test_a_number_that_came_since_the_list_was_made_is_not_missing(market: Market) -> None:
    market.carrier._numbers.list_owned = lambda: iter([])
    assert kinds(market) == []

    market.carrier._numbers.find_owned = raise_busy
    assert kinds(market) == []
    assert market.store.numbers.get(NUMBER).status is NumberStatus.AVAILABLE


def raise_busy(*_: object, **__: object) -> None:
    raise CarrierError(Trouble.LATER, 20429)


def test_a_carrier_without_a_list_is_asked_next_time(market: Market) -> None:
    market.carrier._numbers.list_owned = raise_busy
    assert reconcile_numbers([market.services], clock=market.clock) is None


def test_a_number_of_somebody_elses_is_reported_and_left_alone(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    assert kinds(market) == [(Discrepancy.FOREIGN, OTHER_NUMBER, False)]
    assert OTHER_NUMBER in market.owned()
    assert not Discrepancy.FOREIGN.is_trouble


def test_a_number_that_a_pool_bought_and_nobody_uses_is_reported_and_never_released(
    market: Market,
) -> None:
    market.simulated.add_number(OTHER_NUMBER).friendly_name = "relay:main:us"
    assert kinds(market) == [(Discrepancy.UNUSED, OTHER_NUMBER, False)]
    assert OTHER_NUMBER in market.owned()


def test_a_number_that_went_since_the_list_was_made_is_not_unused(market: Market) -> None:
    number = market.simulated.add_number(OTHER_NUMBER)
    number.friendly_name = "relay:main:us"
    listed = list(market.carrier._numbers.list_owned())
    market.carrier._numbers.list_owned = lambda: iter(listed)
    market.simulated.account.remove_number(number)
    assert kinds(market) == []


def test_a_number_outside_the_messaging_service_joins_it(simulated: SimulatedCarrier) -> None:
    service = simulated.add_service(use_inbound_webhook_on_number=True)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=service.sid)
    import_number(market.services, NUMBER, "us", now=market.now)
    owned = simulated.account.number(NUMBER)
    assert owned is not None
    assert owned.service_sid == service.sid
    simulated.account.leave_service(owned)

    simulated.faults.rest.next(status=429, method="POST", path_contains="/Services/")
    (finding,) = compare(market).findings
    assert (finding.kind, finding.error) == (Discrepancy.NOT_JOINED, 20429)
    assert kinds(market) == [(Discrepancy.NOT_JOINED, NUMBER, True)]
    assert kinds(market) == []


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_service_that_is_wrong_keeps_no_number_out_of_the_next_one(
    simulated: SimulatedCarrier, is_removed: bool
) -> None:
    """It is none of the account's (any more), or would lose the number's texts."""
    wrong = simulated.add_service(use_inbound_webhook_on_number=False)
    good = simulated.add_service(use_inbound_webhook_on_number=True)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=f"{wrong.sid},{good.sid}")
    simulated.add_number(NUMBER)
    add_to_pool(
        market.services, market.services.carrier.numbers.find_owned(NUMBER), "us", now=market.now
    )
    if is_removed:
        del simulated.account.services[wrong.sid]

    found = kinds(market)

    assert (Discrepancy.NOT_JOINED, NUMBER, True) in found
    owned = simulated.account.number(NUMBER)
    assert owned is not None
    assert owned.service_sid == good.sid
    assert kinds(market) == []


def test_a_service_that_refuses_a_number_that_no_other_takes_is_told(
    simulated: SimulatedCarrier,
) -> None:
    wrong = simulated.add_service(use_inbound_webhook_on_number=False)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=wrong.sid)
    simulated.add_number(NUMBER)
    add_to_pool(
        market.services, market.services.carrier.numbers.find_owned(NUMBER), "us", now=market.now
    )
    told = [one for one in compare(market).findings if one.kind is Discrepancy.NOT_JOINED]
    assert [(one.is_repaired, one.error) for one in told] == [(False, TEXTS_LOST_IN_SERVICE)]


def test_services_that_do_not_answer_keep_no_number_from_being_compared(
    simulated: SimulatedCarrier,
) -> None:
    service = simulated.add_service(use_inbound_webhook_on_number=True)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=service.sid)
    import_number(market.services, NUMBER, "us", now=market.now)
    owned = simulated.account.number(NUMBER)
    assert owned is not None
    owned.voice_url = "https://another.example.com/"
    simulated.faults.rest.next(status=503, path_contains="/Services/")
    assert kinds(market) == [(Discrepancy.POINTS_ELSEWHERE, NUMBER, True)]


def test_a_pool_that_is_away_is_left_out(market: Market) -> None:
    market.policy("zz")
    of_pool, get = market.store.numbers.of_pool, market.store.numbers.get
    market.simulated.add_number(OTHER_NUMBER)

    def away(pool: str) -> object:
        if pool == "us":
            raise Unavailable("away")
        return of_pool(pool)

    def unreadable(number: str) -> object:
        if number == NUMBER:
            raise Unavailable("away")
        return get(number)

    market.store.numbers.of_pool, market.store.numbers.get = away, unreadable
    with capture_logs() as events:
        assert kinds(market) == [(Discrepancy.FOREIGN, OTHER_NUMBER, False)]
    passed_over = [one for one in events if one["event"].startswith("passed over")]
    assert [(one.get("pool"), one.get("owned_number")) for one in passed_over] == [
        ("us", None),
        (None, NUMBER),
        ("us", None),
    ]
    assert {one["step"] for one in passed_over[:2]} == {"compare"}


def test_what_differs_is_in_the_log_with_all_that_is_known_of_it(market: Market) -> None:
    market.simulated.account.number(NUMBER).sms_url = ""  # type: ignore[union-attr]
    with capture_logs() as events:
        compare(market, fix=False)
    (told,) = (one for one in events if one["log_level"] == "warning")
    known = {name: told[name] for name in ("kind", "owned_number", "board", "pool", "repaired")}
    assert known == {
        "kind": Discrepancy.POINTS_ELSEWHERE,
        "owned_number": NUMBER,
        "board": "main",
        "pool": "us",
        "repaired": False,
    }


# --- several boards ---------------------------------------------------------------------


def test_a_number_bought_for_a_board_that_is_not_compared_is_told_as_its(market: Market) -> None:
    """The board is no more, or uses another account by now."""
    bought = market.simulated.add_number(OTHER_NUMBER)
    bought.friendly_name = "relay:second:de"

    (finding,) = compare(market).findings

    assert (finding.kind, finding.number) == (Discrepancy.UNUSED, OTHER_NUMBER)
    assert (finding.board, finding.pool, finding.is_repaired) == ("second", "de", False)


def test_a_number_of_a_board_with_another_account_is_not_ours_to_compare(market: Market) -> None:
    market.simulated.add_number(OTHER_NUMBER)
    move_number(market.redis, OTHER_NUMBER, "second", "us", signer())
    assert compare(market).findings == ()
