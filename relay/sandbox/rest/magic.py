"""Twilio's test numbers, built-in fault switches (TW-test-numbers)."""

from __future__ import annotations

from relay.sandbox.rest.request import ApiError

# The one sender that every account may use.
MAGIC_SENDER = "+15005550006"

_MESSAGE_FROM = {
    "+15005550001": (21212, "is not a valid phone number"),
    "+15005550007": (21606, "is not a valid, SMS-capable phone number of your account"),
    "+15005550008": (21611, "has exceeded the maximum number of queued messages"),
}
_MESSAGE_TO = {
    "+15005550001": (21211, "is not a valid phone number"),
    "+15005550002": (21612, "cannot be routed to"),
    "+15005550003": (21408, "is in a region that is not enabled"),
    "+15005550004": (21610, "is an unsubscribed recipient"),
    "+15005550009": (21614, "is not a mobile number"),
}
_CALL_FROM = {"+15005550001": (21212, "is not a valid phone number")}
_CALL_TO = {
    "+15005550001": (21217, "is not a valid phone number"),
    "+15005550002": (21214, "cannot be reached"),
    "+15005550003": (21215, "is in a region that is not enabled"),
    "+15005550004": (21216, "is on the block list"),
}
_PURCHASE = {
    "+15005550000": (21422, "is not available"),
    "+15005550001": (21421, "is not a valid phone number"),
}


def message_from_magic(number: str) -> None:
    _refuse(_MESSAGE_FROM, "From", number)


def message_to_magic(number: str) -> None:
    _refuse(_MESSAGE_TO, "To", number)


def call_from_magic(number: str) -> None:
    _refuse(_CALL_FROM, "From", number)


def call_to_magic(number: str) -> None:
    _refuse(_CALL_TO, "To", number)


def purchase_magic(number: str) -> None:
    _refuse(_PURCHASE, "PhoneNumber", number)


def _refuse(table: dict[str, tuple[int, str]], field: str, number: str) -> None:
    if number in table:
        code, reason = table[number]
        raise ApiError(400, code, f"The '{field}' number {number} {reason}.")
