from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from werkzeug.serving import make_server

from relay.app import create_app
from relay.sandbox import Answer, Phone, SimulatedCarrier
from relay.sandbox.records import OwnedNumber
from tests.sandbox.scenario import Scenario
from tests.sandbox.stand_in_relay import StandInRelay
from tests.world import NUMBER, make_settings

ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "a" * 32
VIRTUAL = "+14155550192"
ALICE = "+12125550101"
BOB = "+12125550102"


class LoopbackHttpClient(TwilioHttpClient):
    """All of Twilio's hosts at one address, as the relay's own client does it."""

    def __init__(self, base_url: str, timeout: float = 3.0) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base_url)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)
        headers = {**(kwargs.pop("headers", None) or {}), "X-Relay-Original-Host": parts.netloc}
        moved = parts._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        return super().request(method, moved, *args, headers=headers, **kwargs)


@pytest.fixture
def carrier() -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(
        ACCOUNT_SID, AUTH_TOKEN, seed=7, speed=200, message_delay=(0.005, 0.01)
    ) as simulated:
        yield simulated
    assert simulated.crashes == []


@pytest.fixture
def relay() -> Iterator[StandInRelay]:
    with StandInRelay(AUTH_TOKEN) as stand_in:
        yield stand_in


@pytest.fixture
def client(carrier: SimulatedCarrier) -> Client:
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=LoopbackHttpClient(carrier.base_url))


@pytest.fixture
def number(carrier: SimulatedCarrier, relay: StandInRelay) -> OwnedNumber:
    """Our number, with all its webhooks at the stand-in."""
    owned = carrier.add_number(VIRTUAL)
    owned.voice_url = relay.url("/voice")
    owned.sms_url = relay.url("/texts")
    owned.status_callback = relay.url("/ended")
    return owned


@pytest.fixture
def alice(carrier: SimulatedCarrier) -> Phone:
    return carrier.phone(ALICE)


@pytest.fixture
def bob(carrier: SimulatedCarrier) -> Phone:
    phone = carrier.phone(BOB)
    phone.on_ring = Answer()
    return phone


# --- with the relay's own application ------------------------------------------------------


class _LateApp:
    """The server's address is part of the settings that the application is made from."""

    app: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


@pytest.fixture
def scenario() -> Iterator[Scenario]:
    account = make_settings()
    late = _LateApp()
    server = make_server("127.0.0.1", 0, late, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with SimulatedCarrier(
        account.twilio_account_sid,
        account.twilio_auth_token.get_secret_value(),
        message_delay=(0.005, 0.01),
    ) as sandbox:
        sandbox.add_number(NUMBER)
        told = Scenario(sandbox, f"http://127.0.0.1:{server.port}")
        late.app = create_app(told.deployment)
        yield told
    server.shutdown()
    thread.join()
    server.server_close()
    assert sandbox.crashes == []
