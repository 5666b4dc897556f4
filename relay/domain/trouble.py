"""What went wrong at the carrier, in words that know no carrier's codes."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a refusal is about: this request alone, this receiver, this number of ours, our whole
    account, or the moment."""

    REQUEST = "request"
    RECEIVER = "receiver"
    NUMBER = "number"
    ACCOUNT = "account"
    MOMENT = "moment"


class Trouble(StrEnum):
    """What helps. ``carrier/codes.py`` finds it for each code; each is about one ``scope``."""

    #: The same request may be accepted later.
    LATER = "later"
    #: Two machines answer each other, or so it looks: a pause ends it.
    LOOP = "loop"
    #: Nobody knows why: it may be tried once more.
    UNCLEAR = "unclear"

    #: Somebody mends the account, or its day begins anew, and the same request is accepted then.
    ACCOUNT = "account"
    #: A trial account, or one without a profile, may reach verified receivers only.
    TRIAL = "trial"
    #: The account may not reach the receiver's country.
    COUNTRY_CLOSED = "country_closed"

    #: The number was not registered for texting yet; while it is young, that is a matter of time.
    UNREGISTERED = "unregistered"
    #: The number cannot text.
    UNFIT = "unfit"
    #: The number is not the account's, or not any more.
    NOT_OURS = "not_ours"
    #: Somebody else has bought the number.
    SOLD = "sold"
    #: Such numbers are sold only under a regulatory bundle that is approved.
    NO_BUNDLE = "no_bundle"
    #: Such numbers are sold only with an address that fits.
    NO_ADDRESS = "no_address"

    #: The handset could not be reached: it may be on again in a while.
    UNREACHABLE = "unreachable"
    #: No handset is at the receiver's number.
    NO_HANDSET = "no_handset"
    #: A line that takes no texts.
    LANDLINE = "landline"
    #: The receiver has stopped texts from our number.
    OPTED_OUT = "opted_out"

    #: Filtered for what it says.
    FILTERED = "filtered"
    #: It is never accepted.
    NEVER = "never"

    @property
    def scope(self) -> Scope:
        return _SCOPES[self]

    @property
    def passes(self) -> bool:
        """Whether the same request may be accepted later."""
        return self in _PASSING


_SCOPES = {
    Trouble.LATER: Scope.MOMENT,
    Trouble.LOOP: Scope.MOMENT,
    Trouble.UNCLEAR: Scope.MOMENT,
    Trouble.ACCOUNT: Scope.ACCOUNT,
    Trouble.TRIAL: Scope.ACCOUNT,
    Trouble.COUNTRY_CLOSED: Scope.ACCOUNT,
    Trouble.UNREGISTERED: Scope.NUMBER,
    Trouble.UNFIT: Scope.NUMBER,
    Trouble.NOT_OURS: Scope.NUMBER,
    Trouble.SOLD: Scope.NUMBER,
    Trouble.NO_BUNDLE: Scope.ACCOUNT,
    Trouble.NO_ADDRESS: Scope.ACCOUNT,
    Trouble.UNREACHABLE: Scope.RECEIVER,
    Trouble.NO_HANDSET: Scope.RECEIVER,
    Trouble.LANDLINE: Scope.RECEIVER,
    Trouble.OPTED_OUT: Scope.RECEIVER,
    Trouble.FILTERED: Scope.REQUEST,
    Trouble.NEVER: Scope.REQUEST,
}

_PASSING = {Trouble.LATER, Trouble.LOOP, Trouble.ACCOUNT}
