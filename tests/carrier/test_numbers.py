"""Buying, naming, pointing and giving back numbers, at the simulated carrier over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from relay.carrier.client import Carrier
from relay.carrier.codes import NO_SID, UNREADABLE_ANSWER
from relay.carrier.numbers import OwnedNumber, is_pointed_here
from relay.carrier.urls import WebhookUrls
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from tests.carrier.answering import answering
from tests.carrier.openapi import assert_follows_description
from tests.world import NUMBER, OTHER_NUMBER, OUR_ACCOUNT, make_settings

SETTINGS = make_settings()
SID, TOKEN = SETTINGS.twilio_account_sid, SETTINGS.twilio_auth_token.get_secret_value()
URLS = WebhookUrls("https://relay.example.com", "main")
WEBHOOKS = {
    "voice_url": URLS.voice(),
    "sms_url": URLS.messages(),
    "status_callback": URLS.call_ended(),
}
POINTED = OwnedNumber(number=NUMBER, sid="PN1", voice=True, sms=True, mms=True, **WEBHOOKS)


@pytest.fixture
def sandbox() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(SID, TOKEN) as simulated:
        yield simulated
    assert simulated.crashes == []
    for request in simulated.rest_log:
        assert_follows_description(request)


@pytest.fixture
def carrier(sandbox: SimulatedCarrier) -> Carrier:
    return Carrier(OUR_ACCOUNT, base_url=sandbox.base_url, timeout=0.5)


def buy(carrier: Carrier, number: str = NUMBER, label: str = "relay:main:us") -> OwnedNumber:
    return carrier.numbers.buy(number, **WEBHOOKS, label=label)


def error_of(doing: Callable[[], object]) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        doing()
    return caught.value


# --- what is on offer ---------------------------------------------------------------------


def test_numbers_of_an_area_are_on_offer(carrier: Carrier) -> None:
    offered = carrier.numbers.find_available(country="US", area_code="212", sms=True, limit=3)
    assert offered == ["+12125550150", "+12125550151", "+12125550152"]


def test_what_we_own_is_not_on_offer(carrier: Carrier) -> None:
    offered = carrier.numbers.find_available(country="US", area_code="415")
    buy(carrier, offered[0])
    assert carrier.numbers.find_available(country="US", area_code="415") != offered


def test_an_area_in_which_nothing_is_left_offers_nothing(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.market.left = 0
    assert carrier.numbers.find_available(country="US", area_code="415") == []


def test_mobile_numbers_stand_in_where_local_ones_cannot_text(carrier: Carrier) -> None:
    assert carrier.numbers.find_available(country="GB")[0].startswith("+441632960")
    assert carrier.numbers.find_available(country="GB", sms=True)[0].startswith("+447700900")


def test_mobile_numbers_stand_in_where_no_local_ones_are_sold(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.market.not_sold.add(("GB", "Local"))
    assert carrier.numbers.find_available(country="GB")[0].startswith("+447700900")


def test_a_country_without_mobile_numbers_may_have_no_local_one_that_fits(carrier: Carrier) -> None:
    """Germany's numbers need an address there."""
    assert carrier.numbers.find_available(country="DE") == []


@pytest.mark.parametrize("country", ["US", "FR"])
def test_a_country_in_which_nothing_is_sold_is_an_error(
    sandbox: SimulatedCarrier, carrier: Carrier, country: str
) -> None:
    sandbox.faults.market.not_sold.add(("US", "Local"))
    error = error_of(lambda: carrier.numbers.find_available(country=country))
    assert (error.code, error.retryable) == (20404, False)


