"""Composed English numbers: ``twenty-three thousand seven hundred forty-four`` is 23744."""

from __future__ import annotations

import re

from relay.domain.number_names import TEENS, TENS, UNITS, any_of

_VALUES = {
    **{word: value for value, word in enumerate((*UNITS, *TEENS))},
    **{word: 10 * tens for tens, word in enumerate(TENS, start=2)},
}
_SCALES = {"thousand": 1_000, "million": 1_000_000}
_GAP = r"[\W_]*"
_AND = rf"{_GAP}(?:and{_GAP})?"
_TO_99 = (
    rf"(?:(?:{any_of(TENS)}){_GAP}(?:{any_of(UNITS[1:])})"
    rf"|{any_of(_VALUES)}"
    r"|(?<![0-9])[0-9]{1,2}(?![0-9]))"
)
_HUNDREDS = rf"{_TO_99}{_GAP}hundred(?:{_AND}{_TO_99})?"
_TO_999 = rf"(?:{_HUNDREDS}|{_TO_99}|(?<![0-9])[0-9]{{3}}(?![0-9]))"
COMPOSED = re.compile(
    rf"{_TO_999}{_GAP}(?:million(?:{_AND}{_TO_999}{_GAP}thousand)?|thousand)(?:{_AND}{_TO_999})?"
    rf"|{_HUNDREDS}"
)
_PART = re.compile(rf"hundred|{any_of(_SCALES)}|{any_of(_VALUES)}|[0-9]+")


def read_composed(number: re.Match[str]) -> str:
    """The digits of what ``COMPOSED`` has found."""
    total = part = 0
    for word in _PART.findall(number[0]):
        if word == "hundred":
            part *= 100
        elif word in _SCALES:
            total, part = total + part * _SCALES[word], 0
        else:
            part += _VALUES[word] if word in _VALUES else int(word)
    return str(total + part)
