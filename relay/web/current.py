"""What a view works with: the process's services, the moment, and who is asking."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, g

from relay.domain.api_key import ApiKey
from relay.store.api_keys import ApiKeys
from relay.store.clock import ClockGuard
from relay.store.idempotency import Idempotency
from relay.store.rate_limits import RateLimits
from relay.workflows.services import Services

_EXTENSION = "relay"


@dataclass(frozen=True)
class WebServices:
    """What only the web needs, beside the services of the workflows."""

    services: Services
    clock: ClockGuard
    api_keys: ApiKeys
    idempotency: Idempotency
    rate_limits: RateLimits


def attach(app: Flask, services: Services) -> None:
    client = services.store.client
    app.extensions[_EXTENSION] = WebServices(
        services=services,
        clock=ClockGuard(client),
        api_keys=ApiKeys(client, services.store.keys),
        idempotency=Idempotency(client, services.store.keys),
        rate_limits=RateLimits(client, services.store.keys),
    )


def web_services() -> WebServices:
    return cast("WebServices", current_app.extensions[_EXTENSION])


def services() -> Services:
    return web_services().services


def now() -> float:
    """The moment, in POSIX seconds. Raises Unavailable when this process's clock and the store's
    differ: whoever asks for the time is about to decide what has expired."""
    web_services().clock.check()
    return time.time()


def client() -> ApiKey:
    """Whose request this is. Only behind ``auth.needs``."""
    return cast("ApiKey", g.api_key)
