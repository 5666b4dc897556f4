"""Access codes: what tells a recruiter's sessions on one number apart (P1, P6).

Every session has one from birth. Its digits are drawn here, from secrets that belong to its pair:
so nobody who writes to Redis can give a session another pair's code (P9). How many it takes, and
that it is free on its number, is decided with the claim (``store/lua/shared/codes.lua``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
#: The same for callers whom the networks vouch for (A), counted apart: others cannot lock them out.
#: It takes six such phones to use these up, and they guess a number six times as fast.
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


def draw_access_codes(secrets: Iterable[bytes]) -> list[str]:
    """Digits from which a session's code is cut, as long as its number's load asks: some from each
    of the pair's secrets, of 32 bytes."""
    most = DRAWS * LONGEST
    drawn = (f"{int.from_bytes(secret) % 10**most:0{most}d}" for secret in secrets)
    return [digits[at : at + LONGEST] for digits in drawn for at in range(0, most, LONGEST)]


def is_cut_from(draws: Iterable[str], code: str) -> bool:
    return is_access_code(code) and any(draw.startswith(code) for draw in draws)


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
