"""What a view works with: the request's board, the moment, and who is asking."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from flask import Flask, current_app, g

from relay.carrier.signature import SignatureCheck
from relay.carrier.twiml import VoiceDocuments
from relay.carrier.urls import WebhookUrls
from relay.domain.api_key import ApiKey
from relay.store.clock import ClockGuard
from relay.store.idempotency import Idempotency
from relay.store.keys import DeploymentKeys
from relay.store.rate_limits import RateLimits
from relay.web.refusal_log import RefusalLog
from relay.workflows.deployment import Deployment
from relay.workflows.services import Services

_EXTENSION = "relay"


class WebBoard:
    """What only the web needs of a board, beside the services of the workflows."""

    def __init__(self, services: Services) -> None:
        client, keys = services.store.client, services.store.keys
        self.services = services
        self.idempotency = Idempotency(client, keys, services.vault.signer)
        self.rate_limits = RateLimits(client, keys)

    @cached_property
    def signature(self) -> SignatureCheck:
        settings = self.services.settings
        return SignatureCheck(
            settings.public_base_url,
            self.services.account.tokens,
            previous=settings.public_base_url_previous,
        )

    @cached_property
    def documents(self) -> VoiceDocuments:
        settings, board = self.services.settings, self.services.board
        return VoiceDocuments(
            WebhookUrls(settings.public_base_url, board.name),
            board_name=board.spoken_name,
            default_locale=board.default_locale,
            voices=settings.say_voices,
            ring_timeout=settings.ring_timeout,
            call_time_limit=settings.call_time_limit,
        )


@dataclass(frozen=True)
class WebDeployment:
    """The same of the deployment; ``rate_limits`` are those of no board."""

    deployment: Deployment
    clock: ClockGuard
    rate_limits: RateLimits
    refusals: RefusalLog = field(default_factory=RefusalLog)
    _boards: dict[str, WebBoard] = field(default_factory=dict)

    def board(self, services: Services) -> WebBoard:
        name = services.board.name
        known = self._boards.get(name)
        if known is None or known.services is not services:
            known = self._boards[name] = WebBoard(services)
        return known


def attach(app: Flask, deployment: Deployment) -> None:
    client = deployment.client
    app.extensions[_EXTENSION] = WebDeployment(
        deployment=deployment,
        clock=ClockGuard(client),
        rate_limits=RateLimits(client, DeploymentKeys()),
    )


def web_deployment() -> WebDeployment:
    return cast("WebDeployment", current_app.extensions[_EXTENSION])


def deployment() -> Deployment:
    return web_deployment().deployment


def serve(services: Services) -> WebBoard:
    """From now on the request is this board's."""
    g.board = web_deployment().board(services)
    return board()


def board() -> WebBoard:
    """The request's. Only behind ``auth.needs`` with a board's key, or a signature."""
    return cast("WebBoard", g.board)


def services() -> Services:
    return board().services


def boards_of_key() -> list[Services]:
    """Those that a key may be told of: its board, or with a deployment key all. Only behind
    ``auth.needs``."""
    return [services()] if "board" in g else deployment().boards()


def now() -> float:
    """The moment, in POSIX seconds. Raises Unavailable when this process's clock and the store's
    differ: whoever asks for the time is about to decide what has expired."""
    web_deployment().clock.check()
    return time.time()


def client() -> ApiKey:
    """Whose request this is. Only behind ``auth.needs``."""
    return cast("ApiKey", g.api_key)
