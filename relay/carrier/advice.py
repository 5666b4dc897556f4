"""What an operator does about a request that the carrier refused or did not answer."""

from __future__ import annotations

from relay.carrier.codes import (
    NO_ANSWER,
    TEXTS_LOST_IN_SERVICE,
    UNREADABLE_ANSWER,
    is_our_own,
    meaning_of,
)
from relay.domain.errors import CarrierError

_SERVER_ERRORS = range(500, 600)
#: Twilio's own refusals have a code: others are of somebody on the way.
_HTTP = range(100, 1000)
_NO_ACCESS = (
    "refuses access with this API key: give the key that permission, or make a Standard or Main one"
)
_SLOWER = "asks for fewer requests: try again in a minute"
_TROUBLE = "has trouble of its own: try again, and see status.twilio.com"
_ADVICE = {
    NO_ANSWER: "does not answer, which says nothing of the credentials: see TWILIO_API_BASE_URL,"
    " TWILIO_REGION and TWILIO_EDGE, the way out of this network, and status.twilio.com",
    UNREADABLE_ANSWER: "answers what Twilio would not: see TWILIO_API_BASE_URL, and what is on the"
    " way",
    TEXTS_LOST_IN_SERVICE: "would lose texts to the number, as its messaging service does not defer"
    " to its numbers' webhooks: python -m relay doctor --fix makes it defer",
    20005: "says that the account is not active: see its balance and status in Twilio's console",
    20006: _NO_ACCESS,
    20403: _NO_ACCESS,
    403: _NO_ACCESS,
    429: _SLOWER,
    20429: _SLOWER,
    20500: _TROUBLE,
    21663: "says that the credentials are another region's: tokens and keys are made for one"
    " region each; see TWILIO_REGION and TWILIO_EDGE",
}
_AUTHENTICATE = {401, 20003}


def advice_on(code: int, *, credentials: str) -> str:
    """What the carrier did by this code, and what helps. ``credentials`` is where those that were
    shown are set."""
    shown = "" if is_our_own(code) else f" (error {code})"
    return f"Twilio {_advice_on(code, credentials)}{shown}"


def _advice_on(code: int, credentials: str) -> str:
    if code in _AUTHENTICATE:
        return (
            f"refuses the credentials: see {credentials}; they are one account's and one region's,"
            " and a suspended account's are refused, too"
        )
    if code in _SERVER_ERRORS:
        return _TROUBLE
    if code in _ADVICE:
        return _ADVICE[code]
    if code in _HTTP or is_our_own(code):
        return _ADVICE[UNREADABLE_ANSWER]
    why = meaning_of(code) or "not known here"
    return f"refuses: {why}; see https://www.twilio.com/docs/api/errors/{code}"


def is_about_the_key(error: CarrierError) -> bool:
    """Whether a request was refused to the credentials, or to those of this kind."""
    return error.code in _AUTHENTICATE or _ADVICE.get(error.code) is _NO_ACCESS
