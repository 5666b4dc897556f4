"""How numbers stand with US carriers."""

from __future__ import annotations

import pytest

from relay.domain.registration import (
    Caps,
    Registration,
    Registry,
    Sender,
    SenderService,
    is_toll_free,
    needs_campaign,
    sells_for_campaigns,
)

CAPS = Caps(campaign_numbers=2, service_numbers=4)
TOLL_FREE = Sender("+18005550150", "PN-toll-free")
CANADIAN = Sender("+14165550150", "PN-canadian")
FIRST, SECOND, THIRD = (Sender(f"+1415555015{place}", f"PN{place}") for place in range(3))


def registration_of(sender: Sender, *services: SenderService, verified: set[str] = set()) -> str:  # noqa: B006
    registry = Registry({service.sid: service for service in services}, verified)
    return registry.registration_of(sender, CAPS)


def service(*senders: Sender, sid: str = "MG1", has_campaign: bool = True) -> SenderService:
    return SenderService(sid, senders, has_campaign)


@pytest.mark.parametrize(
    ("number", "campaign", "verification"),
    [
        ("+14155550150", True, False),
        ("+18005550150", False, True),
        ("+18335550150", False, True),
        ("+14165550150", False, False),
        ("+447700900123", False, False),
        ("+8617012345678", False, False),
    ],
)
def test_only_us_long_codes_and_toll_free_numbers_are_asked_for_something(
    number: str, *, campaign: bool, verification: bool
) -> None:
    assert needs_campaign(number) is campaign
    assert is_toll_free(number) is verification


def test_local_numbers_of_the_united_states_need_a_campaign() -> None:
    assert sells_for_campaigns("US")
    assert not sells_for_campaigns("CA")


def test_a_long_code_is_registered_by_its_service() -> None:
    assert registration_of(FIRST) is Registration.NO_SERVICE
    assert registration_of(FIRST, service(SECOND)) is Registration.NO_SERVICE
    without = service(FIRST, has_campaign=False)
    assert registration_of(FIRST, without) is Registration.NO_CAMPAIGN
    other = service(SECOND, sid="MG2")
    assert registration_of(FIRST, other, service(FIRST)) is Registration.REGISTERED


def test_the_first_to_join_a_campaign_are_those_that_a_carrier_delivers_for() -> None:
    full = service(TOLL_FREE, FIRST, CANADIAN, SECOND, THIRD)
    assert registration_of(SECOND, full) is Registration.REGISTERED
    assert registration_of(THIRD, full) is Registration.BEYOND_CAMPAIGN


def test_a_toll_free_number_is_verified_by_itself() -> None:
    assert registration_of(TOLL_FREE, service(TOLL_FREE)) is Registration.NOT_VERIFIED
    assert registration_of(TOLL_FREE, verified={TOLL_FREE.sid}) is Registration.REGISTERED


def test_other_countries_ask_for_nothing() -> None:
    assert registration_of(CANADIAN) is Registration.NOT_NEEDED


def test_a_service_has_room_under_both_caps() -> None:
    campaign_full = service(FIRST, SECOND)
    assert not campaign_full.has_room(CAPS, in_campaign=True)
    assert campaign_full.has_room(CAPS, in_campaign=False)
    full = service(FIRST, CANADIAN, TOLL_FREE, Sender("+14165550151", "PN9"))
    assert not full.has_room(CAPS, in_campaign=True)
    assert not full.has_room(CAPS, in_campaign=False)


@pytest.mark.parametrize("registration", Registration)
def test_what_is_missing_is_said(registration: Registration) -> None:
    is_fine = registration in {Registration.NOT_NEEDED, Registration.REGISTERED}
    assert registration.is_missing is not is_fine
    assert registration.sentence
