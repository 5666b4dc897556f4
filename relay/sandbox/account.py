"""The account's books. Every change to a record is made under `lock`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypedDict, TypeVar

from relay.sandbox.clock import Clock
from relay.sandbox.geography import country_of
from relay.sandbox.identifiers import Identifiers
from relay.sandbox.prices import TrafficLedger, price_of_call, price_of_message
from relay.sandbox.records import (
    Bundle,
    Call,
    CallDirection,
    Message,
    MessageDirection,
    OwnedNumber,
    Service,
)
from relay.sandbox.rent import MONTHLY, MONTHLY_TOLL_FREE, Rental, RentLedger
from relay.sandbox.standing import ApiKey, KeyKind, Standing

#: Undelivered: a toll-free number that is not verified, a long code in no approved campaign.
TOLL_FREE_UNVERIFIED, UNREGISTERED = 30032, 30034

T = TypeVar("T")


class _Stamps(TypedDict):
    created: datetime
    updated: datetime
    sequence: int


class Account:
    def __init__(self, sid: str, auth_token: str, clock: Clock, identifiers: Identifiers) -> None:
        self.sid = sid
        self.auth_token = auth_token
        self.lock = threading.RLock()
        self.numbers: dict[str, OwnedNumber] = {}
        self.messages: dict[str, Message] = {}
        self.calls: dict[str, Call] = {}
        self.services: dict[str, Service] = {}
        self.bundles: dict[str, Bundle] = {}
        self.verified_caller_ids: set[str] = set()
        self.rent = RentLedger()
        self.traffic = TrafficLedger()
        self.standing = Standing()
        self.opened = clock.now()
        self.api_keys: dict[str, ApiKey] = {}
        # When the account gave which number back, the last time.
        self.released: dict[str, datetime] = {}
        self._blocked: set[tuple[str, str]] = set()
        self._clock = clock
        self._identifiers = identifiers
        self._sequence = 0

    def may_dial(self, number: str) -> bool:
        """By its geographic permissions; of a country that the sandbox does not know it may."""
        country = country_of(number)
        return not country or country in self.standing.dials

    def may_text(self, number: str) -> bool:
        country = country_of(number)
        return not country or country in self.standing.texts

    def add_number(self, phone_number: str, capabilities: dict[str, bool]) -> OwnedNumber:
        with self.lock:
            number = OwnedNumber(
                sid=self._identifiers.new("PN"),
                account_sid=self.sid,
                phone_number=phone_number,
                capabilities=dict(capabilities),
                friendly_name=phone_number,
                country=country_of(phone_number),
                **self._stamps(),
            )
            self.numbers[number.sid] = number
            price = MONTHLY_TOLL_FREE if number.is_toll_free else MONTHLY
            self.rent.begin(Rental(phone_number, number.sid, number.created, price))
            return number

    def add_bundle(self, country: str) -> Bundle:
        with self.lock:
            bundle = Bundle(self._identifiers.new("BU"), country)
            self.bundles[bundle.sid] = bundle
            return bundle

    def add_api_key(self, kind: KeyKind) -> ApiKey:
        with self.lock:
            secret = self._identifiers.new("")
            key = ApiKey(self._identifiers.new("SK"), secret, kind)
            self.api_keys[key.sid] = key
            return key

    def add_service(self, friendly_name: str) -> Service:
        with self.lock:
            service = Service(
                sid=self._identifiers.new("MG"),
                account_sid=self.sid,
                friendly_name=friendly_name,
                **self._stamps(),
            )
            self.services[service.sid] = service
            return service

    def add_message(
        self,
        from_: str,
        to: str,
        body: str,
        *,
        direction: MessageDirection,
        status: str,
        prefix: str,
    ) -> Message:
        with self.lock:
            message = Message(
                sid=self._identifiers.new(prefix),
                account_sid=self.sid,
                from_=from_,
                to=to,
                body=body,
                direction=direction,
                status=status,
                **self._stamps(),
            )
            self.messages[message.sid] = message
            return message

    def add_call(
        self, from_: str, to: str, direction: CallDirection, parent_sid: str | None = None
    ) -> Call:
        with self.lock:
            number = self.number(to) if direction == "inbound" else self.number(from_)
            call = Call(
                sid=self._identifiers.new("CA"),
                account_sid=self.sid,
                from_=from_,
                to=to,
                direction=direction,
                status="queued" if direction == "outbound-api" else "ringing",
                parent_sid=parent_sid,
                phone_number_sid=number.sid if number else None,
                **self._stamps(),
            )
            self.calls[call.sid] = call
            return call

    def delete_message(self, message: Message) -> None:
        with self.lock:
            self.traffic.note_deleted(price_of_message(message))
            del self.messages[message.sid]

    def delete_call(self, call: Call) -> None:
        with self.lock:
            self.traffic.note_deleted(price_of_call(call))
            del self.calls[call.sid]

    def charged_for_traffic(self) -> Decimal:
        """What calls and texts have cost so far, in US dollars; deleted ones, too."""
        with self.lock:
            prices = [price_of_call(call) for call in self.calls.values()]
            prices += [price_of_message(message) for message in self.messages.values()]
            return sum((price for price in prices if price), self.traffic.charged)

    def number(self, phone_number: str) -> OwnedNumber | None:
        with self.lock:
            return _first(self.numbers.values(), lambda n: n.phone_number == phone_number)

    def join(self, number: OwnedNumber, service: Service) -> None:
        with self.lock:
            number.service_sid = service.sid
            number.joined = self._clock.now()
            service.number_sids.append(number.sid)

    def leave_service(self, number: OwnedNumber) -> None:
        with self.lock:
            if number.service_sid is not None:
                self.services[number.service_sid].number_sids.remove(number.sid)
                number.service_sid = None

    def why_unregistered(self, number: OwnedNumber) -> int | None:
        """The code that US carriers refuse its texts with; None when they know of them."""
        if number.is_toll_free:
            return None if number.verification_status == "TWILIO_APPROVED" else TOLL_FREE_UNVERIFIED
        service = self.services.get(number.service_sid or "")
        has_campaign = service is not None and service.campaign_status == "VERIFIED"
        return UNREGISTERED if number.country == "US" and not has_campaign else None

    def remove_number(self, number: OwnedNumber) -> None:
        with self.lock:
            self.leave_service(number)
            del self.numbers[number.sid]
            self.released[number.phone_number] = now = self._clock.now()
            self.rent.end(number.sid, now)

    def block(self, person: str, number: str) -> None:
        with self.lock:
            self._blocked.add((person, self._sender(number)))

    def unblock(self, person: str, number: str) -> None:
        with self.lock:
            self._blocked.discard((person, self._sender(number)))

    def is_blocked(self, person: str, number: str) -> bool:
        with self.lock:
            return (person, self._sender(number)) in self._blocked

    def _sender(self, number: str) -> str:
        """An opt-out covers the whole messaging service, outside of one only the number."""
        owned = self.number(number)
        return owned.service_sid if owned and owned.service_sid else number

    def _stamps(self) -> _Stamps:
        self._sequence += 1
        now = self._clock.now()
        return {"created": now, "updated": now, "sequence": self._sequence}


def _first(items: Iterable[T], wanted: Callable[[T], bool]) -> T | None:
    return next((item for item in items if wanted(item)), None)
