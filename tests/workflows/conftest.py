"""Texts on a stage, where the carrier does what a test tells it to; and a scenario, with the
simulated carrier and the relay's webhooks on a server of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from relay.app import create_app
from relay.sandbox import SimulatedCarrier
from tests.workflows.scenario import Scenario
from tests.workflows.texting import Stage
from tests.world import NUMBER, make_settings


@pytest.fixture
def stage() -> Stage:
    """Rita and Carl have a session."""
    return Stage()


@pytest.fixture
def message(stage: Stage) -> str:
    """A text of Rita's that the carrier has taken."""
    message = stage.text().message
    stage.work()
    return message


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
