"""A simulated Twilio: REST on loopback, phones that ring, webhooks that are signed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import TypeVar

from relay.sandbox.account import Account
from relay.sandbox.calls.switchboard import Switchboard
from relay.sandbox.clock import Clock
from relay.sandbox.exchange import AccountExchange
from relay.sandbox.faults import Faults
from relay.sandbox.identifiers import Identifiers
from relay.sandbox.network import Network
from relay.sandbox.phone import Phone
from relay.sandbox.records import Call, Message, OwnedNumber, Service
from relay.sandbox.rest.api import Api
from relay.sandbox.rest.request import RestRequest
from relay.sandbox.rest.server import RestServer
from relay.sandbox.standing import ApiKey, KeyKind
from relay.sandbox.texts.opt_out import Word
from relay.sandbox.texts.sender import Sender
from relay.sandbox.thread_pool import ThreadPool
from relay.sandbox.webhooks.delivery import Postman
from relay.sandbox.webhooks.dispatch import Dispatch
from relay.sandbox.webhooks.journal import TwimlDocument, WebhookDelivery
from relay.sandbox.webhooks.kinds import Kind

T = TypeVar("T")
EVERYTHING = {"voice": True, "sms": True, "mms": True, "fax": False}


class SimulatedCarrier:
    """One account at the carrier, and everybody's phones. See README.md beside this file.

    `speed`: how many seconds of a call pass in a real one. `message_delay`: real seconds between
    the steps of a message, drawn between the two.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        seed: int | None = None,
        port: int = 0,
        speed: float = 20.0,
        message_delay: tuple[float, float] = (0.02, 0.05),
    ) -> None:
        self._clock = clock = Clock(speed)
        identifiers = Identifiers(seed)
        self.faults = Faults()
        self.account = Account(account_sid, auth_token, clock, identifiers)
        self._thread_pool = ThreadPool()
        self._postman = Postman(self.account, clock, identifiers, self.faults)
        self._dispatch = Dispatch(self._postman, self._thread_pool, self.faults.webhooks)
        self._network = Network(
            account=self.account,
            clock=clock,
            identifiers=identifiers,
            faults=self.faults,
            thread_pool=self._thread_pool,
            dispatch=self._dispatch,
            switchboard=Switchboard(self._thread_pool),
            message_delay=message_delay,
        )
        sender = Sender(self._network)
        self._network.exchange = AccountExchange(self._network, sender)
        self._rest = RestServer(
            Api(self._network, sender), self.faults.rest, self._thread_pool.crashes, port
        )
        self._network.base_url = self._rest.base_url

    def start(self) -> SimulatedCarrier:
        self._thread_pool.start()
        self._rest.start()
        return self

    def stop(self) -> None:
        """Ends calls, threads and sockets, at once."""
        self.faults.webhooks.release_held()
        self._rest.stop()
        self._dispatch.stop()
        self._network.switchboard.stop()
        self._thread_pool.stop()

    def __enter__(self) -> SimulatedCarrier:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return self._rest.base_url

    def add_number(
        self, phone_number: str, capabilities: dict[str, bool] | None = None
    ) -> OwnedNumber:
        """A number the account owns, without webhooks as yet."""
        return self.account.add_number(phone_number, {**EVERYTHING, **(capabilities or {})})

    def add_api_key(self, kind: KeyKind = "Standard") -> ApiKey:
        """An API key of the account."""
        return self.account.add_api_key(kind)

    def add_service(
        self,
        friendly_name: str = "Relay",
        *,
        numbers: tuple[OwnedNumber, ...] = (),
        inbound_request_url: str | None = None,
        use_inbound_webhook_on_number: bool = False,
        advanced_opt_out: bool = False,
        keywords: Mapping[str, Word] | None = None,
        status_callback: str | None = None,
    ) -> Service:
        """A messaging service with these numbers as its senders. Like Twilio's it drops what comes
        in, unless it has a URL or defers to its numbers' webhooks. ``keywords`` are its own words
        of Advanced Opt-Out, which they turn on."""
        service = self.account.add_service(friendly_name)
        service.inbound_request_url = inbound_request_url
        service.use_inbound_webhook_on_number = use_inbound_webhook_on_number
        service.advanced_opt_out = advanced_opt_out or bool(keywords)
        service.keywords = {word.casefold(): kind for word, kind in (keywords or {}).items()}
        service.status_callback = status_callback
        for number in numbers:
            self.account.join(number, service)
        return service

    @property
    def now(self) -> datetime:
        """The date at the carrier."""
        return self._clock.now()

    def advance(self, by: timedelta) -> None:
        """Moves the carrier's dates on: rent falls due, numbers that were given back age."""
        self._clock.advance(by)

    def verify_caller_id(self, number: str) -> None:
        """Lets the account show this number although it does not own it."""
        self.account.verified_caller_ids.add(number)

    def replace_auth_token(self, token: str) -> None:
        """The account's primary token from now on, for REST and for signatures."""
        self.account.auth_token = token

    def phone(self, number: str) -> Phone:
        return self._network.phone(number)

    @property
    def phones(self) -> list[Phone]:
        """All that have been asked for, called or texted."""
        return self._network.phones

    def suppressed(self, person: str, number: str) -> bool:
        """Whether the person has texted STOP to this number or to its service."""
        return self.account.is_blocked(person, number)

    def messages(self, to: str | None = None, from_: str | None = None) -> list[Message]:
        with self.account.lock:
            return [
                message
                for message in self.account.messages.values()
                if to in (None, message.to) and from_ in (None, message.from_)
            ]

    def calls(self, to: str | None = None, from_: str | None = None) -> list[Call]:
        with self.account.lock:
            return [
                call
                for call in self.account.calls.values()
                if to in (None, call.to) and from_ in (None, call.from_)
            ]

    def settle(self, timeout: float = 10.0) -> None:
        """Waits until no call, message or callback is under way; what is held does not count."""
        deadline = time.monotonic() + timeout
        switchboard = self._network.switchboard
        while time.monotonic() < deadline:
            # Calls start jobs and jobs start calls: quiet means quiet on both sides of idle.
            if (
                switchboard.is_quiet
                and self._thread_pool.wait_until_idle(max(0.0, deadline - time.monotonic()))
                and switchboard.is_quiet
            ):
                return
            time.sleep(0.005)
        raise TimeoutError("calls, messages or callbacks are still under way")

    def wait_for_request(
        self, path_contains: str, *, method: str = "POST", count: int = 1, timeout: float = 10.0
    ) -> list[RestRequest]:
        """The REST requests that fit, as soon as there are `count`; those held up count too."""

        def fitting() -> list[RestRequest]:
            return [r for r in self.rest_log if path_contains in r.path and r.method == method]

        return _wait_for(fitting, count, timeout)

    def wait_for_webhook(
        self, kind: Kind, *, count: int = 1, timeout: float = 10.0
    ) -> list[WebhookDelivery]:
        """The webhooks of a kind, as soon as `count` of them have been sent."""

        def fitting() -> list[WebhookDelivery]:
            return [one for one in self.webhook_log if one.kind == kind]

        return _wait_for(fitting, count, timeout)

    @property
    def webhook_log(self) -> list[WebhookDelivery]:
        return self._postman.log

    @property
    def rest_log(self) -> list[RestRequest]:
        return self._rest.log

    @property
    def twiml_documents(self) -> list[TwimlDocument]:
        return self._network.twiml_documents

    @property
    def crashes(self) -> list[BaseException]:
        """Faults of the sandbox itself. A test that finds one here has found a bug."""
        return self._thread_pool.crashes


def _wait_for(fitting: Callable[[], list[T]], count: int, timeout: float) -> list[T]:
    deadline = time.monotonic() + timeout
    while len(found := fitting()) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {count} came")
        time.sleep(0.005)
    return found
