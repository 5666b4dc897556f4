"""Twilio's error codes, and what each means for us. Every code that the relay acts on is here.

A code of a refused request and one of a status report are of one kind (TW-codes). A code that we do
not know counts by its HTTP status. ``python -m relay.carrier.codes`` prints the table of
``docs/outcomes.md``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from relay.domain.trouble import Trouble

#: Ours, for what never had a code of Twilio's.
NO_ANSWER = 1
UNREADABLE_ANSWER = 2
#: Of a text that was never offered to the carrier: nothing can be unsealed any more.
UNREADABLE_TEXT = 3

#: Of a request that we did not make: what was to be its sid is none.
NO_SID = 4

#: Of a number that we did not put into a messaging service.
TEXTS_LOST_IN_SERVICE = 5

#: All that Twilio sends. HTTP's status stands for an answer that has none: it is not Twilio's, but
#: of somebody on the way, and no 404 of theirs says that Twilio has not what was asked for.
CODES = range(10_000, 100_000)
NOT_FOUND = 20404
NOT_OVER = 20009
TOO_MANY_REQUESTS = 20429
OPTED_OUT = 21610
ALREADY_IN_SERVICE = 21710
SERVICE_FULL = 21714
#: Of texts from a number that is not registered: when it is, they say nothing any more.
UNREGISTERED = (30024, 30032, 30034)


class Rule(NamedTuple):
    """``source``: "err" is the code's own page at Twilio, "test" that of the test credentials,
    "OAI" its OpenAPI description, "X" code of others, "?" general knowledge."""

    code: int
    trouble: Trouble
    meaning: str
    source: str = "err"


RULES = (
    Rule(10001, Trouble.ACCOUNT, "the account is not active"),
    Rule(10004, Trouble.LATER, "too many calls at once; fewer without a compliance profile"),
    Rule(14107, Trouble.LOOP, "more than 30 replies between two numbers in a row"),
    Rule(20003, Trouble.ACCOUNT, "authentication: a token is being rotated"),
    Rule(20005, Trouble.ACCOUNT, "the account is suspended"),
    Rule(20006, Trouble.ACCOUNT, "access denied"),
    Rule(20009, Trouble.LATER, "no record can be deleted before its end", "X"),
    Rule(20403, Trouble.ACCOUNT, "forbidden to these credentials", "?"),
    Rule(20404, Trouble.NEVER, "not found"),
    Rule(20429, Trouble.LATER, '"never processed, always safe to retry"'),
    Rule(20500, Trouble.LATER, "the carrier's own fault", "?"),
    Rule(21201, Trouble.NEVER, "a call to nobody"),
    Rule(21202, Trouble.NEVER, "a call to an emergency number"),
    Rule(21210, Trouble.UNFIT, "a call from a number that is not the account's"),
    Rule(21211, Trouble.NO_HANDSET, "texts: no valid receiver"),
    Rule(21212, Trouble.UNFIT, "texts: no valid sender"),
    Rule(21214, Trouble.NEVER, "calls: the receiver cannot be reached", "test"),
    Rule(21215, Trouble.COUNTRY_CLOSED, "calls: the receiver's country is closed"),
    Rule(21216, Trouble.NEVER, "calls: the receiver is on a block list", "test"),
    Rule(21217, Trouble.NEVER, "calls: no valid receiver"),
    Rule(21220, Trouble.NEVER, "the call is over"),
    Rule(21265, Trouble.NEVER, "the receiver is a short code"),
    Rule(21266, Trouble.NEVER, "sender and receiver are the same"),
    Rule(21408, Trouble.COUNTRY_CLOSED, "texts: the receiver's country is closed"),
    Rule(21421, Trouble.NEVER, "no valid number to buy"),
    Rule(21422, Trouble.SOLD, "the number is not available any more"),
    Rule(21452, Trouble.NEVER, "no number in this area"),
    Rule(21602, Trouble.NEVER, "no body"),
    Rule(21603, Trouble.NEVER, "no sender"),
    Rule(21604, Trouble.NEVER, "no receiver"),
    Rule(21606, Trouble.NOT_OURS, "the sender cannot text, or is not the account's"),
    Rule(21608, Trouble.TRIAL, "a trial account, and the receiver is not verified"),
    Rule(21610, Trouble.OPTED_OUT, "stopped: holds for the number, or its whole service"),
    Rule(21611, Trouble.LATER, "the sender's queue is full (over 10 h)"),
    Rule(21612, Trouble.NEVER, "no route from this sender to this receiver"),
    Rule(21613, Trouble.NO_ADDRESS, "to buy: an address on file, or a certificate"),
    Rule(21614, Trouble.LANDLINE, "the receiver takes no texts"),
    Rule(21615, Trouble.NO_ADDRESS, "to buy: an address in the number's area"),
    Rule(21617, Trouble.NEVER, "over 1,600 characters"),
    Rule(21631, Trouble.NO_ADDRESS, "to buy: an address (AddressSid)"),
    Rule(21635, Trouble.LANDLINE, "the receiver is a landline"),
    Rule(21649, Trouble.NO_BUNDLE, "to buy: a bundle (BundleSid), and its approval"),
    Rule(21650, Trouble.NO_BUNDLE, "to buy: a verified document of identity"),
    Rule(21651, Trouble.NO_BUNDLE, "to buy: another document than the bundle's"),
    Rule(21658, Trouble.NEVER, "too many characters"),
    Rule(21659, Trouble.NOT_OURS, "the sender is no number of Twilio's"),
    Rule(21660, Trouble.NOT_OURS, "the sender is another account's"),
    Rule(21661, Trouble.UNFIT, "the sender cannot text"),
    Rule(21663, Trouble.ACCOUNT, "the number or the credentials are another region's"),
    Rule(21710, Trouble.NEVER, "the number is in the messaging service already"),
    Rule(21714, Trouble.NEVER, "the messaging service is full (400 senders)"),
    Rule(22005, Trouble.LATER, "the queue of calls is full (over 24 h)"),
    Rule(23001, Trouble.NEVER, "redaction and the handling of STOP exclude each other"),
    Rule(30001, Trouble.LATER, "the sender's queue is full, found later"),
    Rule(30002, Trouble.ACCOUNT, "the account was suspended meanwhile"),
    Rule(30003, Trouble.UNREACHABLE, "the handset is off, or out of reach"),
    Rule(30004, Trouble.NEVER, "blocked by the receiver or their carrier"),
    Rule(30005, Trouble.NO_HANDSET, "no handset is known by this number"),
    Rule(30006, Trouble.LANDLINE, "a landline, or a carrier that takes no texts"),
    Rule(30007, Trouble.FILTERED, "filtered for what it says"),
    Rule(30008, Trouble.UNCLEAR, "nobody knows why"),
    Rule(30022, Trouble.ACCOUNT, "10DLC: the campaign's rate is exceeded"),
    Rule(30023, Trouble.ACCOUNT, "10DLC: the brand's texts of this day are used up"),
    Rule(30024, Trouble.UNREGISTERED, "10DLC: not provisioned in its campaign yet"),
    Rule(30032, Trouble.UNFIT, "toll-free: the number is not verified"),
    Rule(30034, Trouble.UNREGISTERED, "10DLC: the number is in no approved campaign"),
    Rule(30036, Trouble.NEVER, "it waited too long at the carrier"),
    Rule(30039, Trouble.NEVER, "judged to be part of a loop"),
    Rule(30450, Trouble.NEVER, "judged to be fraud (pumping)"),
    Rule(60202, Trouble.NEVER, "Verify: too many checks", "OAI"),
    Rule(60203, Trouble.NEVER, "Verify: too many sends", "OAI"),
    Rule(63038, Trouble.ACCOUNT, "the account's texts of this day are used up"),
    Rule(90007, Trouble.NEVER, "no valid lifetime"),
)

_TROUBLES = {rule.code: rule.trouble for rule in RULES}
_HTTP_STATUSES = range(100, 1000)
_PASSING_STATUSES: dict[int, Trouble] = {
    HTTPStatus.UNAUTHORIZED: Trouble.ACCOUNT,
    HTTPStatus.FORBIDDEN: Trouble.ACCOUNT,
    HTTPStatus.REQUEST_TIMEOUT: Trouble.LATER,
    HTTPStatus.TOO_MANY_REQUESTS: Trouble.LATER,
}


def trouble_of(code: int, status: int = 0) -> Trouble:
    """``status`` is HTTP's, 0 for a status report: it decides where the code is not known."""
    known = _TROUBLES.get(code)
    if known:
        return known
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Trouble.LATER
    return _PASSING_STATUSES.get(status, Trouble.NEVER)


def meaning_of(code: int) -> str:
    """What a code says, in a few words; "" for one that we do not know."""
    return next((rule.meaning for rule in RULES if rule.code == code), "")


def is_our_own(code: int) -> bool:
    """Whether it stands for what never had a code at Twilio, which nobody can look up."""
    return code <= TEXTS_LOST_IN_SERVICE


def label_of(code: int) -> str:
    """The code for metrics, whose labels have few values: a known one, or the class of others."""
    if code in _TROUBLES:
        return str(code)
    return f"{code // 100}xx" if code in _HTTP_STATUSES else "unknown"


def table() -> str:
    """The document's table of all codes."""
    rows = ["| code | what it says | about | helps | source |", "| --- | --- | --- | --- | --- |"]
    for code, trouble, meaning, source in RULES:
        page = f"err {code}" if source == "err" else source
        rows.append(f"| {code} | {meaning} | {trouble.scope} | `{trouble}` | {page} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())  # noqa: T201 - the document's table
