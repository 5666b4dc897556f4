"""Numbers that US carriers do not know yet: found out, kept back, and under caps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from relay.domain.errors import Conflict, PoolExhausted
from relay.domain.pool import NumberStatus, VirtualNumber
from relay.domain.purchase import FailureCode
from relay.domain.registration import Registration, TextingRegistration
from relay.domain.session import Channel
from relay.sandbox import SimulatedCarrier
from relay.sandbox.records import OwnedNumber, Service
from relay.workflows.change_number import change_number
from relay.workflows.follow_registrations import follow_registrations
from relay.workflows.import_number import import_number
from relay.workflows.reconcile_numbers import compare_numbers, reconcile_numbers
from relay.workflows.rest_numbers import rest_numbers
from tests.workflows.buying import SID, TOKEN, Market
from tests.world import NUMBER, OTHER_NUMBER

REQUIRED, WARN = TextingRegistration.REQUIRED, TextingRegistration.WARN
TOLL_FREE, CANADIAN = "+18005550150", "+14165550150"


@pytest.fixture
def simulated() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as carrier:
        yield carrier
    assert carrier.crashes == []


def serving(simulated: SimulatedCarrier, *services: Service, **settings: str) -> Market:
    sids = ",".join(service.sid for service in services)
    market = Market(simulated, TWILIO_MESSAGING_SERVICE_SID=sids, **settings)
    market.policy(texting_registration=REQUIRED)
    return market


def service_of(simulated: SimulatedCarrier, status: str | None = None) -> Service:
    service = simulated.add_service(use_inbound_webhook_on_number=True)
    service.campaign_status = status
    return service


def owned_by(simulated: SimulatedCarrier, number: str) -> OwnedNumber:
    owned = simulated.account.number(number)
    assert owned is not None
    return owned


def follow(market: Market) -> None:
    follow_registrations([market.services], now=market.now)


def on_record(market: Market, number: str = NUMBER) -> VirtualNumber:
    found = market.store.numbers.get(number)
    assert found is not None
    return found


def test_a_number_that_cannot_text_needs_no_registration_and_is_in_no_service(
    simulated: SimulatedCarrier,
) -> None:
    market = serving(simulated, service_of(simulated, "VERIFIED"))
    owned_by(simulated, NUMBER).capabilities["sms"] = False
    import_number(market.services, NUMBER, "us", now=market.now)

    number = on_record(market)
    assert (number.registration, number.service) == (Registration.NOT_NEEDED, "")
    assert not number.waits_for_registration


def test_a_number_is_kept_back_until_its_campaign_is_verified(simulated: SimulatedCarrier) -> None:
    service = service_of(simulated, "IN_PROGRESS")
    market = serving(simulated, service)
    import_number(market.services, NUMBER, "us", now=market.now)

    number = on_record(market)
    assert (number.registration, number.service) == (Registration.NO_CAMPAIGN, service.sid)
    assert number.waits_for_registration
    assert not number.is_sms_ready

    service.campaign_status = "VERIFIED"
    with capture_logs() as events:
        follow(market)
    number = on_record(market)
    assert number.registration is Registration.REGISTERED
    assert number.is_sms_ready
    (told,) = events
    assert (told["virtual_number"], told["pool"]) == (NUMBER, "us")
    assert (told["registration"], told["waits"]) == (Registration.REGISTERED, False)

    service.campaign_status = "SUSPENDED"
    market = serving(simulated, service)  # another process, which has not asked yet
    import_number(market.services, NUMBER, "us", now=market.now)
    assert not on_record(market).is_sms_ready


def test_a_session_that_texts_gets_no_number_that_is_kept_back(
    simulated: SimulatedCarrier,
) -> None:
    market = serving(simulated)
    follow(market)

    assert on_record(market).registration is Registration.NO_SERVICE
    with pytest.raises(PoolExhausted, match="No available number can carry texts"):
        market.world.open()
    session = market.world.open(channels=frozenset({Channel.VOICE}))
    assert session.virtual_number == NUMBER


def test_with_warn_it_is_given_out_and_known_all_the_same(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    market.policy(texting_registration=WARN)
    follow(market)

    number = on_record(market)
    assert number.registration is Registration.NO_SERVICE
    assert number.is_sms_ready
    rest_numbers(market.services, now=market.now)
    stats = market.store.reputation.number_stats("us")
    assert stats["registration:no_service"] == 1
    assert not any(name.startswith("sms_trouble") for name in stats)


def test_a_change_of_the_policy_counts_with_the_next_look(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    market.policy(texting_registration=WARN)
    for policy, is_ready in ((WARN, True), (REQUIRED, False), (WARN, True)):
        market.policy(texting_registration=policy)
        reconcile_numbers([market.services], clock=market.clock)
        assert on_record(market).is_sms_ready is is_ready
        rest_numbers(market.services, now=market.now)
    market.policy(texting_registration=REQUIRED)
    compare_numbers([market.services], clock=market.clock, fix=False)
    assert on_record(market).is_sms_ready


def test_a_look_that_finds_nothing_new_writes_nothing(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    follow(market)
    before = on_record(market)
    market.now += 900
    follow(market)
    assert on_record(market) == before
    market.store.numbers.note_registration = None
    follow(market)


def test_while_the_carrier_does_not_tell_all_stays_as_it_is(simulated: SimulatedCarrier) -> None:
    service = service_of(simulated, "VERIFIED")
    market = serving(simulated, service)
    import_number(market.services, NUMBER, "us", now=market.now)
    simulated.faults.rest.next(status=503, path_contains="Services", times=9)
    follow(market)
    assert on_record(market).registration is Registration.REGISTERED


def test_a_list_without_any_of_the_boards_services_is_not_believed(
    simulated: SimulatedCarrier,
) -> None:
    """It is another account's, or another region's: STOPs to the service must go on to count."""
    market = serving(simulated, service_of(simulated, "VERIFIED"))
    import_number(market.services, NUMBER, "us", now=market.now)
    before = on_record(market)
    simulated.account.services.clear()
    follow(market)
    assert on_record(market) == before


def test_what_cannot_be_found_out_at_an_import_is_found_out_later(
    simulated: SimulatedCarrier,
) -> None:
    service = service_of(simulated, "VERIFIED")
    market = serving(simulated, service)
    simulated.faults.rest.next(status=503, path_contains="Usa2p")
    import_number(market.services, NUMBER, "us", now=market.now)
    assert on_record(market).registration is Registration.UNKNOWN
    assert not on_record(market).is_sms_ready
    follow(market)
    assert on_record(market).is_sms_ready


def test_a_number_in_a_service_that_nobody_told_us_of_is_found(
    simulated: SimulatedCarrier,
) -> None:
    market = serving(simulated)
    service = service_of(simulated, "VERIFIED")
    simulated.account.join(owned_by(simulated, NUMBER), service)
    follow(market)
    number = on_record(market)
    assert (number.registration, number.service) == (Registration.REGISTERED, service.sid)


def test_a_number_that_another_service_has_stays_there(simulated: SimulatedCarrier) -> None:
    other = service_of(simulated, "VERIFIED")
    market = serving(simulated, service_of(simulated))
    simulated.account.join(owned_by(simulated, NUMBER), other)
    import_number(market.services, NUMBER, "us", now=market.now)
    follow(market)
    assert on_record(market).service == other.sid


def test_toll_free_numbers_and_other_countries(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    for number in (TOLL_FREE, CANADIAN, OTHER_NUMBER):
        simulated.add_number(number, {"sms": number != OTHER_NUMBER})
        import_number(market.services, number, "us", now=market.now)
    assert on_record(market, TOLL_FREE).registration is Registration.NOT_VERIFIED
    assert on_record(market, CANADIAN).is_sms_ready
    assert on_record(market, OTHER_NUMBER).registration is Registration.NOT_NEEDED

    owned_by(simulated, TOLL_FREE).verification_status = "TWILIO_APPROVED"
    follow(market)
    assert on_record(market, TOLL_FREE).is_sms_ready
    assert on_record(market, OTHER_NUMBER).sms_trouble is None


def test_an_operator_cannot_make_a_number_ready_that_waits(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    follow(market)
    with pytest.raises(Conflict, match="in no messaging service"):
        change_number(market.services, NUMBER, NumberStatus.RESERVED, trusts_texts=True)
    assert not on_record(market).is_sms_ready
    assert on_record(market).status is NumberStatus.AVAILABLE


def test_numbers_of_another_account_and_pools_of_nobody_are_left_alone(
    simulated: SimulatedCarrier,
) -> None:
    market = serving(simulated)
    market.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN", capabilities="s", now=market.now, account="AC1"
    )
    market.policy("zz")
    market.redis.hset("{main}/zz:policy", "country", "DE")
    follow(market)
    assert on_record(market, OTHER_NUMBER).registration is Registration.UNKNOWN
    assert on_record(market).registration is Registration.NO_SERVICE


def test_a_damaged_pool_keeps_no_other_from_being_followed(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    market.policy("aa")
    market.redis.delete("{main}/aa:policy")
    market.redis.set("{main}/aa:policy", "damaged")
    with capture_logs() as events:
        follow(market)
    (passed_over,) = (event for event in events if event["event"].startswith("passed over"))
    assert (passed_over["pool"], passed_over["step"]) == ("aa", "registration")
    assert on_record(market).registration is Registration.NO_SERVICE


def test_without_numbers_that_text_the_carrier_is_not_asked(simulated: SimulatedCarrier) -> None:
    market = serving(simulated)
    market.store.numbers.retire(NUMBER, "us")
    simulated.rest_log.clear()
    follow(market)
    assert simulated.rest_log == []


# --- services and their caps ------------------------------------------------------------------


def test_services_are_filled_in_their_order(simulated: SimulatedCarrier) -> None:
    first, second = service_of(simulated, "VERIFIED"), service_of(simulated, "VERIFIED")
    market = serving(simulated, first, second, CAMPAIGN_NUMBERS="1")
    import_number(market.services, NUMBER, "us", now=market.now)
    (bought,) = market.buy().bought

    assert on_record(market).service == first.sid
    assert on_record(market, bought).service == second.sid
    assert on_record(market, bought).is_sms_ready

    # Whatever has room by now, a number stays where it is.
    simulated.account.leave_service(owned_by(simulated, NUMBER))
    import_number(market.services, bought, "us", now=market.now)
    assert on_record(market, bought).service == second.sid


def test_a_number_that_is_in_a_full_service_already_can_be_imported(
    simulated: SimulatedCarrier,
) -> None:
    service = service_of(simulated, "VERIFIED")
    simulated.account.join(simulated.add_number(OTHER_NUMBER), service)
    market = serving(simulated, service, CAMPAIGN_NUMBERS="1")

    assert import_number(market.services, OTHER_NUMBER, "us", now=market.now).is_new
    assert on_record(market, OTHER_NUMBER).is_sms_ready


def test_us_numbers_beyond_the_caps_are_neither_bought_nor_imported(
    simulated: SimulatedCarrier,
) -> None:
    service = service_of(simulated, "VERIFIED")
    market = serving(simulated, service, CAMPAIGN_NUMBERS="1")
    import_number(market.services, NUMBER, "us", now=market.now)

    job = market.buy()
    assert [failure.code for failure in job.failures] == [FailureCode.SERVICES_FULL]
    assert market.owned() == {NUMBER}

    simulated.add_number(OTHER_NUMBER)
    with pytest.raises(Conflict, match="CAMPAIGN_NUMBERS") as refusal:
        import_number(market.services, OTHER_NUMBER, "us", now=market.now)
    assert refusal.value.code == "services_full"
    import_number(market.services, NUMBER, "us", now=market.now)
    for number in (TOLL_FREE, CANADIAN):
        simulated.add_number(number)
        assert import_number(market.services, number, "us", now=market.now).is_new


def test_a_number_of_another_country_does_without_a_service_that_is_full(
    simulated: SimulatedCarrier,
) -> None:
    service = service_of(simulated)
    market = serving(simulated, service, SERVICE_NUMBERS="1")
    import_number(market.services, NUMBER, "us", now=market.now)
    simulated.add_number(CANADIAN)
    import_number(market.services, CANADIAN, "us", now=market.now)
    assert len(service.number_sids) == 1
    assert on_record(market, CANADIAN).is_sms_ready


def test_a_service_that_the_carrier_calls_full_is_passed_over(
    simulated: SimulatedCarrier,
) -> None:
    first, second = service_of(simulated), service_of(simulated)
    simulated.faults.market.service_limit = 1
    market = serving(simulated, first, second)
    import_number(market.services, NUMBER, "us", now=market.now)
    simulated.add_number(OTHER_NUMBER)
    import_number(market.services, OTHER_NUMBER, "us", now=market.now)
    assert (len(first.number_sids), len(second.number_sids)) == (1, 1)


def test_a_number_that_joined_beyond_the_cap_is_kept_back(simulated: SimulatedCarrier) -> None:
    service = service_of(simulated, "VERIFIED")
    simulated.account.join(simulated.add_number(OTHER_NUMBER), service)
    simulated.advance(timedelta(minutes=1))
    market = serving(simulated, service, CAMPAIGN_NUMBERS="1")
    simulated.account.join(owned_by(simulated, NUMBER), service)
    follow(market)
    assert on_record(market).registration is Registration.BEYOND_CAMPAIGN
    assert not on_record(market).is_sms_ready
    rest_numbers(market.services, now=market.now)
    assert market.store.reputation.number_stats("us")["sms_trouble:unregistered"] == 1


def test_buying_waits_while_the_services_cannot_be_asked(simulated: SimulatedCarrier) -> None:
    market = serving(simulated, service_of(simulated, "VERIFIED"))
    simulated.faults.rest.next(status=503, path_contains="PhoneNumbers", method="GET")
    assert len(market.buy().bought) == 1
