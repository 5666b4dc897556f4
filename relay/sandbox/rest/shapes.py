"""Records as api.twilio.com and messaging.twilio.com show them."""

from __future__ import annotations

from datetime import datetime

from relay.sandbox.clock import iso8601, rfc2822
from relay.sandbox.prices import price_of_call, price_of_message, show_price
from relay.sandbox.records import Call, Media, Message, OwnedNumber, Service
from relay.sandbox.rest.request import Json

API = "/2010-04-01"


def message_json(message: Message) -> Json:
    uri = f"{API}/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": message.account_sid,
        "messaging_service_sid": message.service_sid,
        "from": message.from_ or None,
        "to": message.to,
        "body": message.body,
        "status": message.status,
        "direction": message.direction,
        "num_segments": "0" if message.status == "accepted" else str(message.num_segments),
        "num_media": str(len(message.media)),
        "price": show_price(price_of_message(message)),
        "price_unit": "USD",
        "error_code": message.error_code,
        "error_message": None,
        "api_version": "2010-04-01",
        "date_created": rfc2822(message.created),
        "date_updated": rfc2822(message.updated),
        "date_sent": _or_none(message.sent),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
    }


def media_json(message: Message, media: Media) -> Json:
    return {
        "sid": media.sid,
        "account_sid": message.account_sid,
        "parent_sid": message.sid,
        "content_type": media.content_type,
        "date_created": rfc2822(media.created),
        "date_updated": rfc2822(media.created),
        "uri": f"{API}/Accounts/{message.account_sid}/Messages/{message.sid}"
        f"/Media/{media.sid}.json",
    }


def call_json(call: Call) -> Json:
    uri = f"{API}/Accounts/{call.account_sid}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": call.account_sid,
        "parent_call_sid": call.parent_sid,
        "from": call.from_,
        "from_formatted": _formatted(call.from_),
        "to": call.to,
        "to_formatted": _formatted(call.to),
        "phone_number_sid": call.phone_number_sid,
        "status": call.status,
        "direction": call.direction,
        "duration": None if call.duration is None else str(call.duration),
        "start_time": _or_none(call.started),
        "end_time": _or_none(call.ended),
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "price": show_price(price_of_call(call)),
        "price_unit": "USD",
        "answered_by": None,
        "api_version": "2010-04-01",
        "forwarded_from": call.forwarded_from,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {
            name: f"{uri}/{name.title()}.json" for name in ("notifications", "recordings")
        },
    }


def number_json(number: OwnedNumber) -> Json:
    return {
        "sid": number.sid,
        "account_sid": number.account_sid,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "capabilities": {
            name: number.capabilities.get(name, False) for name in ("voice", "sms", "mms", "fax")
        },
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_fallback_method": number.voice_fallback_method,
        "voice_caller_id_lookup": number.voice_caller_id_lookup,
        "voice_application_sid": number.voice_application_sid,
        "voice_receive_mode": "voice",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_application_sid": number.sms_application_sid,
        "trunk_sid": number.trunk_sid,
        "address_sid": number.address_sid,
        "address_requirements": "none",
        "bundle_sid": number.bundle_sid,
        "identity_sid": None,
        "emergency_status": "Active",
        "emergency_address_sid": number.emergency_address_sid,
        "emergency_address_status": number.emergency_address_status,
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "type": "tollfree" if number.is_toll_free else "local",
        "api_version": "2010-04-01",
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "uri": f"{API}/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


def service_json(service: Service, origin: str) -> Json:
    url = f"{origin}/v1/Services/{service.sid}"
    return {
        "sid": service.sid,
        "account_sid": service.account_sid,
        "friendly_name": service.friendly_name,
        "inbound_request_url": service.inbound_request_url,
        "inbound_method": service.inbound_method,
        "fallback_url": service.fallback_url,
        "fallback_method": service.fallback_method,
        "status_callback": service.status_callback,
        "use_inbound_webhook_on_number": service.use_inbound_webhook_on_number,
        "sticky_sender": True,
        "smart_encoding": False,
        "mms_converter": True,
        "scan_message_content": "inherit",
        "fallback_to_long_code": False,
        "area_code_geomatch": True,
        "synchronous_validation": False,
        "validity_period": 36000,
        "usecase": "undeclared",
        "us_app_to_person_registered": service.campaign_status == "VERIFIED",
        "date_created": iso8601(service.created),
        "date_updated": iso8601(service.updated),
        "url": url,
        "links": {"phone_numbers": f"{url}/PhoneNumbers"},
    }


def campaign_json(service: Service, origin: str) -> Json:
    """The one campaign of a service."""
    sid = f"QE{service.sid[2:]}"
    return {
        "sid": sid,
        "account_sid": service.account_sid,
        "messaging_service_sid": service.sid,
        "us_app_to_person_usecase": "PROXY",
        "campaign_status": service.campaign_status,
        "date_created": iso8601(service.created),
        "date_updated": iso8601(service.updated),
        "url": f"{origin}/v1/Services/{service.sid}/Compliance/Usa2p/{sid}",
    }


def verification_json(number: OwnedNumber, origin: str) -> Json:
    """The one toll-free verification of a number."""
    sid = f"HH{number.sid[2:]}"
    return {
        "sid": sid,
        "account_sid": number.account_sid,
        "tollfree_phone_number_sid": number.sid,
        "tollfree_phone_number": number.phone_number,
        "status": number.verification_status,
        "date_created": iso8601(number.created),
        "date_updated": iso8601(number.updated),
        "url": f"{origin}/v1/Tollfree/Verifications/{sid}",
    }


def redacted(message: Json) -> Json:
    """As the list shows it to an account with message redaction."""
    hidden = {name: f"{message[name][:-4]}XXXX" for name in ("from", "to") if message[name]}
    return {**message, **hidden, "body": ""}


def service_number_json(number: OwnedNumber, origin: str) -> Json:
    names = {"voice": "Voice", "sms": "SMS", "mms": "MMS"}
    return {
        "sid": number.sid,
        "account_sid": number.account_sid,
        "service_sid": number.service_sid,
        "phone_number": number.phone_number,
        "country_code": number.country,
        "capabilities": [shown for key, shown in names.items() if number.capabilities.get(key)],
        "date_created": iso8601(number.joined or number.created),
        "date_updated": iso8601(number.updated),
        "url": f"{origin}/v1/Services/{number.service_sid}/PhoneNumbers/{number.sid}",
    }


def _or_none(moment: datetime | None) -> str | None:
    return None if moment is None else rfc2822(moment)


def _formatted(number: str) -> str:
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