def test_in_the_us_nobody_asks_for_mobile_numbers(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.market.left = 0
    carrier.numbers.find_available(country="US")
    assert [request.path.rpartition("/")[2] for request in sandbox.rest_log] == ["Local.json"]


def test_a_wish_that_nobody_has_is_not_sent(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    """`SmsEnabled=false` would ask for numbers that cannot text."""
    carrier.numbers.find_available(country="US", voice=False)
    assert set(sandbox.rest_log[-1].params) == {"ExcludeAllAddressRequired", "PageSize"}


# --- buying -------------------------------------------------------------------------------


def test_a_bought_number_is_named_and_pointed_here_at_once(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    owned = buy(carrier)
    assert (owned.number, owned.label) == (NUMBER, "relay:main:us")
    assert (owned.voice, owned.sms, owned.mms) == (True, True, True)
    assert is_pointed_here(owned, **WEBHOOKS)
    assert [request.method for request in sandbox.rest_log] == ["POST"]
    assert carrier.numbers.find_owned(NUMBER) == owned


def test_a_number_that_somebody_else_has_bought_says_so(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.market.snatch()
    error = error_of(lambda: buy(carrier))
    assert (error.code, error.retryable, error.ambiguous) == (21422, False, False)
    buy(carrier, OTHER_NUMBER)


def test_a_number_that_is_none_is_refused_for_good(carrier: Carrier) -> None:
    error = error_of(lambda: buy(carrier, "+15005550001"))
    assert (error.code, error.retryable, error.ambiguous) == (21421, False, False)


@pytest.mark.parametrize("fault", [{"lost_reply": True}, {"slow": 1.0}])
def test_a_purchase_whose_answer_is_lost_is_ambiguous_and_found_by_its_label(
    sandbox: SimulatedCarrier, carrier: Carrier, fault: dict[str, float]
) -> None:
    sandbox.faults.rest.next(path_contains="IncomingPhoneNumbers", **fault)  # type: ignore[arg-type]
    error = error_of(lambda: buy(carrier))
    assert (error.retryable, error.ambiguous) == (True, True)
    found = carrier.numbers.find_owned(NUMBER)
    assert found is not None
    assert found.label == "relay:main:us"


def test_a_purchase_that_the_server_failed_at_is_ambiguous(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.faults.rest.next(status=503)
    error = error_of(lambda: buy(carrier))
    assert (error.retryable, error.ambiguous) == (True, True)
    assert carrier.numbers.find_owned(NUMBER) is None


def test_too_many_requests_have_bought_nothing(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    sandbox.faults.rest.next(status=429, retry_after=3)
    error = error_of(lambda: buy(carrier))
    assert (error.retryable, error.ambiguous, error.retry_after) == (True, False, 3)


@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        f'{{"phone_number": "{NUMBER}"}}',
        f'{{"sid": "PN1", "phone_number": "{OTHER_NUMBER}"}}',
    ],
)
def test_an_answer_that_names_another_number_or_no_sid_leaves_open_what_was_bought(
    answer: str,
) -> None:
    with answering(answer) as base_url:
        error = error_of(lambda: buy(Carrier(OUR_ACCOUNT, base_url=base_url)))
    assert (error.trouble, error.code, error.ambiguous) == (
        Trouble.LATER,
        UNREADABLE_ANSWER,
        True,
    )


# --- what we own --------------------------------------------------------------------------


def test_one_number_of_many_is_found(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    for line in range(150, 200):
        for area in (212, 213):
            sandbox.add_number(f"+1{area}555{line:04d}")
    for number in ("+12125550150", "+12135550199"):
        found = carrier.numbers.find_owned(number)
        assert found is not None
        assert found.number == number


def test_a_number_of_which_the_carrier_tells_next_to_nothing_can_do_nothing() -> None:
    with answering(f'{{"sid": "PN1", "phone_number": "{NUMBER}"}}', status=200) as base_url:
        found = Carrier(OUR_ACCOUNT, base_url=base_url).numbers.find_by_sid("PN" + "1" * 32)
    assert found == OwnedNumber(number=NUMBER, sid="PN1", voice=False, sms=False, mms=False)


@pytest.mark.parametrize("wrong", ["voice_method", "sms_method", "status_callback_method"])
def test_a_number_that_asks_one_webhook_by_get_is_not_posted(
    sandbox: SimulatedCarrier, carrier: Carrier, wrong: str
) -> None:
    owned = sandbox.add_number(NUMBER)
    assert next(carrier.numbers.list_owned()).is_posted
    setattr(owned, wrong, "GET")
    assert not next(carrier.numbers.list_owned()).is_posted


@pytest.mark.parametrize(
    ("sid", "status", "has_one"),
    [
        (None, "unregistered", False),
        ("AD" + "1" * 32, "unregistered", True),
        (None, "registered", True),
        (None, "pending-registration", True),
        (None, "pending-unregistration", True),
        (None, "unregistration-failure", True),
        (None, "registration-failure", False),
    ],
)
def test_an_emergency_address_counts_until_the_carrier_has_forgotten_it(
    sandbox: SimulatedCarrier, carrier: Carrier, sid: str | None, status: str, has_one: bool
) -> None:
    owned = sandbox.add_number(NUMBER)
    owned.emergency_address_sid, owned.emergency_address_status = sid, status
    assert next(carrier.numbers.list_owned()).has_emergency_address is has_one


def test_all_that_the_carrier_tells_of_a_number_is_read(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    owned = sandbox.add_number(NUMBER, {"voice": True, "sms": False, "mms": False})
    owned.voice_fallback_url, owned.sms_fallback_url = "https://a.example/v", "https://a.example/s"
    owned.friendly_name = "relay:main:us"
    [listed] = carrier.numbers.list_owned()
    assert (listed.voice, listed.sms, listed.mms) == (True, False, False)
    assert (listed.sid, listed.account, listed.label) == (owned.sid, SID, "relay:main:us")
    assert (listed.voice_fallback_url, listed.sms_fallback_url) == (
        "https://a.example/v",
        "https://a.example/s",
    )
    assert listed.rented_since == int(owned.created.timestamp())


def test_every_number_is_listed_over_all_pages(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    for line in range(205):
        sandbox.add_number(f"+1{200 + line // 50}555{150 + line % 50:04d}")
    listed = [owned.number for owned in carrier.numbers.list_owned()]
    assert (len(listed), len(set(listed))) == (205, 205)
    assert [request.method for request in sandbox.rest_log] == ["GET", "GET"]


def test_a_list_that_breaks_off_is_an_error_and_no_short_list(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    sandbox.add_number(NUMBER)
    sandbox.faults.rest.next(status=500)
    error = error_of(lambda: list(carrier.numbers.list_owned()))
    assert (error.retryable, error.ambiguous) == (True, False)


def test_a_number_tells_whether_something_else_answers_it(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    owned = sandbox.add_number(NUMBER)
    for name in ("voice_application_sid", "sms_application_sid", "trunk_sid"):
        setattr(owned, name, "AP" + "1" * 32)
        [listed] = carrier.numbers.list_owned()
        assert listed.answers_elsewhere, name
        setattr(owned, name, None)
    [listed] = carrier.numbers.list_owned()
    assert not listed.answers_elsewhere


def test_what_is_pointed_here_is_seen_to_be(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    owned = sandbox.add_number(NUMBER)
    owned.voice_application_sid = "AP" + "1" * 32
    owned.sms_method = "GET"
    [before] = carrier.numbers.list_owned()
    carrier.numbers.point_here(owned.sid, **WEBHOOKS)
    [after] = carrier.numbers.list_owned()
    assert not is_pointed_here(before, **WEBHOOKS)
    assert is_pointed_here(after, **WEBHOOKS)


@pytest.mark.parametrize(
    ("number", "is_here"),
    [
        (POINTED, True),
        (replace(POINTED, voice_url=POINTED.voice_url.partition("#")[0]), True),
        (replace(POINTED, voice_url="https://elsewhere.example/voice"), False),
        (replace(POINTED, sms_url=""), False),
        (replace(POINTED, status_callback=""), False),
        (replace(POINTED, answers_elsewhere=True), False),
        (replace(POINTED, is_posted=False), False),
    ],
)
def test_only_the_fragment_of_a_webhook_does_not_matter(number: OwnedNumber, is_here: bool) -> None:
    assert is_pointed_here(number, **WEBHOOKS) is is_here


# --- giving back --------------------------------------------------------------------------


def test_a_number_is_given_back_once_and_twice(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    owned = buy(carrier)
    carrier.numbers.release(owned.sid)
    carrier.numbers.release(owned.sid)
    assert carrier.numbers.find_owned(NUMBER) is None
    assert [r.status for r in sandbox.rest_log if r.method == "DELETE"] == [204, 404]


def test_a_number_is_found_by_its_sid(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    owned = buy(carrier)
    assert carrier.numbers.find_by_sid(owned.sid) == owned
    carrier.numbers.release(owned.sid)
    assert carrier.numbers.find_by_sid(owned.sid) is None
    sandbox.faults.rest.next(status=429)
    assert error_of(lambda: carrier.numbers.find_by_sid(owned.sid)).code == 20429


def test_a_release_whose_answer_is_lost_may_be_repeated(
    sandbox: SimulatedCarrier, carrier: Carrier
) -> None:
    owned = buy(carrier)
    sandbox.faults.rest.next(lost_reply=True, method="DELETE")
    assert error_of(lambda: carrier.numbers.release(owned.sid)).retryable
    carrier.numbers.release(owned.sid)


def test_a_release_that_is_refused_is_an_error(sandbox: SimulatedCarrier, carrier: Carrier) -> None:
    owned = buy(carrier)
    sandbox.faults.rest.next(status=429, method="DELETE")
    assert error_of(lambda: carrier.numbers.release(owned.sid)).code == 20429
    assert carrier.numbers.find_owned(NUMBER) is not None


@pytest.mark.parametrize(
    "sid", ["../Recordings/RE1", "PN1/AssignedAddOns/XB1", "PN1?x=", "", "PN1 "]
)
def test_p9_a_planted_sid_leads_to_no_other_resource_of_the_account(carrier, sandbox, sid) -> None:
    for request in (
        lambda: carrier.numbers.release(sid),
        lambda: carrier.numbers.find_by_sid(sid),
        lambda: carrier.numbers.point_here(sid, **WEBHOOKS),
        lambda: carrier.numbers.drop_emergency_address(sid),
        lambda: carrier.calls.end(sid),
        lambda: carrier.calls.find_outcome(sid),
    ):
        assert error_of(request).code == NO_SID
    assert sandbox.rest_log == []
