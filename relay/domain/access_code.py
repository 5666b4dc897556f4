"""Access codes: what tells a recruiter's sessions on one number apart (P1, P6).

Every session has one from birth. Its digits are drawn here; how many it takes, and that it is free
on its number, is decided with the claim (``store/lua/shared/codes.lua``).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

SHORTEST = 6
LONGEST = 10
DRAWS = 6

#: Codes that may be tried in one call.
TRIES_IN_A_CALL = 3
#: Wrong codes are forgotten after this many seconds.
WINDOW = 24 * 3600
#: Wrong codes of one caller in the window: six calls of somebody who mistypes each time.
TRIES_OF_A_CALLER = 18
#: A phone with many bindings is a switchboard, whose recruiters mistype each for themselves: for so
#: many bindings, one wrong code more.
BINDINGS_A_TRY = 10
#: Wrong codes on one number in the window, of all callers together who have no binding there. At
#: one hit in 100,000 guesses, whoever never stops needs nine years for an even chance on one full
#: number; on a thousand of them at once, days (docs/access-codes.md).
TRIES_OF_STRANGERS = 20
#: The same for callers whom the networks vouch for (A), whom those others cannot lock out so. Six
#: phones, each with tries of its own, use them up; the number is guessed six times as fast then.
TRIES_OF_VOUCHED_STRANGERS = 100

_CODE = re.compile(rf"[0-9]{{{SHORTEST},{LONGEST}}}")
#: How a text begins that names its session: the code, then its own words.
#: Chinese needs no space, and has its own punctuation.
_CODE_PREFIX = re.compile(
    rf"\s*[#(（]?([0-9]{{{SHORTEST},{LONGEST}}})"
    r"(?:\s*[)）]?\s*[-:,.;#，：；、。]\s*|\s*[)）]\s*|\s+|$|(?=[^\x00-\x7f]))"
)


def tries_of_strangers(*, are_vouched_for: bool) -> int:
    return TRIES_OF_VOUCHED_STRANGERS if are_vouched_for else TRIES_OF_STRANGERS


def is_access_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def draw_access_codes() -> list[str]:
    """Digits from which the claim cuts the session's code, as long as the number's load asks."""
    most = DRAWS * LONGEST
    digits = f"{secrets.randbelow(10**most):0{most}d}"
    return [digits[start : start + LONGEST] for start in range(0, most, LONGEST)]


@dataclass(frozen=True)
class PrefixedText:
    """The code that a text begins with, and the rest of it."""

    code: str
    rest: str


def read_code_prefix(text: str) -> PrefixedText | None:
    """Splits ``482913 Hello``; None when no digits are in front. Whether they are a code, only the
    sender's sessions say."""
    found = _CODE_PREFIX.match(text)
    return PrefixedText(found.group(1), text[found.end() :]) if found else None
