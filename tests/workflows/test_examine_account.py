"""What the doctor finds at the carrier, which is the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from relay.carrier.client import Carrier
from relay.carrier.codes import NO_ANSWER
from relay.domain.errors import CarrierError, Conflict
from relay.domain.pool import Pool
from relay.domain.registration import TextingRegistration
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from relay.sandbox.records import OwnedNumber, Service
from relay.sandbox.standing import KeyKind
from relay.vault import Vault
from relay.workflows.board_on_record import read_board
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.deployment import Deployment
from relay.workflows.examine import examine
from relay.workflows.examine_account import examine_account, examine_numbers
from relay.workflows.follow_registrations import follow_registrations
from relay.workflows.import_number import import_number
from relay.workflows.point_here import webhooks_of
from relay.workflows.put_board import BoardTerms, put_board
from relay.workflows.reconcile_numbers import reconcile_numbers
from tests.fake_redis import FakeRedis
from tests.wording import is_phrase
from tests.world import NOW, NUMBER, OTHER_NUMBER, OUR_ACCOUNT, make_settings

TOLL_FREE = "+18005550150"
POOL = Pool(name="us", country="US", allowed_countries=("US", "CA"))


class Practice:
    """A deployment at the sandbox, set up well: one number, in a service that has a campaign."""

    def __init__(self, sandbox: SimulatedCarrier) -> None:
        self.sandbox = sandbox
        self.service: Service = sandbox.add_service(use_inbound_webhook_on_number=True)
        self.service.campaign_status = "VERIFIED"
        self.owned: OwnedNumber = sandbox.add_number(NUMBER)
        self.client = FakeRedis()
        self.settings: dict[str, str] = {"TWILIO_MESSAGING_SERVICE_SID": self.service.sid}
        self.edge: dict[str, str] = {}
        self.base_url = sandbox.base_url
        services = self.deployment().main
        services.store.pools.put(POOL)
        import_number(services, NUMBER, "us", now=NOW)
        self.owned.voice_fallback_url = "https://static.example.com/sorry.xml"

    def deployment(self) -> Deployment:
        """As a process of now finds it."""
        settings = make_settings(**self.settings)
        return Deployment(
            settings,
            self.client,
            Vault(settings.relay_sealing_keys, settings.relay_index_keys),
            carrier_of=lambda account: Carrier(
                account,
                base_url=self.base_url,
                timeout=1.0,
                **self.edge,
            ),
            jobs_of=lambda _board: None,  # type: ignore[arg-type,return-value]
            queues=FakeRedis(),
        )

    def look(self, *, fix: bool = False) -> dict[str, Check]:
        """The worst finding of each name."""
        found: dict[str, Check] = {}
        for check in examine(self.deployment(), fix=fix):
            assert is_phrase(check.detail), check
            if check.name not in found or check.verdict is not Verdict.OK:
                found[check.name] = check
        return found

    def verdicts(self, *names: str) -> list[Verdict]:
        found = self.look()
        return [found[name].verdict for name in names]

    def with_key(self, kind: KeyKind) -> None:
        key = self.sandbox.add_api_key(kind)
        self.settings |= {"TWILIO_API_KEY_SID": key.sid, "TWILIO_API_KEY_SECRET": key.secret}


@pytest.fixture
def practice() -> Iterator[Practice]:
    with SimulatedCarrier(OUR_ACCOUNT.sid, OUR_ACCOUNT.tokens[0]) as sandbox:
        yield Practice(sandbox)
    assert sandbox.crashes == []


AT_THE_CARRIER = ("carrier", "account", "profile", "calls", "texts", "redaction", "registration us")


@pytest.mark.parametrize("kind", [None, "Main"])
def test_an_account_that_is_set_up_well_has_nothing_to_mend(
    practice: Practice, kind: KeyKind | None
) -> None:
    if kind:
        practice.with_key(kind)

    names = (*AT_THE_CARRIER, f"service {practice.service.sid}", f"number {NUMBER}")
    found = practice.look()

    assert {name: found[name].verdict for name in names} == dict.fromkeys(names, Verdict.OK)
    assert "fallback" not in found
    assert found["redaction"].detail == "is not known before the account's first text"


class Silent:
    """A carrier that answers no request."""

    def __getattr__(self, part: str) -> Any:
        return self

    def __call__(self, *_: object, **__: object) -> None:
        raise CarrierError(Trouble.LATER, NO_ANSWER)


def test_what_cannot_be_seen_at_the_carrier_is_a_warning_of_each_kind(practice: Practice) -> None:
    services = replace(practice.deployment().main, carrier=Silent())  # type: ignore[arg-type]
    board = read_board(services)

    found = [*examine_account(services, [board]), *examine_numbers(board, fix=False)]

    names = ("account", "profile", "calls", "texts", "redaction")
    of_numbers = ("numbers", "services", "registration")
    assert [check.name for check in found] == [*names, *of_numbers]
    assert {check.verdict for check in found} == {Verdict.WARNING}


def test_a_standard_key_hides_only_the_account_itself(practice: Practice) -> None:
    practice.with_key("Standard")

    found = practice.look()

    assert found["carrier"].verdict is Verdict.OK
    assert found["account"].verdict is Verdict.WARNING
    assert "a Main key" in found["account"].detail
    assert found["texts"].verdict is Verdict.OK


def test_a_wrong_token_beside_a_right_key_fails(practice: Practice) -> None:
    practice.with_key("Standard")
    assert practice.verdicts("carrier", "token") == [Verdict.OK, Verdict.OK]

    practice.settings["TWILIO_AUTH_TOKEN"] = "6" * 32
    found = practice.look()
    assert found["carrier"].verdict is Verdict.OK
    assert found["token"].verdict is Verdict.FAILED
    assert "see TWILIO_AUTH_TOKEN" in found["token"].detail

    # Promoted at Twilio, and not here yet: webhooks are heard.
    practice.settings["TWILIO_AUTH_TOKEN_NEXT"] = OUR_ACCOUNT.tokens[0]
    assert practice.verdicts("token") == [Verdict.OK]


def test_a_wrong_token_of_a_board_names_the_board(practice: Practice) -> None:
    key = practice.sandbox.add_api_key("Main")
    put_second_board(practice, key.sid, key.secret, tokens=("6" * 32,))
    found = practice.look()
    assert found["second: token"].verdict is Verdict.FAILED
    assert "boards put second" in found["second: token"].detail


def test_a_token_that_cannot_be_tried_is_a_warning(practice: Practice) -> None:
    practice.with_key("Main")
    practice.sandbox.faults.rest.next(status=503, path_contains=f"Accounts/{OUR_ACCOUNT.sid}.json")
    found = practice.look()["token"]
    assert found.verdict is Verdict.WARNING
    assert found.detail.startswith("cannot be seen: Twilio has trouble")


def test_a_process_without_the_token_is_told_who_needs_it(practice: Practice) -> None:
    practice.with_key("Main")
    practice.settings["TWILIO_AUTH_TOKEN"] = ""

    found = practice.look()

    assert found["carrier"].verdict is Verdict.WARNING
    assert "TWILIO_AUTH_TOKEN" in found["carrier"].detail
    assert found["account"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "suspended"}, "not active"),
        ({"region": "ie1"}, "TWILIO_REGION"),
    ],
)
def test_an_account_that_refuses_us_is_all_that_is_found(
    practice: Practice, changes: dict[str, Any], said: str
) -> None:
    practice.edge = {"edge": "ashburn"}
    vars(practice.sandbox.account.standing).update(changes)

    found = practice.look()

    assert found["carrier"].verdict is Verdict.FAILED
    assert said in found["carrier"].detail
    assert "account" not in found


def test_an_api_that_is_out_of_reach_is_not_called_bad_credentials(practice: Practice) -> None:
    practice.base_url = "http://127.0.0.1:1"
    found = practice.look()["carrier"]
    assert found.verdict is Verdict.FAILED
    assert "does not answer" in found.detail
    assert "TWILIO_AUTH_TOKEN" not in found.detail


def test_credentials_of_somebody_else_are_named(practice: Practice) -> None:
    practice.settings["TWILIO_AUTH_TOKEN"] = "6" * 32
    assert "TWILIO_AUTH_TOKEN" in practice.look()["carrier"].detail


@pytest.mark.parametrize(
    ("changes", "name", "verdict", "said"),
    [
        ({"type": "Trial"}, "account", Verdict.FAILED, "trial"),
        ({"profile": "in-review"}, "profile", Verdict.WARNING, "Trust Hub"),
        ({"dials": {"US"}}, "calls", Verdict.FAILED, "to CA are refused"),
        ({"texts": {"CA"}}, "texts", Verdict.FAILED, "to US are refused"),
        ({"dials": {"US", "CA", "GB"}}, "calls", Verdict.WARNING, "to GB are allowed"),
        ({"dials_premium": {"US"}}, "calls", Verdict.WARNING, "premium"),
        ({"dials_toll_fraud": {"US"}}, "calls", Verdict.WARNING, "premium"),
        (
            {"texts": {"US", "CA", "GB", "DE", "FR", "CN", "RU"}},
            "texts",
            Verdict.WARNING,
            "to CN, DE, FR, GB, RU are allowed",
        ),
        ({"redacts": True}, "redaction", Verdict.FAILED, "is lost"),
    ],
)
def test_what_loses_calls_or_texts_fails_and_the_rest_is_a_warning(
    practice: Practice, changes: dict[str, Any], name: str, verdict: Verdict, said: str
) -> None:
    practice.sandbox.phone("+12125550101").text(NUMBER, "hello").wait()
    vars(practice.sandbox.account.standing).update(changes)

    found = practice.look()[name]

    assert found.verdict is verdict
    assert said in found.detail


def test_a_service_that_cannot_be_asked_keeps_no_number_from_being_called(
    practice: Practice,
) -> None:
    practice.sandbox.add_number(OTHER_NUMBER)
    del practice.sandbox.account.services[practice.service.sid]
    assert import_number(practice.deployment().main, OTHER_NUMBER, "us", now=NOW).is_new


def test_what_cannot_be_asked_is_a_warning_with_its_reason(practice: Practice) -> None:
    practice.sandbox.faults.rest.next(status=503, path_contains="GeoPermissions")
    found = practice.look()["texts"]
    assert found.verdict is Verdict.WARNING
    assert found.detail.startswith("cannot be seen: Twilio has trouble")


def test_before_there_is_a_pool_no_country_is_to_be_closed() -> None:
    with SimulatedCarrier(OUR_ACCOUNT.sid, OUR_ACCOUNT.tokens[0]) as sandbox:
        practice = Practice(sandbox)
        practice.client.flushall()
        found = practice.look()
    assert found["account"].verdict is Verdict.OK
    assert "calls" not in found
    assert "texts" not in found


# --- messaging services -----------------------------------------------------------------


def test_a_service_that_loses_texts_fails_and_fix_makes_it_defer(practice: Practice) -> None:
    practice.service.use_inbound_webhook_on_number = False
    name = f"service {practice.service.sid}"

    found = practice.look()[name]
    assert found.verdict is Verdict.FAILED
    assert "drops texts and logs none" in found.detail
    assert "every text to 1 of" in found.detail
    assert "doctor --fix" in found.detail

    assert practice.look(fix=True)[name].verdict is Verdict.OK
    assert practice.service.use_inbound_webhook_on_number
    assert practice.look()[name].verdict is Verdict.OK


def test_a_service_that_has_no_number_yet_loses_no_text_yet(practice: Practice) -> None:
    practice.sandbox.account.leave_service(practice.owned)
    practice.service.use_inbound_webhook_on_number = False
    found = practice.look()[f"service {practice.service.sid}"]
    assert found.verdict is Verdict.WARNING
    assert "none of the board's numbers is in it yet" in found.detail


def test_a_service_with_a_url_elsewhere_sends_texts_there(practice: Practice) -> None:
    practice.service.use_inbound_webhook_on_number = False
    practice.service.inbound_request_url = "https://another.example.com/texts"
    found = practice.look()[f"service {practice.service.sid}"]
    assert found.verdict is Verdict.FAILED
    assert "sends texts elsewhere" in found.detail

    urls = webhooks_of(practice.deployment().main)
    practice.service.inbound_request_url = urls["sms_url"]
    assert practice.verdicts(f"service {practice.service.sid}") == [Verdict.OK]


@pytest.mark.parametrize(("defers", "verdict"), [(False, Verdict.FAILED), (True, Verdict.WARNING)])
def test_numbers_in_a_service_that_is_not_the_boards_are_found(
    practice: Practice, *, defers: bool, verdict: Verdict
) -> None:
    """Nobody told us of it, and ``fix`` leaves it alone: others may use it."""
    practice.sandbox.account.leave_service(practice.owned)
    other = practice.sandbox.add_service(
        "Other", numbers=(practice.owned,), use_inbound_webhook_on_number=defers
    )

    found = practice.look(fix=True)

    assert found[f"service {other.sid}"].verdict is verdict
    assert other.use_inbound_webhook_on_number is defers
    assert "numbers reconcile" in found["services"].detail
    assert found["registration us"].verdict is Verdict.WARNING


def test_a_service_of_another_account_is_named(practice: Practice) -> None:
    del practice.sandbox.account.services[practice.service.sid]
    practice.owned.service_sid = None
    found = practice.look()
    assert found[f"service {practice.service.sid}"].verdict is Verdict.FAILED


def test_numbers_outside_of_services_that_are_full_need_another_one(practice: Practice) -> None:
    practice.sandbox.account.leave_service(practice.owned)
    practice.settings["SERVICE_NUMBERS"] = "1"
    practice.sandbox.account.join(practice.sandbox.add_number(OTHER_NUMBER), practice.service)
    found = practice.look()["services"]
    assert found.verdict is Verdict.WARNING
    assert "give the board another one" in found.detail


# --- registration -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [(TextingRegistration.WARN, Verdict.WARNING), (TextingRegistration.REQUIRED, Verdict.FAILED)],
)
def test_numbers_that_are_not_registered_fail_where_nobody_can_text(
    practice: Practice, policy: TextingRegistration, verdict: Verdict
) -> None:
    services = practice.deployment().main
    services.store.pools.put(replace(POOL, texting_registration=policy))
    practice.service.campaign_status = "IN_PROGRESS"
    follow_registrations([services], now=NOW)

    found = practice.look()
    services.store.pools.put(replace(POOL, texting_registration=TextingRegistration.WARN))
    is_required = policy is TextingRegistration.REQUIRED
    is_said_alike = practice.look()["registration us"].detail == found["registration us"].detail

    assert is_said_alike is not is_required, "kept from sessions, or refused by carriers"
    assert found["registration us"].verdict is verdict
    assert ": 1 of 1, since " in found["registration us"].detail
    assert "no approved 10DLC campaign" in found["registration us"].detail
    assert not any(name.startswith("texts ") for name in found)


def test_where_some_number_can_text_a_missing_registration_is_a_warning(
    practice: Practice,
) -> None:
    services = practice.deployment().main
    services.store.pools.put(replace(POOL, texting_registration=TextingRegistration.REQUIRED))
    practice.sandbox.add_number(TOLL_FREE)
    import_number(services, TOLL_FREE, "us", now=NOW)

    found = practice.look()["registration us"]

    assert found.verdict is Verdict.WARNING
    assert "numbers kept from sessions that text: 1 of 2, since " in found.detail


def test_numbers_of_other_countries_are_not_asked_for_a_registration(practice: Practice) -> None:
    services = practice.deployment().main
    services.store.numbers.retire(NUMBER, "us")
    practice.sandbox.add_number("+14165550150")
    import_number(services, "+14165550150", "us", now=NOW)
    assert "registration us" not in practice.look()


# --- numbers ------------------------------------------------------------------------------


def test_a_number_without_a_fallback_is_a_warning(practice: Practice) -> None:
    practice.owned.voice_fallback_url = ""
    found = practice.look()["fallback"]
    assert found.verdict is Verdict.WARNING
    assert "without a fallback URL: 1;" in found.detail
    assert "set VOICE_FALLBACK_URL" in found.detail

    practice.settings["VOICE_FALLBACK_URL"] = "https://handler.example.com/sorry"
    found = practice.look()["fallback"]
    assert found.detail.endswith("python -m relay numbers reconcile --fix")
    assert "numbers reconcile --fix" in practice.look()[f"number {NUMBER}"].detail


def test_a_board_without_numbers_is_told_commands_that_harm_no_other(practice: Practice) -> None:
    put_board(practice.deployment(), BoardTerms(name="second", spoken_name="Second Jobs"))
    assert practice.look()["second: numbers"].detail == (
        "none yet: python -m relay pools put us --country US --board second,"
        " then python -m relay numbers import +1… --pool us --board second"
    )

    # To put the pool again would take its policy away.
    second = practice.deployment().of_board("second")
    second.store.pools.put(Pool(name="gb", country="GB"))
    assert practice.look()["second: numbers"].detail == (
        "none yet: python -m relay numbers import +… --pool gb --board second"
    )


def test_a_number_that_points_elsewhere_is_mended_on_its_own_board(practice: Practice) -> None:
    put_board(practice.deployment(), BoardTerms(name="second", spoken_name="Second Jobs"))
    second = practice.deployment().of_board("second")
    second.store.pools.put(POOL)
    other = practice.sandbox.add_number(OTHER_NUMBER)
    import_number(second, OTHER_NUMBER, "us", now=NOW)
    other.voice_url = "https://another.example.com/voice"

    found = practice.look()[f"second: number {OTHER_NUMBER}"]

    assert found.verdict is Verdict.FAILED
    mend = f"python -m relay numbers import {OTHER_NUMBER} --pool us --board second"
    assert found.detail.endswith(mend)


# --- several boards -----------------------------------------------------------------------


def test_an_account_is_asked_once_for_all_boards_that_use_it(practice: Practice) -> None:
    own = {"account_sid": "AC" + "2" * 32, "auth_tokens": ("its-own-token",)}
    put_board(practice.deployment(), BoardTerms(name="second", spoken_name="Second Jobs"))
    put_board(practice.deployment(), BoardTerms(name="third", spoken_name="Third Jobs", **own))

    found = practice.look()

    assert found["main: account"].verdict is Verdict.OK
    assert "second: account" not in found
    assert found["second: numbers"].verdict is Verdict.WARNING
    # The sandbox knows no such account.
    assert found["third: carrier"].verdict is Verdict.FAILED
    assert "boards put third" in found["third: carrier"].detail


def put_second_board(
    practice: Practice, key: str, secret: str, *, tokens: tuple[str, ...] = OUR_ACCOUNT.tokens
) -> None:
    """It uses the same account with a key of its own."""
    terms = BoardTerms(
        name="second",
        spoken_name="Second Jobs",
        account_sid=OUR_ACCOUNT.sid,
        auth_tokens=tokens,
        carrier_key_sid=key,
        carrier_key_secret=secret,
    )
    put_board(practice.deployment(), terms)


def test_credentials_of_one_board_say_nothing_of_anothers(practice: Practice) -> None:
    revoked = "SK" + "9" * 32
    put_second_board(practice, revoked, "gone")
    found = practice.look()
    assert found["main: carrier"].verdict is Verdict.OK
    assert found["main: account"].verdict is Verdict.OK
    assert found["second: carrier"].verdict is Verdict.FAILED
    assert "second: numbers" not in found

    key = practice.sandbox.add_api_key("Main")
    put_second_board(practice, key.sid, key.secret)
    practice.settings |= {"TWILIO_API_KEY_SID": revoked, "TWILIO_API_KEY_SECRET": "gone"}
    found = practice.look()
    assert found["main: carrier"].verdict is Verdict.FAILED
    assert found["second: account"].verdict is Verdict.OK
    assert found["second: calls"].detail == "go to CA, US only"
    assert found["second: numbers"].verdict is Verdict.WARNING


# --- lost numbers -------------------------------------------------------------------------


def test_a_lost_number_is_no_trouble_of_the_boards_any_more(practice: Practice) -> None:
    practice.sandbox.add_number(OTHER_NUMBER)
    services = practice.deployment().main
    import_number(services, OTHER_NUMBER, "us", now=NOW)
    practice.sandbox.account.remove_number(practice.owned)
    assert practice.look()[f"number {NUMBER}"].verdict is Verdict.FAILED
    reconcile_numbers([services], clock=lambda: NOW)
    found = practice.look()
    assert f"number {NUMBER}" not in found
    assert "services" not in found


# --- joining ------------------------------------------------------------------------------


def test_a_number_is_not_imported_into_a_service_that_would_lose_its_texts(
    practice: Practice,
) -> None:
    practice.service.use_inbound_webhook_on_number = False
    owned = practice.sandbox.add_number(OTHER_NUMBER)
    services = practice.deployment().main

    with pytest.raises(Conflict, match="doctor --fix") as refusal:
        import_number(services, OTHER_NUMBER, "us", now=NOW)
    assert refusal.value.code == "texts_would_be_lost"

    assert owned.service_sid is None
    assert services.store.numbers.get(OTHER_NUMBER) is None
    assert not owned.sms_url
    practice.look(fix=True)
    import_number(services, OTHER_NUMBER, "us", now=NOW)
    assert owned.service_sid == practice.service.sid


# --- addresses ----------------------------------------------------------------------------


def test_numbers_at_the_previous_address_are_answered_until_they_have_moved(
    practice: Practice,
) -> None:
    old, new = make_settings().public_base_url, "https://relay.example.org"
    practice.settings |= {"PUBLIC_BASE_URL": new}
    assert practice.verdicts(f"number {NUMBER}") == [Verdict.FAILED]
    practice.settings |= {"PUBLIC_BASE_URL_PREVIOUS": old}
    assert practice.verdicts(f"number {NUMBER}", "previous address") == [
        Verdict.WARNING,
        Verdict.OK,
    ]

    import_number(practice.deployment().main, NUMBER, "us", now=NOW)

    found = practice.look()
    assert found[f"number {NUMBER}"].verdict is Verdict.OK
    assert found["previous address"].verdict is Verdict.WARNING
    assert "remove PUBLIC_BASE_URL_PREVIOUS" in found["previous address"].detail


def test_fallback_urls_are_set_where_they_are_settings(practice: Practice) -> None:
    fallback = "https://handler.example.com/sorry"
    practice.settings |= {"VOICE_FALLBACK_URL": fallback, "SMS_FALLBACK_URL": fallback}
    assert practice.verdicts(f"number {NUMBER}") == [Verdict.WARNING]

    reconcile_numbers([practice.deployment().main], clock=lambda: NOW)

    owned = practice.owned
    assert (owned.voice_fallback_url, owned.sms_fallback_url) == (fallback, fallback)
    assert (owned.voice_fallback_method, owned.sms_fallback_method) == ("POST", "POST")
    assert practice.verdicts(f"number {NUMBER}") == [Verdict.OK]


def test_a_fallback_that_an_operator_has_set_stays_where_none_is_a_setting(
    practice: Practice,
) -> None:
    by_hand = practice.owned.voice_fallback_url
    practice.owned.voice_url = "https://elsewhere.example/"
    reconcile_numbers([practice.deployment().main], clock=lambda: NOW)
    assert practice.owned.voice_fallback_url == by_hand
    assert practice.verdicts(f"number {NUMBER}") == [Verdict.OK]
