"""Choosing a number for a pair: what is drawn beforehand and why a pool says no.

The choice itself is made inside the one atomic claim (``store/lua/shared/choosing.lua``): by the
pool's policy among the numbers free for both phones; else the recruiter shares a number that is
free for the candidate, so that a pool needs as many numbers as its busiest candidate.
"""

from __future__ import annotations

import secrets
from enum import StrEnum

#: Crockford's 32: no i, l, o, u to misread.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
SESSION_ID_LENGTH = 12  # 60 random bits; the claim refuses one that is taken


class ExhaustedReason(StrEnum):
    """The hard facts (P6), in the order in which they are looked for."""

    STRICT_GEO = "strict_geo"
    NO_NUMBERS = "no_numbers"
    NO_SMS_NUMBER = "no_sms_number"
    NO_VOICE_NUMBER = "no_voice_number"
    EVERY_NUMBER_FULL = "every_number_full"
    CANDIDATE_ON_EVERY_NUMBER = "candidate_on_every_number"
    RECRUITER_IS_CANDIDATE_ON_EVERY_NUMBER = "recruiter_is_candidate_on_every_number"
    ACCESS_CODES_OFF = "access_codes_off"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    ExhaustedReason.STRICT_GEO: (
        "No number of the candidate's area is free, and the pool's policy is strict about that."
    ),
    ExhaustedReason.NO_NUMBERS: "The pool has no available number.",
    ExhaustedReason.NO_SMS_NUMBER: "No available number can carry texts.",
    ExhaustedReason.NO_VOICE_NUMBER: "No available number can carry calls.",
    ExhaustedReason.EVERY_NUMBER_FULL: (
        "Every number carries as many open sessions as the pool's policy lets it."
    ),
    ExhaustedReason.CANDIDATE_ON_EVERY_NUMBER: (
        "The candidate already has a session or a cooling binding on every available number."
    ),
    ExhaustedReason.RECRUITER_IS_CANDIDATE_ON_EVERY_NUMBER: (
        "On every number that is free for the candidate, the recruiter's phone is a candidate's."
    ),
    ExhaustedReason.ACCESS_CODES_OFF: (
        "No number is free for the recruiter and the candidate at once, and the pool's policy "
        "lets no recruiter share a number by access codes."
    ),
}


def draw_session_id(pool: str) -> str:
    """A new session's id, ``us.7k2m9x4v0q1z``; it also tells a repeated claim from a new one."""
    drawn = secrets.token_bytes(SESSION_ID_LENGTH)
    return f"{pool}." + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in drawn)
