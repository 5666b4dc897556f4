"""The application on a small world, and a client with a key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import fakeredis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from relay.app import create_app
from relay.carrier.account import AccountState, DialledCountries
from relay.carrier.messaging_services import MessagingService
from relay.carrier.numbers import OwnedNumber
from relay.domain.api_key import Scope
from relay.domain.registration import Sender
from relay.store.api_keys import ApiKeys
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.web.auth import Keyless, access_of
from tests.fake_redis import FakeRedis
from tests.wording import faults_of_problem
from tests.world import CARL, NUMBER, OTHER_NUMBER, RITA, World, make_world, signer

RECRUITER = {"ref": "r-1001", "phone": RITA, "name": "Rita", "organization": "Acme"}
CANDIDATE = {"ref": "c-77", "phone": CARL}
SERVICE = "MG" + "1" * 32
PAIR = {"recruiter": RECRUITER, "candidate": CANDIDATE}


@dataclass
class FakeNumbers:
    """Twilio's side: the numbers the account owns, and what was pointed where."""

    owned: set[str] = field(default_factory=lambda: {NUMBER, OTHER_NUMBER})
    urls: dict[str, dict[str, str]] = field(default_factory=dict)
    error: Exception | None = None

    def find_owned(self, number: str) -> OwnedNumber | None:
        if self.error is not None:
            raise self.error
        if number not in self.owned:
            return None
        urls = self.urls.get(sid_of(number), {})
        return OwnedNumber(
            number=number,
            sid=sid_of(number),
            voice=True,
            sms=True,
            mms=False,
            voice_url=urls.get("voice_url", ""),
            sms_url=urls.get("sms_url", ""),
        )

    def find_by_sid(self, sid: str) -> OwnedNumber | None:
        return next(
            (self.find_owned(number) for number in self.owned if sid_of(number) == sid), None
        )

    def point_here(self, sid: str, **urls: str) -> None:
        self.urls[sid] = urls

    def release(self, sid: str) -> None:
        if self.error is not None:
            raise self.error
        self.owned = {number for number in self.owned if sid_of(number) != sid}


def sid_of(number: str) -> str:
    return f"PN{number[1:]:0>32}"


class GoodAccount:
    """Twilio's side, where all is well (``test_examine_account.py`` has the rest)."""

    def fetch(self) -> AccountState:
        return AccountState(status="active", is_trial=False)

    def has_approved_profile(self) -> bool:
        return True

    def dialled_countries(self) -> DialledCountries:
        return DialledCountries(ordinary=self.texted_countries(), high_risk=frozenset())

    def texted_countries(self) -> frozenset[str]:
        return frozenset({"US", "CA"})

    def redacts_texts(self) -> bool:
        return False


class GoodServices:
    """One, with a campaign and with NUMBER in it."""

    def all(self) -> Iterator[MessagingService]:
        yield MessagingService(sid=SERVICE, defers_to_numbers=True, inbound_url="", is_posted=True)

    def check(self, _sid: str, *, sms_url: str) -> None:
        """It brings texts to any webhook."""

    def senders(self, _sid: str) -> list[Sender]:
        return [Sender(NUMBER, sid_of(NUMBER))]

    def has_verified_campaign(self, _sid: str) -> bool:
        return True


@dataclass
class FakeCarrier:
    numbers: FakeNumbers = field(default_factory=FakeNumbers)
    account: GoodAccount = field(default_factory=GoodAccount)
    messaging_services: GoodServices = field(default_factory=GoodServices)


@dataclass
class Api:
    """A client of the API whose key may do everything, unless another one is given."""

    world: World
    carrier: FakeCarrier
    redis: fakeredis.FakeRedis
    http: FlaskClient
    key: str

    def ask(
        self, method: str, path: str, *, key: str | None = None, **request: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        headers |= request.pop("headers", {})
        answer = self.http.open(path, method=method, headers=headers, **request)
        if answer.content_type == "application/problem+json":
            assert not [*faults_of_problem(answer.json)]
        return answer

    def get(self, path: str, **request: Any) -> TestResponse:
        return self.ask("GET", path, **request)

    def post(self, path: str, body: Any = None, **request: Any) -> TestResponse:
        return self.ask("POST", path, json=body, **request)

    def put(self, path: str, body: Any = None, **request: Any) -> TestResponse:
        return self.ask("PUT", path, json=body, **request)

    def patch(self, path: str, body: Any = None, **request: Any) -> TestResponse:
        return self.ask("PATCH", path, json=body, **request)

    def delete(self, path: str, **request: Any) -> TestResponse:
        return self.ask("DELETE", path, **request)

    def open_session(self, **changes: Any) -> dict[str, Any]:
        answer = self.post("/v1/sessions", PAIR | changes)
        assert answer.status_code == 201, answer.text
        return answer.json

    def key_with(self, *scopes: Scope, name: str = "another") -> str:
        return ApiKeys(self.redis, BoardKeys("main"), signer()).create(
            name, scopes, now=time.time()
        )

    def deployment_key(self) -> str:
        keys = ApiKeys(self.redis, DeploymentKeys(), signer())
        return keys.create("operator", [Scope.BOARDS], now=time.time())


def make_api(**settings: str) -> Api:
    carrier = FakeCarrier()
    redis = FakeRedis()
    world = make_world(redis, carrier=carrier, **settings)
    key = ApiKeys(redis, BoardKeys("main"), signer()).create("test", [Scope.ADMIN], now=time.time())
    return Api(world, carrier, redis, create_app(world.deployment).test_client(), key)


def pointers(answer: TestResponse) -> list[str]:
    return [fault["pointer"] for fault in answer.json["errors"]]


def webhooks() -> list[str]:
    """The rules of all routes that the carrier may ask for."""
    app = make_api().http.application
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if access_of(app, rule.endpoint) is Keyless.TO_THE_CARRIER
    )
