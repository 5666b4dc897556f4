"""The number market: stock that runs out, ages or goes to others, and what the rent comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from relay.sandbox import SimulatedCarrier
from relay.sandbox.rent import MONTHLY, Rental, RentLedger
from relay.sandbox.stock import AREAS, SERIES
from tests.sandbox.conftest import VIRTUAL

DAY = timedelta(days=1)
RENT = Decimal("1.15")


def offers(client: Client, area_code: int = 415, limit: int = 200, **wishes: bool) -> list[str]:
    found = client.available_phone_numbers("US").local.list(
        area_code=area_code, limit=limit, page_size=limit, **wishes
    )
    return [offer.phone_number for offer in found]


def code_of_buying(client: Client, **what: str) -> int:
    with pytest.raises(TwilioRestException) as refused:
        client.incoming_phone_numbers.create(**what)
    assert refused.value.status == 400
    code: int = refused.value.code
    return code


# --- what is on offer ---------------------------------------------------------------------


def test_every_area_has_fifty_numbers(client: Client) -> None:
    assert len(offers(client)) == 50
    assert offers(client)[0] == "+14155550150"
    assert offers(client, 999) == []


def test_the_stock_is_enough_for_a_large_pool(client: Client) -> None:
    found = client.available_phone_numbers("US").local.list(limit=1000, page_size=1000)
    assert len({offer.phone_number for offer in found}) == 1000
    assert sum(50 for one in SERIES if one.country == "US" and one.kind == "Local") >= 2500


def test_no_area_is_in_two_countries() -> None:
    codes = [code for areas in AREAS.values() for code in areas]
    assert len(codes) == len(set(codes))


def test_a_page_is_as_long_as_was_asked(client: Client) -> None:
    assert len(client.available_phone_numbers("US").local.list(page_size=7)) == 7
    assert len(client.available_phone_numbers("US").local.list()) == 50


def test_filters_leave_out_what_cannot(client: Client) -> None:
    british = client.available_phone_numbers("GB")
    assert british.local.list(sms_enabled=True) == []
    assert len(british.local.list(voice_enabled=True, limit=1)) == 1
    assert len(british.local.list(sms_enabled=False, limit=1)) == 1
    assert british.mobile.list(sms_enabled=True, mms_enabled=True) == []
    assert (
        client.available_phone_numbers("US")
        .local.list(in_region="NY", limit=1)[0]
        .phone_number.startswith("+1212")
    )


def test_numbers_that_need_an_address_can_be_left_out_and_not_bought_without(
    client: Client, carrier: SimulatedCarrier
) -> None:
    german = client.available_phone_numbers("DE").local
    offer = german.list(limit=1, exclude_foreign_address_required=True)[0]
    assert offer.address_requirements == "local"
    assert german.list(exclude_all_address_required=True) == []
    assert german.list(exclude_local_address_required=True) == []
    wanted = {
        "phone_number": offer.phone_number,
        "bundle_sid": carrier.account.add_bundle("DE").sid,
    }
    assert code_of_buying(client, **wanted) == 21615
    client.incoming_phone_numbers.create(**wanted, address_sid="AD" + "1" * 32)


def test_some_countries_sell_only_under_a_bundle_that_is_approved(
    client: Client, carrier: SimulatedCarrier
) -> None:
    """TW-bundles"""
    british = "+441632960001"
    assert code_of_buying(client, phone_number=british) == 21649
    other = carrier.account.add_bundle("DE")
    assert code_of_buying(client, phone_number=british, bundle_sid=other.sid) == 21649
    bundle = carrier.account.add_bundle("GB")
    bundle.status = "in-review"
    assert code_of_buying(client, phone_number=british, bundle_sid=bundle.sid) == 21649
    bundle.status = "twilio-approved"
    bought = client.incoming_phone_numbers.create(phone_number=british, bundle_sid=bundle.sid)
    assert bought.bundle_sid == bundle.sid


def test_a_number_with_an_emergency_address_is_not_taken_back(
    client: Client, carrier: SimulatedCarrier
) -> None:
    """TW-emergency"""
    address = "AD" + "1" * 32
    sid = client.incoming_phone_numbers.create(phone_number=VIRTUAL).sid
    number = client.incoming_phone_numbers(sid)
    assert number.update(emergency_address_sid=address).emergency_address_status == "registered"
    with pytest.raises(TwilioRestException):
        number.delete()
    dropped = number.update(emergency_address_sid="", emergency_status="Inactive")
    assert (dropped.emergency_address_sid, dropped.emergency_status) == (None, "Active")
    assert dropped.emergency_address_status == "pending-unregistration"
    with pytest.raises(TwilioRestException):
        number.delete()
    assert number.fetch().emergency_address_status == "pending-unregistration"
    assert number.fetch().emergency_address_status == "unregistered"
    number.delete()
    assert not carrier.account.numbers


def test_a_kind_can_be_missing_in_a_country(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.not_sold.add(("GB", "Local"))
    with pytest.raises(TwilioException) as missing:
        client.available_phone_numbers("GB").local.list()
    assert missing.value.args[1].status_code == 404
    assert client.available_phone_numbers("GB").mobile.list(limit=1)


# --- stock that runs out ------------------------------------------------------------------


def test_a_small_stock_is_sold_out_by_and_by(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.left = 2
    first, second = offers(client)
    client.incoming_phone_numbers.create(phone_number=first)
    assert offers(client) == [second]
    client.incoming_phone_numbers.create(area_code="415")
    assert offers(client) == []
    assert code_of_buying(client, phone_number="+14155550159") == 21422
    assert code_of_buying(client, area_code="415") == 21452
    carrier.faults.clear()
    assert len(offers(client)) == 48


def test_a_refused_purchase_takes_nothing_from_the_stock(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.faults.market.left = 1
    assert code_of_buying(client, phone_number=VIRTUAL, voice_url="nowhere") == 21402
    client.incoming_phone_numbers.create(phone_number=VIRTUAL)


def test_somebody_else_can_be_faster(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.snatch()
    assert code_of_buying(client, phone_number=VIRTUAL) == 21422
    assert VIRTUAL not in offers(client)
    assert code_of_buying(client, phone_number=VIRTUAL) == 21422
    client.incoming_phone_numbers.create(phone_number="+14155550193")


def test_numbers_can_belong_to_other_customers(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.sell_elsewhere(VIRTUAL)
    assert VIRTUAL not in offers(client)
    assert code_of_buying(client, phone_number=VIRTUAL) == 21422


def test_what_the_carrier_does_not_have_cannot_be_bought(client: Client) -> None:
    assert code_of_buying(client, phone_number="+19995550192") == 21422
    assert code_of_buying(client, area_code="999") == 21452
    assert code_of_buying(client, area_code="41") == 21451


def test_the_magic_numbers_of_a_purchase_are_sold(client: Client) -> None:
    assert client.incoming_phone_numbers.create(phone_number="+15005550006").sid
    assert client.incoming_phone_numbers.create(area_code="500").phone_number == "+15005550150"


def test_a_number_can_what_its_kind_can(client: Client, carrier: SimulatedCarrier) -> None:
    bundle = carrier.account.add_bundle("GB")
    bought = client.incoming_phone_numbers.create(
        phone_number="+441632960001", bundle_sid=bundle.sid
    )
    assert bought.capabilities == {"voice": True, "sms": False, "mms": False, "fax": False}


def test_a_list_can_lag_behind_a_purchase(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.list_lag = 60
    sid = client.incoming_phone_numbers.create(phone_number=VIRTUAL).sid
    assert client.incoming_phone_numbers.list() == []
    assert client.incoming_phone_numbers(sid).fetch().phone_number == VIRTUAL
    carrier.advance(timedelta(minutes=1))
    assert len(client.incoming_phone_numbers.list()) == 1


# --- giving back --------------------------------------------------------------------------


def test_a_number_that_was_given_back_ages_for_two_months(
    client: Client, carrier: SimulatedCarrier
) -> None:
    client.incoming_phone_numbers.create(phone_number=VIRTUAL).delete()
    carrier.advance(59 * DAY)
    assert VIRTUAL not in offers(client)
    assert code_of_buying(client, phone_number=VIRTUAL) == 21422
    carrier.advance(DAY)
    assert VIRTUAL in offers(client)
    client.incoming_phone_numbers.create(phone_number=VIRTUAL)


def test_it_may_age_for_as_long_as_a_test_likes(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.ageing = timedelta()
    client.incoming_phone_numbers.create(phone_number=VIRTUAL).delete()
    assert VIRTUAL in offers(client)


def test_who_gave_it_back_may_get_it_again_for_ten_days(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.faults.market.may_buy_back = True
    client.incoming_phone_numbers.create(phone_number=VIRTUAL).delete()
    carrier.advance(9 * DAY)
    assert VIRTUAL not in offers(client)
    client.incoming_phone_numbers.create(phone_number=VIRTUAL).delete()
    carrier.advance(10 * DAY)
    assert code_of_buying(client, phone_number=VIRTUAL) == 21422


def test_a_number_that_is_given_back_leaves_its_service(
    client: Client, carrier: SimulatedCarrier
) -> None:
    number = carrier.add_number(VIRTUAL)
    service = carrier.add_service(numbers=(number,))
    client.incoming_phone_numbers(number.sid).delete()
    assert service.number_sids == []
    assert client.messaging.v1.services(service.sid).phone_numbers.list() == []


def test_it_can_be_given_back_only_once(client: Client, carrier: SimulatedCarrier) -> None:
    number = carrier.add_number(VIRTUAL)
    client.incoming_phone_numbers(number.sid).delete()
    with pytest.raises(TwilioRestException) as refused:
        client.incoming_phone_numbers(number.sid).delete()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_a_service_holds_only_so_many(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.service_limit = 1
    first, second = carrier.add_number(VIRTUAL), carrier.add_number("+14155550193")
    service = carrier.add_service(numbers=(first,))
    with pytest.raises(TwilioRestException) as refused:
        client.messaging.v1.services(service.sid).phone_numbers.create(phone_number_sid=second.sid)
    assert (refused.value.status, refused.value.code) == (412, 21714)


def test_a_service_says_which_country_a_number_is_of(
    client: Client, carrier: SimulatedCarrier
) -> None:
    service = carrier.add_service(numbers=(carrier.add_number("+14165550192"),))
    [member] = client.messaging.v1.services(service.sid).phone_numbers.list()
    assert member.country_code == "CA"


# --- answers that are lost ----------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"lost_reply": True}, {"timeout": 0.0}])
def test_a_purchase_without_an_answer_may_have_been_made(
    client: Client, carrier: SimulatedCarrier, fault: dict[str, float]
) -> None:
    carrier.faults.rest.next(path_contains="IncomingPhoneNumbers", method="POST", **fault)  # type: ignore[arg-type]
    with pytest.raises(requests.ConnectionError):
        client.incoming_phone_numbers.create(phone_number=VIRTUAL)
    is_bought = carrier.account.number(VIRTUAL) is not None
    assert is_bought is ("lost_reply" in fault)
    assert carrier.account.rent.monthly(carrier.now) == (RENT if is_bought else 0)


def test_a_release_without_an_answer_may_have_been_made(
    client: Client, carrier: SimulatedCarrier
) -> None:
    number = carrier.add_number(VIRTUAL)
    carrier.faults.rest.next(lost_reply=True, method="DELETE")
    with pytest.raises(requests.ConnectionError):
        client.incoming_phone_numbers(number.sid).delete()
    assert carrier.account.numbers == {}


# --- rent ---------------------------------------------------------------------------------


def test_rent_is_charged_from_the_purchase_until_the_release(
    client: Client, carrier: SimulatedCarrier
) -> None:
    bought = client.incoming_phone_numbers.create(phone_number=VIRTUAL)
    rent = carrier.account.rent
    assert (rent.charged(carrier.now), rent.monthly(carrier.now)) == (RENT, RENT)
    carrier.advance(70 * DAY)
    assert rent.charged(carrier.now) == 3 * RENT
    bought.delete()
    carrier.advance(300 * DAY)
    assert (rent.charged(carrier.now), rent.monthly(carrier.now)) == (3 * RENT, 0)


def test_a_number_bought_again_is_rented_again(client: Client, carrier: SimulatedCarrier) -> None:
    carrier.faults.market.ageing = timedelta()
    for _ in range(2):
        client.incoming_phone_numbers.create(phone_number=VIRTUAL).delete()
    [first, second] = carrier.account.rent.rentals
    assert first.released_at is not None
    assert first.released_at <= second.bought_at
    assert carrier.account.rent.charged(carrier.now) == 2 * RENT


def test_a_toll_free_number_costs_more(carrier: SimulatedCarrier) -> None:
    carrier.add_number("+18005550192")
    assert carrier.account.rent.monthly(carrier.now) == Decimal("2.15")


def test_the_ledger_knows_the_most_that_was_ever_rented_at_once(
    carrier: SimulatedCarrier,
) -> None:
    rent = carrier.account.rent
    assert rent.highest_monthly() == 0
    numbers = [carrier.add_number(f"+1415555015{line}") for line in range(3)]
    for number in numbers:
        carrier.account.remove_number(number)
    carrier.add_number(VIRTUAL)
    assert (rent.highest_monthly(), rent.monthly(carrier.now)) == (3 * RENT, RENT)


@pytest.mark.parametrize(
    ("until", "months"),
    [
        ((2026, 1, 31, 11), 0),
        ((2026, 1, 31, 12), 1),
        ((2026, 2, 28, 13), 1),
        ((2026, 3, 1, 0), 2),
        ((2026, 3, 31, 12), 2),
        ((2026, 3, 31, 13), 3),
        ((2027, 1, 31, 13), 13),
    ],
)
def test_a_month_is_charged_when_it_begins(until: tuple[int, ...], months: int) -> None:
    ledger = RentLedger()
    ledger.begin(Rental(VIRTUAL, "PN1", datetime(2026, 1, 31, 12, tzinfo=UTC), MONTHLY))
    assert ledger.charged(datetime(*until, tzinfo=UTC)) == months * RENT  # type: ignore[arg-type, misc]
