"""Which countries' phones this carrier connects. Another carrier may well connect others."""

from __future__ import annotations

#: ISO 3166 code → why no call gets there, whatever the account's geographic permissions say.
_NOT_CONNECTED = {
    "CN": "Twilio has connected no calls to mainland China since 30 November 2023",  # TW-china
}


def why_not_connected(country: str) -> str | None:
    """Why no phone of this country can be called; None when it can."""
    return _NOT_CONNECTED.get(country)
