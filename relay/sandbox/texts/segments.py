"""How many segments a text is charged as: GSM 03.38 or, with one foreign character, UCS-2."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def count_segments(body: str) -> int:
    if all(c in _BASIC or c in _EXTENDED for c in body):
        return _divide([2 if c in _EXTENDED else 1 for c in body], 160, 153)
    return _divide([len(c.encode("utf-16-be")) // 2 for c in body], 70, 67)


def _divide(lengths: list[int], alone: int, joined: int) -> int:
    """A character of two places stands in one segment."""
    if sum(lengths) <= alone:
        return 1
    segments, filled = 1, 0
    for length in lengths:
        if filled + length > joined:
            segments, filled = segments + 1, 0
        filled += length
    return segments
