"""Messages: create, fetch, list, redact, cancel, delete."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from relay.sandbox.geography import is_dialled
from relay.sandbox.network import Network
from relay.sandbox.records import Media, Message, Service
from relay.sandbox.rest.filters import DateFilter, is_listed
from relay.sandbox.rest.magic import MAGIC_SENDER, message_from_magic, message_to_magic
from relay.sandbox.rest.paging import page
from relay.sandbox.rest.request import ApiError, Json, RestAnswer, RestCall, not_found
from relay.sandbox.rest.shapes import media_json, message_json, redacted
from relay.sandbox.texts.segments import count_segments
from relay.sandbox.texts.sender import Sender
from relay.sandbox.texts.smart_encoding import smart_encode

LONGEST_BODY = 1600
MOST_MEDIA = 10


class Messages:
    def __init__(self, network: Network, sender: Sender) -> None:
        self._network = network
        self._sender = sender

    def create(self, call: RestCall) -> RestAnswer:
        self._check_form(call)
        account = self._network.account
        service = self._service(call)
        with account.lock:
            sender = call.text("From") or self._sender_of(service)
            self._check_parties(sender, call.text("To"))
            message = account.add_message(
                sender,
                call.text("To"),
                _body_of(call),
                direction="outbound-api",
                status="accepted" if service else "queued",
                prefix="MM" if call.all("MediaUrl") else "SM",
            )
            self._fill(message, call, service)
        answer = RestAnswer(201, message_json(message))
        self._sender.accept(message)
        return answer

    def fetch(self, call: RestCall, sid: str) -> RestAnswer:
        return RestAnswer(200, message_json(self._find(call, sid)))

    def list(self, call: RestCall) -> RestAnswer:
        dates = DateFilter(call, "DateSent", self._network.faults.list_dates_by)
        to, from_ = call.get("To"), call.get("From")
        with self._network.account.lock:
            chosen = [
                message
                for message in self._network.account.messages.values()
                if (not to or message.to == to)
                and (not from_ or message.from_ == from_)
                and dates.admits(self._listed_date(message))
                and is_listed(message.created, self._network)
            ]
            shape = _redacted_json if self._network.account.standing.redacts else message_json
            return RestAnswer(200, page(call, "messages", chosen, shape))

    def update(self, call: RestCall, sid: str) -> RestAnswer:
        message = self._find(call, sid)
        with self._network.account.lock:
            if call.get("Body") is not None:
                if call.text("Body"):
                    raise ApiError(400, 20001, "Body may only be made empty")
                message.body = ""
            if call.get("Status") == "canceled":
                if message.is_final or message.status == "sent":
                    raise ApiError(400, 30409, "Message is not in a state to be canceled")
                message.status = "canceled"
            message.updated = self._network.clock.now()
            return RestAnswer(200, message_json(message))

    def delete(self, call: RestCall, sid: str) -> RestAnswer:
        message = self._find(call, sid)
        with self._network.account.lock:
            if not message.is_final and message.status != "sent":
                raise ApiError(409, 20009, "Message is not final yet and cannot be deleted")
            self._network.account.delete_message(message)
        return RestAnswer(204)

    def list_media(self, call: RestCall, sid: str) -> RestAnswer:
        message = self._find(call, sid)
        items: list[Json] = [media_json(message, media) for media in message.media]
        body = {
            "media_list": items,
            "page": 0,
            "page_size": 50,
            "start": 0,
            "end": max(len(items) - 1, 0),
            "uri": call.path,
            "first_page_uri": call.path,
            "next_page_uri": None,
            "previous_page_uri": None,
        }
        return RestAnswer(200, body)

    def fetch_media(self, call: RestCall, sid: str, media_sid: str) -> RestAnswer:
        """With `.json` the record, without it the way to the picture itself."""
        message = self._find(call, sid)
        media = _media_of(message, call, media_sid)
        if call.path.endswith(".json"):
            return RestAnswer(200, media_json(message, media))
        return RestAnswer(307, location=media.url)

    def delete_media(self, call: RestCall, sid: str, media_sid: str) -> RestAnswer:
        message = self._find(call, sid)
        message.media.remove(_media_of(message, call, media_sid))
        return RestAnswer(204)

    def _listed_date(self, message: Message) -> datetime | None:
        if self._network.faults.lists_hide_unsent:
            return message.sent
        return message.sent or message.created

    def _find(self, call: RestCall, sid: str) -> Message:
        message = self._network.account.messages.get(sid)
        if message is None:
            raise not_found(call.path)
        return message

    def _check_form(self, call: RestCall) -> None:
        if not call.text("To"):
            raise ApiError(400, 21604, "A 'To' phone number is required.")
        if not call.text("From") and not call.text("MessagingServiceSid"):
            raise ApiError(400, 21603, "A 'From' phone number is required.")
        if not call.text("Body") and not call.all("MediaUrl") and not call.text("ContentSid"):
            raise ApiError(400, 21602, "Message body is required.")
        if len(call.text("Body")) > LONGEST_BODY:
            raise ApiError(400, 21617, "The message body exceeds the 1600 character limit")
        if len(call.all("MediaUrl")) > MOST_MEDIA:
            raise ApiError(400, 21623, "Number of media files exceeds allowed limit")
        callback = call.text("StatusCallback")
        if callback and not (urlsplit(callback).scheme and urlsplit(callback).hostname):
            raise ApiError(400, 21609, f"The StatusCallback URL {callback} is not a valid URL.")
        validity = call.text("ValidityPeriod")
        if validity and not (validity.isdigit() and 1 <= int(validity) <= 36_000):
            raise ApiError(400, 90007, "ValidityPeriod is out of range")

    def _check_parties(self, sender: str, to: str) -> None:
        message_to_magic(to)
        if not is_dialled(to):
            raise ApiError(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        message_from_magic(sender)
        if sender != MAGIC_SENDER:
            self._check_sender(sender)
        faults = self._network.faults.messages
        if to == sender:
            raise ApiError(400, 21266, "'To' and 'From' number cannot be the same")
        if not self._network.account.may_text(to) or to.startswith(faults.denied_to):
            raise ApiError(400, 21408, "Permission to send to this region is not enabled")
        if to in faults.not_sms_capable:
            raise ApiError(400, 21614, f"'To' number {to} is not a valid mobile number")
        account = self._network.account
        if account.standing.type == "Trial" and to not in account.verified_caller_ids:
            raise ApiError(400, 21608, f"The number {to} is unverified.")
        if account.is_blocked(to, sender):
            raise ApiError(400, 21610, "Attempt to send to unsubscribed recipient")

    def _check_sender(self, sender: str) -> None:
        if not is_dialled(sender):
            raise ApiError(400, 21212, f"The 'From' number {sender} is not a valid phone number.")
        number = self._network.account.number(sender)
        if number is None or not number.capabilities.get("sms", False):
            raise ApiError(
                400,
                21606,
                f"The 'From' phone number {sender} is not a valid, SMS-capable inbound phone "
                "number or short code for your account.",
            )

    def _service(self, call: RestCall) -> Service | None:
        sid = call.text("MessagingServiceSid")
        if not sid:
            return None
        service = self._network.account.services.get(sid)
        if service is None:
            raise ApiError(400, 21701, "The Messaging Service does not exist.")
        return service

    def _sender_of(self, service: Service | None) -> str:
        numbers = service.number_sids if service else []
        if not numbers:
            raise ApiError(400, 21703, "The Messaging Service does not have a phone number")
        return self._network.account.numbers[numbers[0]].phone_number

    def _fill(self, message: Message, call: RestCall, service: Service | None) -> None:
        message.service_sid = service.sid if service else None
        message.num_segments = count_segments(message.body)
        fallback = service.status_callback if service else None
        message.status_callback = call.text("StatusCallback") or fallback
        message.media = [
            Media(self._network.identifiers.new("ME"), "image/jpeg", url, message.created)
            for url in call.all("MediaUrl")
        ]


def _redacted_json(message: Message) -> Json:
    return redacted(message_json(message))


def _body_of(call: RestCall) -> str:
    body = call.text("Body")
    return smart_encode(body) if call.text("SmartEncoded") == "true" else body


def _media_of(message: Message, call: RestCall, media_sid: str) -> Media:
    media = next((item for item in message.media if item.sid == media_sid), None)
    if media is None:
        raise not_found(call.path)
    return media
