"""messaging.twilio.com/v1: services, the numbers in them, and toll-free verifications."""

from __future__ import annotations

from relay.sandbox.network import Network
from relay.sandbox.records import OwnedNumber, Service
from relay.sandbox.rest.paging import meta_page
from relay.sandbox.rest.request import ApiError, Json, RestAnswer, RestCall, not_found
from relay.sandbox.rest.shapes import (
    campaign_json,
    service_json,
    service_number_json,
    verification_json,
)


class MessagingServices:
    def __init__(self, network: Network) -> None:
        self._network = network

    def list(self, call: RestCall) -> RestAnswer:
        def shape(service: Service) -> Json:
            return service_json(service, call.origin)

        services = list(self._network.account.services.values())
        return RestAnswer(200, meta_page(call, "services", services, shape))

    def create(self, call: RestCall) -> RestAnswer:
        if not call.text("FriendlyName"):
            raise ApiError(400, 20001, "Missing required parameter FriendlyName in the post body")
        service = self._network.account.add_service(call.text("FriendlyName"))
        _apply(service, call)
        return RestAnswer(201, service_json(service, call.origin))

    def fetch(self, call: RestCall, sid: str) -> RestAnswer:
        return RestAnswer(200, service_json(self._find(call, sid), call.origin))

    def update(self, call: RestCall, sid: str) -> RestAnswer:
        service = self._find(call, sid)
        with self._network.account.lock:
            _apply(service, call)
            service.updated = self._network.clock.now()
            return RestAnswer(200, service_json(service, call.origin))

    def list_numbers(self, call: RestCall, sid: str) -> RestAnswer:
        def shape(number: OwnedNumber) -> Json:
            return service_number_json(number, call.origin)

        service = self._find(call, sid)
        with self._network.account.lock:
            numbers = [self._network.account.numbers[one] for one in service.number_sids]
            return RestAnswer(200, meta_page(call, "phone_numbers", numbers, shape))

    def add_number(self, call: RestCall, sid: str) -> RestAnswer:
        service = self._find(call, sid)
        account = self._network.account
        with account.lock:
            number = account.numbers.get(call.text("PhoneNumberSid"))
            if number is None:
                raise ApiError(404, 20404, "Phone number not found")
            if number.service_sid == sid:
                raise ApiError(409, 21710, "Phone Number is already in the Messaging Service.")
            if number.service_sid is not None:
                raise ApiError(409, 21712, "Phone Number is in another Messaging Service.")
            if len(service.number_sids) >= self._network.faults.market.service_limit:
                raise ApiError(412, 21714, "Number Pool size limit reached.")
            account.join(number, service)
            return RestAnswer(201, service_number_json(number, call.origin))

    def list_campaigns(self, call: RestCall, sid: str) -> RestAnswer:
        def shape(campaign: Service) -> Json:
            return campaign_json(campaign, call.origin)

        service = self._find(call, sid)
        campaigns = [service] if service.campaign_status else []
        return RestAnswer(200, meta_page(call, "compliance", campaigns, shape))

    def list_verifications(self, call: RestCall) -> RestAnswer:
        def shape(number: OwnedNumber) -> Json:
            return verification_json(number, call.origin)

        wanted, of_number = call.get("Status"), call.get("TollfreePhoneNumberSid")
        with self._network.account.lock:
            found = [
                number
                for number in self._network.account.numbers.values()
                if number.verification_status is not None
                and wanted in {None, number.verification_status}
                and of_number in {None, number.sid}
            ]
            return RestAnswer(200, meta_page(call, "verifications", found, shape))

    def fetch_number(self, call: RestCall, sid: str, number_sid: str) -> RestAnswer:
        number = self._member(call, sid, number_sid)
        return RestAnswer(200, service_number_json(number, call.origin))

    def remove_number(self, call: RestCall, sid: str, number_sid: str) -> RestAnswer:
        self._network.account.leave_service(self._member(call, sid, number_sid))
        return RestAnswer(204)

    def _find(self, call: RestCall, sid: str) -> Service:
        service = self._network.account.services.get(sid)
        if service is None:
            raise not_found(call.path)
        return service

    def _member(self, call: RestCall, sid: str, number_sid: str) -> OwnedNumber:
        number = self._network.account.numbers.get(number_sid)
        if number is None or number.service_sid != sid:
            raise not_found(call.path)
        return number


def _apply(service: Service, call: RestCall) -> None:
    for name, attribute in {
        "FriendlyName": "friendly_name",
        "InboundRequestUrl": "inbound_request_url",
        "InboundMethod": "inbound_method",
        "FallbackUrl": "fallback_url",
        "FallbackMethod": "fallback_method",
        "StatusCallback": "status_callback",
    }.items():
        if call.get(name) is not None:
            setattr(service, attribute, call.text(name) or None)
    if call.get("UseInboundWebhookOnNumber") is not None:
        service.use_inbound_webhook_on_number = (
            call.text("UseInboundWebhookOnNumber").lower() == "true"
        )
