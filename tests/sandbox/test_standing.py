"""What an account is and may do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from relay.sandbox import SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.conftest import ACCOUNT_SID, BOB, VIRTUAL, LoopbackHttpClient


def refusal_of(doing: Callable[[], object]) -> int:
    with pytest.raises(TwilioRestException) as refused:
        doing()
    return int(refused.value.code)


def with_key(carrier: SimulatedCarrier, kind: str) -> Client:
    key = carrier.add_api_key(kind)
    http = LoopbackHttpClient(carrier.base_url)
    return Client(key.sid, key.secret, ACCOUNT_SID, http_client=http)


def test_only_a_main_key_and_the_token_show_the_account(
    carrier: SimulatedCarrier, client: Client
) -> None:
    """TW-key-kinds."""
    for allowed in (client, with_key(carrier, "Main")):
        account = allowed.api.v2010.accounts(ACCOUNT_SID).fetch()
        assert (account.status, account.type) == ("active", "Full")
    standard = with_key(carrier, "Standard")
    assert refusal_of(standard.api.v2010.accounts(ACCOUNT_SID).fetch) == 20003
    assert standard.messages.list() == []


def test_a_wrong_secret_opens_nothing(carrier: SimulatedCarrier) -> None:
    key = carrier.add_api_key("Main")
    http = LoopbackHttpClient(carrier.base_url)
    stranger = Client(key.sid, "wrong", ACCOUNT_SID, http_client=http)
    assert refusal_of(stranger.messages("SM" + "0" * 32).fetch) == 20003


def test_a_suspended_account_shows_that_and_nothing_else(
    carrier: SimulatedCarrier, client: Client, number: OwnedNumber
) -> None:
    carrier.account.standing.status = "suspended"
    assert client.api.v2010.accounts(ACCOUNT_SID).fetch().status == "suspended"
    assert refusal_of(client.incoming_phone_numbers(number.sid).fetch) == 20005


def test_a_trial_texts_only_verified_numbers(
    carrier: SimulatedCarrier, client: Client, number: OwnedNumber
) -> None:
    carrier.account.standing.type = "Trial"

    def send() -> object:
        return client.messages.create(to=BOB, from_=VIRTUAL, body="hello")

    assert refusal_of(send) == 21608
    carrier.verify_caller_id(BOB)
    send()


def test_countries_that_are_not_permitted_get_neither_texts_nor_calls(
    carrier: SimulatedCarrier, client: Client, number: OwnedNumber
) -> None:
    abroad = "+447700900123"
    countries = client.voice.v1.dialing_permissions.countries
    listed = {one.iso_code: one.low_risk_numbers_enabled for one in countries.list()}
    assert (listed["US"], listed["GB"]) == (True, False)
    geo = client.accounts.v1.messaging_geopermissions
    [britain] = geo.fetch(country_code="GB").permissions
    assert not britain["enabled"]

    def text() -> object:
        return client.messages.create(to=abroad, from_=VIRTUAL, body="hello")

    def call() -> object:
        return client.calls.create(to=abroad, from_=VIRTUAL, twiml="<Response/>")

    assert [refusal_of(text), refusal_of(call)] == [21408, 21215]
    carrier.account.standing.dials.add("GB")
    carrier.account.standing.texts.add("GB")
    text()
    call()


def test_redaction_hides_words_and_the_ends_of_numbers_in_the_list(
    carrier: SimulatedCarrier, client: Client, number: OwnedNumber
) -> None:
    client.messages.create(to=BOB, from_=VIRTUAL, body="hello")
    carrier.account.standing.redacts = True

    [listed] = client.messages.list()

    assert (listed.body, listed.to) == ("", f"{BOB[:-4]}XXXX")


def test_profiles_are_listed_by_their_status(carrier: SimulatedCarrier, client: Client) -> None:
    profiles = client.trusthub.v1.customer_profiles
    assert [profile.status for profile in profiles.list()] == ["twilio-approved"]
    carrier.account.standing.profile = "in-review"
    assert profiles.list(status="twilio-approved") == []


def test_toll_free_verifications_are_listed_by_status_and_number(
    carrier: SimulatedCarrier, client: Client
) -> None:
    one, other = carrier.add_number("+18005550150"), carrier.add_number("+18005550151")
    carrier.add_number("+18005550152")
    one.verification_status, other.verification_status = "IN_REVIEW", "TWILIO_APPROVED"
    verifications = client.messaging.v1.tollfree_verifications

    assert {found.tollfree_phone_number_sid for found in verifications.list()} == {
        one.sid,
        other.sid,
    }
    assert verifications.list(tollfree_phone_number_sid=one.sid)[0].status == "IN_REVIEW"
    assert [
        found.tollfree_phone_number for found in verifications.list(status="TWILIO_APPROVED")
    ] == ["+18005550151"]


def test_a_services_campaign_is_listed(carrier: SimulatedCarrier, client: Client) -> None:
    service = carrier.add_service()
    campaigns = client.messaging.v1.services(service.sid).us_app_to_person
    assert campaigns.list() == []

    service.campaign_status = "VERIFIED"

    [campaign] = campaigns.list()
    assert campaign.campaign_status == "VERIFIED"
    assert client.messaging.v1.services(service.sid).fetch().us_app_to_person_registered
