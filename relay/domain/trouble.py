"""What went wrong at the carrier, in words that know no carrier's codes."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """Whose trouble it is, and so what helps. ``carrier/codes.py`` finds it for each code."""

    #: The moment's: the same request may be accepted later.
    LATER = "later"
    #: Our account's: somebody mends it, and the same request is accepted then.
    ACCOUNT = "account"
    #: This receiver's: their handset could not be reached.
    UNREACHABLE = "unreachable"
    #: This receiver's: they have stopped texts from our number.
    OPTED_OUT = "opted_out"
    #: This sender's: a carrier filters what our number sends.
    FILTERED = "filtered"
    #: This number's: somebody else has bought it.
    SOLD = "sold"
    #: This request's: it is never accepted.
    NEVER = "never"

    @property
    def passes(self) -> bool:
        """Whether the same request may be accepted later."""
        return self in {Trouble.LATER, Trouble.ACCOUNT}
