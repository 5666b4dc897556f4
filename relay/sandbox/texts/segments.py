"""How many segments a text is charged as: GSM 03.38 or, with one foreign character, UCS-2."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def count_segments(body: str) -> int:
    if all(c in _BASIC or c in _EXTENDED for c in body):
        length = sum(2 if c in _EXTENDED else 1 for c in body)
        return _divide(length, 160, 153)
    return _divide(len(body.encode("utf-16-be")) // 2, 70, 67)


def _divide(length: int, alone: int, joined: int) -> int:
    return 1 if length <= alone else -(-length // joined)
