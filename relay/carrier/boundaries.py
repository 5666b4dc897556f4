"""Whether a signed form is split where the carrier has split it.

The carrier signs names and values joined without separators (TW-signature). So a captured form
whose sender chose some of its words, such as a text's Body, can be split in other places and keeps
its signature: a text of one's own becomes one from somebody else. Whatever such a form adds, the
genuine fields are still in it, as a piece of another field; that is what is looked for here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, chain

from relay.domain.phone import WITHHELD

#: Names and values.
Fields = Sequence[tuple[str, str]]

#: What comes behind the sender of a text.
_BEHIND_SENDER = r"(?:From[CSZ]|Media[CU]|Message|NumM)"
_WITHHELD_WORDS = "|".join(sorted(word for word in WITHHELD if word.isalpha()))
#: The fields that say who, what and how sure. Short names count with what stands behind them when
#: they are genuine, since tokens are long and hold any letters.
_DECIDING = re.compile(
    r"AccountSid|CallSid|MessageSid|StirVerstat|DialBridged|OptOutType"
    rf"|From(?=\+|[0-9]{{3}}|(?i:{_WITHHELD_WORDS})|(?!City|Country|State|Zip).{{1,11}}{_BEHIND_SENDER})"
    r"|To(?=\+)|Digits(?=[0-9*#])"
)
#: The names that are one of these, or end in one.
_HONEST = frozenset(
    {
        *("AccountSid", "CallSid", "ParentCallSid", "DialCallSid"),
        *("MessageSid", "SmsMessageSid", "OriginalRepliedMessageSid"),
        *("StirVerstat", "DialBridged", "OptOutType", "From", "ForwardedFrom", "To", "Digits"),
    }
)
_NEW_SID_NAME = re.compile("(?:[A-Z][a-z]+)+Sid")
_SID = re.compile(r"[A-Z]{2}[0-9a-zA-Z]{32}")
#: A number with more behind it: a piece of the next field.
_OVERLONG = re.compile(r"[+0-9].*[A-Z]", re.DOTALL)
#: In a Body, which may hold anything else: a number that sent it, and what comes behind.
_SENDER = re.compile(rf"From\+?[0-9]{{3,}}{_BEHIND_SENDER}")


def are_boundaries_clear(fields: Fields, joined: str) -> bool:
    """Whether no field is there twice, and none holds what can only be a piece of a form.
    ``joined`` is what was signed of the fields, which are in its order.

    Fields that the carrier may add one day count as honest, unless their names end in From, To or
    Digits; a name of words that ends in Sid is honest with a sid."""
    form = dict(fields)
    return (
        len(fields) == len(form)
        and not _OVERLONG.match(form.get("From", ""))
        and not _OVERLONG.match(form.get("To", ""))
        and not _SENDER.search(form.get("Body", ""))
        and _is_nothing_swallowed(fields, joined)
    )


def _is_nothing_swallowed(fields: Fields, joined: str) -> bool:
    """Whether each deciding name is the end of a field's name, also where it would reach from one
    field into the next. A Body may hold any: the genuine fields are behind it."""
    ends = [*accumulate(map(len, chain.from_iterable(fields)))]
    name_ends = dict(zip(ends[::2], fields, strict=True))
    bodies = [(end, end + len(value)) for end, (name, value) in name_ends.items() if name == "Body"]
    return all(
        end in name_ends and _is_honest(*name_ends[end])
        for end in map(re.Match.end, _DECIDING.finditer(joined))
        if not any(begin < end <= till for begin, till in bodies)
    )


def _is_honest(name: str, value: str) -> bool:
    if name in _HONEST:
        return True
    return bool(_NEW_SID_NAME.fullmatch(name) and _SID.fullmatch(value))
