"""Figures that scripts keep. What somebody else has written there takes nothing away: it is read as
nothing."""

from __future__ import annotations

#: Of what HINCRBY can count, at most.
_DIGITS = 19
#: POSIX seconds at which year 5138 ends: a date can be made of it.
_LATEST = 1e11


def read_count(text: str) -> int:
    """0 for what is no count."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0


def read_moment(text: str) -> float | None:
    """POSIX seconds; None for what are none."""
    if not text.replace(".", "", 1).isdecimal():
        return None
    moment = float(text)
    return moment if moment <= _LATEST else None
