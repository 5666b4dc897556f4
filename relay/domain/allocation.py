"""Choosing a number for a pair: what is drawn beforehand and why a pool says no.

The choice itself is made inside the one atomic claim (``store/lua/claim.lua``): the lowest
number that is free for both phones, which uses as few numbers as the busiest person needs.
"""

from __future__ import annotations

import secrets
from enum import StrEnum

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u to misread
SESSION_ID_LENGTH = 12  # 60 random bits; the claim refuses one that is taken
ACCESS_CODE_DRAWS = 6
LONGEST_ACCESS_CODE = 10


class ExhaustedReason(StrEnum):
    NO_NUMBERS = "no_numbers"
    CANDIDATE_ON_EVERY_NUMBER = "candidate_on_every_number"
    RECRUITER_ON_EVERY_NUMBER = "recruiter_on_every_number"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    ExhaustedReason.NO_NUMBERS: "The pool has no available number.",
    ExhaustedReason.CANDIDATE_ON_EVERY_NUMBER: (
        "The candidate already has a session or a cooling binding on every available number."
    ),
    ExhaustedReason.RECRUITER_ON_EVERY_NUMBER: (
        "No number is free for the recruiter and the candidate at once. "
        "Import another number, or close a session of this recruiter."
    ),
}


def draw_session_id(pool: str) -> str:
    """A new session's id, ``us.7k2m9x4v0q1z``; it also tells a repeated claim from a new one."""
    return f"{pool}." + "".join(secrets.choice(_ALPHABET) for _ in range(SESSION_ID_LENGTH))


def draw_access_codes() -> list[str]:
    """Digits from which the claim cuts the session's code, as long as the number's load asks."""
    digits = 10**LONGEST_ACCESS_CODE
    return [f"{secrets.randbelow(digits):010d}" for _ in range(ACCESS_CODE_DRAWS)]
