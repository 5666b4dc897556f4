"""Messaging services, their numbers and campaigns, at the simulated carrier over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from relay.carrier.client import Carrier
from relay.carrier.codes import SERVICE_FULL, TEXTS_LOST_IN_SERVICE
from relay.carrier.messaging_services import CarrierMessagingServices
from relay.carrier.urls import WebhookUrls
from relay.domain.errors import CarrierError
from relay.domain.registration import Sender
from relay.sandbox import SimulatedCarrier
from relay.sandbox.records import OwnedNumber, Service
from tests.carrier.openapi import assert_follows_description
from tests.world import NUMBER, OTHER_NUMBER, OUR_ACCOUNT

URL = WebhookUrls("https://relay.example.com", "main").messages()
TOLL_FREE = "+18005550150"


@dataclass
class At:
    """An account with a messaging service that brings texts, and our client of it."""

    sandbox: SimulatedCarrier
    service: Service
    carrier: CarrierMessagingServices

    def join(self, number: OwnedNumber) -> None:
        self.carrier.join(self.service.sid, number.sid, sms_url=URL)

    def senders(self) -> list[Sender]:
        return self.carrier.senders(self.service.sid)


@pytest.fixture
def at() -> Iterator[At]:
    with SimulatedCarrier(OUR_ACCOUNT.sid, OUR_ACCOUNT.tokens[0]) as sandbox:
        service = sandbox.add_service(use_inbound_webhook_on_number=True)
        carrier = Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, timeout=0.5)
        yield At(sandbox, service, carrier.messaging_services)
    assert sandbox.crashes == []
    for request in sandbox.rest_log:
        assert_follows_description(request)


def error_of(doing: Callable[[], object]) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        doing()
    return caught.value


def test_a_number_joins_once_and_twice(at: At) -> None:
    owned = at.sandbox.add_number(NUMBER)
    assert at.senders() == []
    at.join(owned)
    at.join(owned)
    assert at.senders() == [Sender(NUMBER, owned.sid)]


def test_senders_come_in_the_order_in_which_they_joined(at: At) -> None:
    numbers = [at.sandbox.add_number(number) for number in (OTHER_NUMBER, NUMBER, TOLL_FREE)]
    for number in (numbers[1], numbers[2], numbers[0]):
        at.join(number)
        at.sandbox.advance(timedelta(minutes=1))
    assert [one.number for one in at.senders()] == [NUMBER, TOLL_FREE, OTHER_NUMBER]


def test_a_number_that_is_given_back_leaves_the_service(at: At) -> None:
    owned = at.sandbox.add_number(NUMBER)
    at.join(owned)
    at.sandbox.account.remove_number(owned)
    assert at.senders() == []


def test_a_number_of_another_service_cannot_join(at: At) -> None:
    number = at.sandbox.add_number(NUMBER)
    at.sandbox.add_service("Other", numbers=(number,))
    error = error_of(lambda: at.join(number))
    assert (error.code, error.retryable) == (21712, False)


def test_a_service_that_is_full_takes_nobody(at: At) -> None:
    at.sandbox.faults.market.service_limit = 1
    at.join(at.sandbox.add_number(NUMBER))
    late = at.sandbox.add_number(OTHER_NUMBER)
    assert error_of(lambda: at.join(late)).code == SERVICE_FULL


def test_a_service_that_loses_texts_is_joined_by_no_number(at: At) -> None:
    """TW-service: it loses them until it defers to its numbers, or has our URL."""
    at.service.use_inbound_webhook_on_number = False
    number = at.sandbox.add_number(NUMBER)

    assert error_of(lambda: at.join(number)).code == TEXTS_LOST_IN_SERVICE
    at.service.inbound_request_url = "https://another.example.com/texts"
    assert error_of(lambda: at.join(number)).code == TEXTS_LOST_IN_SERVICE
    assert at.service.number_sids == []

    at.service.inbound_request_url = URL.partition("#")[0]
    at.join(number)
    assert at.service.number_sids == [number.sid]


def test_a_service_in_order_is_not_fetched_for_each_number(at: At) -> None:
    for number in (NUMBER, OTHER_NUMBER):
        at.join(at.sandbox.add_number(number))

    assert [request.method for request in at.sandbox.rest_log] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("status", [None, "IN_PROGRESS", "FAILED", "SUSPENDED"])
def test_a_campaign_counts_from_when_it_is_verified(at: At, status: str | None) -> None:
    """TW-registration."""
    at.service.campaign_status = status
    assert not at.carrier.has_verified_campaign(at.service.sid)
    at.service.campaign_status = "VERIFIED"
    assert at.carrier.has_verified_campaign(at.service.sid)


def test_a_verified_campaign_is_not_asked_for_each_number(at: At) -> None:
    at.service.campaign_status = "VERIFIED"
    for _ in range(3):
        assert at.carrier.has_verified_campaign(at.service.sid)
    assert len(at.sandbox.rest_log) == 1


def test_a_verified_campaign_says_nothing_of_another_service(at: At) -> None:
    other = at.sandbox.add_service("Other")
    at.service.campaign_status = "VERIFIED"
    assert at.carrier.has_verified_campaign(at.service.sid)
    assert not at.carrier.has_verified_campaign(other.sid)


def test_a_service_in_order_says_nothing_of_another_one_or_webhook(at: At) -> None:
    other = at.sandbox.add_service("Other")
    at.service.use_inbound_webhook_on_number = False
    at.service.inbound_request_url = URL.partition("#")[0]
    at.carrier.check(at.service.sid, sms_url=URL)
    asked = (
        lambda: at.carrier.check(at.service.sid, sms_url="https://another.example.com/texts"),
        lambda: at.carrier.check(other.sid, sms_url=URL),
    )
    assert [error_of(ask).code for ask in asked] == [TEXTS_LOST_IN_SERVICE] * 2


def test_a_toll_free_number_counts_from_when_it_is_approved(at: At) -> None:
    """TW-registration."""
    number, other = at.sandbox.add_number(TOLL_FREE), at.sandbox.add_number("+18885550150")
    other.verification_status = "TWILIO_REJECTED"
    for status in (None, "PENDING_REVIEW", "IN_REVIEW"):
        number.verification_status = status
        assert at.carrier.verified_toll_free() == set()
    number.verification_status = "TWILIO_APPROVED"
    assert at.carrier.verified_toll_free() == {number.sid}
