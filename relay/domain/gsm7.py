"""What a text costs: segments of GSM-7, or of UCS-2 as soon as one character is outside of it.

One curly quote halves what fits into a segment, and more (TW-segments). The alphabet is that of
3GPP TS 23.038, 6.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: These take two places.
_EXTENDED = frozenset("\f^{}\\[~]|€")

#: Typography that loses nothing in plainer characters; Twilio's smart encoding replaces it, too.
_PLAINER = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‘’‛", "'"),
        **dict.fromkeys("‐–—―", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u200b\u2060\ufeff", ""),
        "‚": ",",
        "…": "...",
    }
)


def is_gsm7(text: str) -> bool:
    return _BASIC.union(_EXTENDED).issuperset(text)


def plainer(text: str) -> str:
    """The text with plain quotes, dashes, spaces and dots."""
    return text.translate(_PLAINER)


def fold(text: str) -> str:
    """The same in GSM-7 if plainer typography is all that it takes; else the text as it is, which
    gains nothing by it."""
    plain = plainer(text)
    return plain if is_gsm7(plain) else text


def count_segments(text: str) -> int:
    """As how many texts the carrier charges it. A character that takes two places is never parted
    between two segments."""
    if is_gsm7(text):
        return _fill((2 if c in _EXTENDED else 1 for c in text), alone=160, joined=153)
    return _fill((2 if ord(c) > 0xFFFF else 1 for c in text), alone=70, joined=67)


def _fill(places: Iterable[int], *, alone: int, joined: int) -> int:
    total, segments, left = 0, 1, joined
    for taken in places:
        total += taken
        if taken > left:
            segments, left = segments + 1, joined
        left -= taken
    return 1 if total <= alone else segments
