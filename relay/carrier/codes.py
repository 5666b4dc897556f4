"""Twilio's error codes, and what each means for us. Every code that the relay acts on is here.

A code of a refused request and one of a status report are of one kind (TW-codes).
"""

from __future__ import annotations

from relay.domain.trouble import Trouble

#: Twilio's codes are five digits. These are ours, for what never had one.
NO_ANSWER = 1
UNREADABLE_ANSWER = 2
#: Of a text that was never offered to the carrier: nothing can be unsealed any more.
UNREADABLE_TEXT = 3

#: Of a request that we did not make: what was to be its sid is none.
NO_SID = 4

#: Of a number that we did not put into a messaging service.
TEXTS_LOST_IN_SERVICE = 5

#: HTTP's status stands where Twilio sends no code (TW-rest).
NOT_FOUND = {404, 20404}
NOTHING_SOLD = 20404
TOO_MANY_REQUESTS = 20429
OPTED_OUT = 21610
ALREADY_IN_SERVICE = 21710

_TROUBLES = {
    20003: Trouble.ACCOUNT,  # authentication: a token is being rotated
    TOO_MANY_REQUESTS: Trouble.LATER,  # "never processed, always safe to retry"
    20500: Trouble.LATER,  # the carrier's own fault
    21422: Trouble.SOLD,  # the number is not available any more
    OPTED_OUT: Trouble.OPTED_OUT,  # holds for the number, or its whole messaging service
    21611: Trouble.LATER,  # the sender's queue is full (over 10 h)
    30001: Trouble.LATER,  # the same, found later
    30003: Trouble.UNREACHABLE,  # the handset was off
    30007: Trouble.FILTERED,  # by the carrier, or by Twilio for it
    30008: Trouble.UNREACHABLE,  # nobody knows why
}


def trouble_of(code: int) -> Trouble:
    """``NEVER`` for a code that we do not know."""
    return _TROUBLES.get(code, Trouble.NEVER)
