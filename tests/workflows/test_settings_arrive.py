"""Each setting arrives where it acts: by the parts as they are wired, not as a test would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lxml import etree

from relay.bootstrap import build_deployment
from relay.carrier.webhooks import InboundCall
from relay.domain.errors import CarrierError
from relay.domain.guard import LONGEST_GUARD
from relay.domain.session import ClosedReason
from relay.domain.trouble import Trouble
from relay.sandbox import SimulatedCarrier
from relay.sandbox.webhooks.signature import sign
from relay.workflows.connect_call import LEASE_MARGIN, connect_call
from relay.workflows.deployment import Deployment
from relay.workflows.point_here import webhooks_of
from relay.workflows.recycle import recycle
from tests.web.api import SERVICE, Api, make_api
from tests.workflows.texting import Stage
from tests.world import (
    CARL,
    ENVIRONMENT,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    OUR_ACCOUNT,
    RITA,
    World,
    index_of,
    make_settings,
    make_world,
)

SID = "CA" + "1" * 32
TOKEN, NEXT_TOKEN = ENVIRONMENT["TWILIO_AUTH_TOKEN"], "7" * 32
DAY = 24 * 3600


def call(world: World, *, now: float = NOW) -> None:
    connect_call(world.services, InboundCall(call_sid=SID, caller=RITA, called=NUMBER), now=now)


def call_of_rita(api: Api, token: str = TOKEN, base: str = ENVIRONMENT["PUBLIC_BASE_URL"]) -> Any:
    form = {"CallSid": SID, "AccountSid": OUR_ACCOUNT.sid, "From": RITA, "To": NUMBER}
    headers = {"X-Twilio-Signature": sign(token, f"{base}/twilio/voice", form)}
    return api.http.post("/twilio/voice", data=form, headers=headers)


# --- calls -----------------------------------------------------------------------------


def test_p5_a_lease_lasts_as_long_as_a_call_may_by_the_settings() -> None:
    world = make_world(RING_TIMEOUT="40", CALL_TIME_LIMIT="7200")
    world.open()
    call(world)

    (lease,) = world.services.store.client.hvals("{main}:leases")

    until = NOW + 40 + LONGEST_GUARD + 7200 + LEASE_MARGIN
    assert until <= int(lease.split("\t")[1]) < until + 1


def test_a_dial_rings_and_lasts_as_long_as_the_settings_say() -> None:
    api = make_api(RING_TIMEOUT="40", CALL_TIME_LIMIT="7200")
    api.open_session()

    dial = etree.fromstring(call_of_rita(api).data).find("Dial")

    assert dial.get("timeout") == "40"
    assert dial.get("timeLimit") == str(7200 + LONGEST_GUARD)


def test_the_board_speaks_the_language_and_with_the_voice_of_the_settings() -> None:
    api = make_api(DEFAULT_LOCALE="zh-CN", SAY_VOICES="cmn-CN=Polly.Hiujin")

    say = next(etree.fromstring(call_of_rita(api).data).iter("Say"))

    assert (say.get("language"), say.get("voice")) == ("cmn-CN", "Polly.Hiujin")


def test_the_guard_names_the_board_of_the_settings() -> None:
    api = make_api(BOARD_NAME="Berufe")
    api.open_session()
    call_of_rita(api)

    path, form = f"/twilio/main/calls/us.{SID}/screen", {"AccountSid": OUR_ACCOUNT.sid}
    form |= {"CallSid": "CA" + "2" * 32, "ParentCallSid": SID}
    headers = {"X-Twilio-Signature": sign(TOKEN, ENVIRONMENT["PUBLIC_BASE_URL"] + path, form)}

    assert "Berufe" in api.http.post(path, data=form, headers=headers).text


# --- who is heard -----------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, NEXT_TOKEN])
def test_during_a_rotation_both_tokens_sign_webhooks(token: str) -> None:
    api = make_api(TWILIO_AUTH_TOKEN_NEXT=NEXT_TOKEN)
    assert call_of_rita(api, token).status_code == 200
    assert call_of_rita(api, "8" * 32).status_code == 403


def test_without_a_next_token_it_signs_nothing() -> None:
    assert call_of_rita(make_api(), NEXT_TOKEN).status_code == 403
    assert call_of_rita(make_api(), "").status_code == 403


def test_both_addresses_are_heard_during_a_move() -> None:
    new, old = "https://relay.example.org", "https://relay.example.net"
    api = make_api(PUBLIC_BASE_URL=new, PUBLIC_BASE_URL_PREVIOUS=old)
    assert [call_of_rita(api, base=url).status_code for url in (new, old)] == [200, 200]
    assert call_of_rita(api).status_code == 403


# --- how long ---------------------------------------------------------------------------


def test_a_call_is_on_record_for_the_retention() -> None:
    world = make_world(RECORD_RETENTION=str(8 * DAY))
    world.open()
    call(world)

    assert_lives(world.services.store.client, "{main}:call:" + SID, 8 * DAY)


def texts_live(stage: Stage, count: int) -> None:
    """So many texts and notices are on record, each for the retention."""
    records = [*stage.client.scan_iter(stage.store.keys.message("*"))]
    assert len(records) == count
    for record in records:
        assert_lives(stage.client, record, 8 * DAY)


@pytest.mark.parametrize("is_reported", [True, False])
def test_a_text_and_a_notice_about_it_are_on_record_for_the_retention(is_reported: bool) -> None:
    stage = Stage(RECORD_RETENTION=str(8 * DAY))
    message = stage.text().message
    texts_live(stage, 1)

    if is_reported:
        stage.work()
        texts_live(stage, 1)
        stage.report(message, "undelivered", 30006)
    else:
        stage.carrier.messages.troubles = [CarrierError(Trouble.LANDLINE, 21614)]
        stage.work()

    texts_live(stage, 2)


def test_a_session_that_has_ended_is_on_record_for_the_retention() -> None:
    world = make_world(RECORD_RETENTION=str(8 * DAY))
    session = world.open()
    sessions = world.services.store.sessions
    sessions.close(session.id, ClosedReason.BY_API, now=NOW)
    cooled = NOW + 400 * DAY
    recycle(world.services, now=cooled)
    recycle(world.services, now=cooled + 8 * DAY - 60)
    assert sessions.get(session.id)
    recycle(world.services, now=cooled + 8 * DAY + 60)
    assert not sessions.get(session.id)


def assert_lives(client: Any, key: str, seconds: int) -> None:
    assert seconds - 60 <= client.ttl(key) <= seconds, f"{key} lives for {client.ttl(key)} s"


# --- what a process is built from --------------------------------------------------------


@pytest.fixture
def twilio() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(OUR_ACCOUNT.sid, OUR_ACCOUNT.tokens[0]) as simulated:
        simulated.add_number(NUMBER)
        yield simulated
    assert simulated.crashes == []


Build = Callable[..., Deployment]


@pytest.fixture
def build(twilio: SimulatedCarrier) -> Build:
    def built(**changes: str) -> Deployment:
        return build_deployment(make_settings(TWILIO_API_BASE_URL=twilio.base_url, **changes))

    return built


def test_the_carrier_is_asked_at_the_address_of_the_settings(
    build: Build, twilio: SimulatedCarrier
) -> None:
    assert build().main.carrier.numbers.find_owned(NUMBER)
    assert twilio.rest_log[-1].host == "api.twilio.com"

    twilio.account.standing.region = "ie1"
    changes = {"TWILIO_REGION": "ie1", "TWILIO_EDGE": "dublin"}
    assert build(**changes).main.carrier.numbers.find_owned(NUMBER)
    assert twilio.rest_log[-1].host == "api.dublin.ie1.twilio.com"


def test_requests_are_made_with_the_api_key_of_the_settings(
    build: Build, twilio: SimulatedCarrier
) -> None:
    key = twilio.add_api_key("Standard")
    given = {"TWILIO_API_KEY_SID": key.sid, "TWILIO_API_KEY_SECRET": key.secret}
    assert build(TWILIO_AUTH_TOKEN="6" * 32, **given).main.carrier.numbers.find_owned(NUMBER)
    with pytest.raises(CarrierError):
        build(TWILIO_AUTH_TOKEN="6" * 32).main.carrier.numbers.find_owned(NUMBER)


def test_until_the_rotation_is_over_requests_are_made_with_the_present_token(build: Build) -> None:
    changed = build(TWILIO_AUTH_TOKEN_NEXT=NEXT_TOKEN)
    assert changed.main.carrier.numbers.find_owned(NUMBER)


def test_an_account_is_sent_as_many_texts_at_once_as_the_settings_say(build: Build) -> None:
    deployment = build(TEXTS_AT_ONCE="5")
    assert deployment.main.carrier.throttle.most == 5
    again = deployment.carrier_of(deployment.main.account)
    assert again.throttle is deployment.main.carrier.throttle


def test_the_store_waits_for_as_many_replicas_as_the_settings_say(build: Build) -> None:
    assert build(STORE_REPLICAS="2").main.store.client.replicas == 2
    assert build().main.store.client.replicas == 0


@pytest.mark.parametrize(("verified", "asked"), [("true", None), ("false", "none")])
def test_both_redis_are_reached_as_the_settings_say(
    build: Build, verified: str, asked: str | None
) -> None:
    deployment = build(
        REDIS_URL="rediss://store.example.com:6380/3",
        QUEUE_REDIS_URL="rediss://queue.example.com:6381/4",
        REDIS_TLS_VERIFY=verified,
    )
    for client, address in (
        (deployment.client, ("store.example.com", 6380, 3)),
        (deployment.queues, ("queue.example.com", 6381, 4)),
    ):
        options = client.connection_pool.connection_kwargs
        assert (options["host"], options["port"], options["db"]) == address
        assert options.get("ssl_cert_reqs") == asked


def test_a_number_is_pointed_at_the_addresses_of_the_settings() -> None:
    fallbacks = {
        "VOICE_FALLBACK_URL": "https://static.example.com/sorry.xml",
        "SMS_FALLBACK_URL": "https://static.example.com/silence.xml",
    }
    urls = webhooks_of(make_world(**fallbacks).services)
    assert urls["voice_fallback_url"] == fallbacks["VOICE_FALLBACK_URL"]
    assert urls["sms_fallback_url"] == fallbacks["SMS_FALLBACK_URL"]
    assert all(
        urls[name].startswith("https://relay.example.com/")  # type: ignore[literal-required]
        for name in ("voice_url", "sms_url", "status_callback")
    )


@pytest.mark.parametrize(("service", "is_wide"), [(SERVICE, True), ("", False)])
@pytest.mark.parametrize("way", ["he says it", "it is answered", "it is reported"])
def test_a_stop_holds_for_the_messaging_service_of_the_settings_or_for_the_number(
    service: str, is_wide: bool, way: str
) -> None:
    stage = Stage(TWILIO_MESSAGING_SERVICE_SID=service)
    if way == "he says it":
        stage.text(CARL, "STOP")
    else:
        stage.carrier.messages.troubles = (
            [CarrierError(Trouble.OPTED_OUT, 21610)] if way == "it is answered" else []
        )
        message = stage.text().message
        stage.work()
        if way == "it is reported":
            stage.report(message, "failed", 21610)

    suppressions, carl = stage.store.suppressions, [index_of(CARL)]
    assert suppressions.is_stopped(carl, NUMBER)
    assert suppressions.is_stopped(carl, OTHER_NUMBER) is is_wide
    assert not suppressions.is_stopped([index_of(RITA)], NUMBER)
