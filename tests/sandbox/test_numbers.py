"""Numbers: owned, searched for, bought, given back, and put into services."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from relay.sandbox import Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import VIRTUAL, LoopbackHttpClient
from tests.sandbox.stand_in_relay import StandInRelay


def test_a_number_is_found_and_pointed_at_the_relay(
    client: Client, carrier: SimulatedCarrier
) -> None:
    carrier.add_number(VIRTUAL)
    carrier.add_number("+14155550193")
    (found,) = client.incoming_phone_numbers.list(phone_number=VIRTUAL)
    assert found.capabilities["sms"] is True
    assert found.voice_url == ""

    changed = found.update(
        voice_url="https://relay.example/twilio/voice#rc=2",
        voice_method="POST",
        sms_url="https://relay.example/twilio/messages#rc=3&rp=all",
        status_callback="https://relay.example/twilio/ended",
        friendly_name="pool us",
    )
    assert changed.voice_url == "https://relay.example/twilio/voice#rc=2"
    assert client.incoming_phone_numbers(found.sid).fetch().friendly_name == "pool us"
    assert carrier.account.numbers[found.sid].sms_url.endswith("#rc=3&rp=all")


@pytest.mark.parametrize(
    ("pattern", "count"), [("415", 2), ("+1415555019*", 2), ("0192", 1), ("212", 0)]
)
def test_numbers_are_found_by_a_part(
    client: Client, carrier: SimulatedCarrier, pattern: str, count: int
) -> None:
    carrier.add_number(VIRTUAL)
    carrier.add_number("+14155550193")
    assert len(client.incoming_phone_numbers.list(phone_number=pattern)) == count


@pytest.mark.parametrize(
    ("given", "code"), [({"voice_url": "nowhere"}, 21402), ({"sms_method": "PUT"}, 21403)]
)
def test_what_is_no_address_is_refused(
    client: Client, number: OwnedNumber, given: dict[str, str], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.incoming_phone_numbers(number.sid).update(**given)
    assert refused.value.code == code


def test_a_number_is_searched_bought_used_and_given_back(
    client: Client, alice: Phone, relay: StandInRelay
) -> None:
    offer = client.available_phone_numbers("US").local.list(area_code=415, limit=2)[0]
    assert offer.phone_number.startswith("+141555501")
    assert offer.capabilities["SMS"] is True

    bought = client.incoming_phone_numbers.create(
        phone_number=offer.phone_number, voice_url=relay.url("/voice")
    )
    alice.call(bought.phone_number).wait()
    assert relay.to("/voice")[0].form["To"] == bought.phone_number
    offers = client.available_phone_numbers("US").local.list(area_code=415, limit=200)
    assert bought.phone_number not in [o.phone_number for o in offers]

    assert bought.delete() is True
    assert alice.call(bought.phone_number).wait().status == "failed"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"phone_number": "+15005550000"}, 21422),
        ({"phone_number": "+15005550001"}, 21421),
        ({"phone_number": VIRTUAL}, 21422),
        ({"phone_number": "abc"}, 21421),
        ({"area_code": "533"}, 21452),
        ({}, 21421),
    ],
)
def test_what_cannot_be_bought_is_refused(
    client: Client, number: OwnedNumber, given: dict[str, str], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.incoming_phone_numbers.create(**given)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_number_of_an_area_is_bought_unseen(client: Client) -> None:
    assert client.incoming_phone_numbers.create(area_code="212").phone_number[:5] == "+1212"


def test_each_country_has_its_own_kinds_of_number(client: Client) -> None:
    search = client.available_phone_numbers
    assert search("US").toll_free.list(limit=1)[0].phone_number.startswith("+1800")
    assert search("GB").mobile.list(limit=1)[0].phone_number.startswith("+447700900")
    assert len(search("US").local.list(contains="55501*7", area_code="415")) == 5
    with pytest.raises(TwilioException) as missing:
        search("US").mobile.list(limit=1)
    assert missing.value.args[1].status_code == 404


def test_a_service_collects_numbers(
    client: Client, carrier: SimulatedCarrier, number: OwnedNumber
) -> None:
    service = client.messaging.v1.services.create(friendly_name="Relay")
    assert client.messaging.v1.services(service.sid).fetch().friendly_name == "Relay"
    members = client.messaging.v1.services(service.sid).phone_numbers
    assert members.create(phone_number_sid=number.sid).phone_number == VIRTUAL
    assert [member.sid for member in members.list()] == [number.sid]

    with pytest.raises(TwilioRestException) as twice:
        members.create(phone_number_sid=number.sid)
    assert (twice.value.status, twice.value.code) == (409, 21710)
    other = carrier.add_service("Other")
    with pytest.raises(TwilioRestException) as elsewhere:
        client.messaging.v1.services(other.sid).phone_numbers.create(phone_number_sid=number.sid)
    assert elsewhere.value.code == 21712

    assert members(number.sid).delete() is True
    assert members.list() == []
    assert number.service_sid is None


def test_a_service_lists_its_numbers_in_pages(client: Client, carrier: SimulatedCarrier) -> None:
    numbers = tuple(carrier.add_number(f"+1415555016{digit}") for digit in range(5))
    service = carrier.add_service(numbers=numbers)
    members = client.messaging.v1.services(service.sid).phone_numbers
    assert len(members.list(page_size=2)) == 5


@pytest.mark.parametrize(
    "credentials", [("AC" + "5" * 32, "wrong"), ("AC" + "6" * 32, "a" * 32), (None, None)]
)
def test_only_the_account_itself_gets_in(
    carrier: SimulatedCarrier, credentials: tuple[str | None, str | None]
) -> None:
    stranger = Client(*credentials, http_client=LoopbackHttpClient(carrier.base_url))
    with pytest.raises(TwilioRestException) as refused:
        stranger.api.v2010.accounts("AC" + "5" * 32).messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_another_accounts_records_are_not_found(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.api.v2010.accounts("AC" + "6" * 32).calls("CA" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert client.calls.list() == []


def test_a_replaced_token_counts_at_once_for_requests_and_signatures(
    client: Client,
    carrier: SimulatedCarrier,
    alice: Phone,
    relay: StandInRelay,
    number: OwnedNumber,
) -> None:
    carrier.replace_auth_token("b" * 32)
    with pytest.raises(TwilioRestException, match="Authenticate"):
        client.messages("SM" + "0" * 32).fetch()
    alice.text(VIRTUAL, "hello").wait()
    assert not relay.to("/texts")[0].is_genuine
