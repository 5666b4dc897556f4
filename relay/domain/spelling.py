"""The spellings of one line: which one is dialled, and which one it is recognised by.

``phonenumbers`` reads what people write, and knows numbering plans. It does not follow a number
through a change of its plan: ``+52 1`` and Brazil's eight digits are invalid there, and Argentina's
``+54 9 11`` and ``+54 11`` are two numbers. The rules here are patterns of our own, and not its
metadata, because an index must be the same after an update of that library. Each of them meets only
what is nobody else's number, so that no spelling leads to a stranger (P1).
"""

from __future__ import annotations

import re

#: Calling code → what its old or domestic spellings look like, and the number as it is dialled now.
_AS_DIALLED = {
    # Mexico dropped the 1 of mobiles, and 01, 044 and 045, on 3 August 2019 (IFT); calls with a 1
    # fail since (TW-spelling). A number there begins with 2 to 9.
    "+52": (re.compile(r"\+52(?:1|01|04[45])([2-9]\d{9})"), r"+52\1"),
    # Argentina: at home a mobile has 15 behind the area code, from abroad 9 before it
    # (ENACOM's national numbering plan). Area code and number are ten digits, and the only area of
    # two digits is 11.
    "+54": (
        re.compile(r"\+549?0?(11(?=15\d{8}$)|[23]\d\d(?=15\d{7}$)|[23]\d{3}(?=15\d{6}$))15(\d+)"),
        r"+549\1\2",
    ),
    # Brazil put a 9 before the eight digits of mobiles, from 2012 to 2016 (Anatel, resolution 553).
    # They began with 6, 8 or 9 then; 7 stays as it is, since trunked radio kept eight digits there.
    "+55": (re.compile(r"\+550?([1-9]\d)([689]\d{7})"), r"+55\g<1>9\2"),
}


def as_dialled(number: str) -> str:
    """An E.164 number as it is reached today; any other text as it is."""
    rule = _AS_DIALLED.get(number[:3])
    if rule is None:
        return number
    old, new = rule
    found = old.fullmatch(number)
    return found.expand(new) if found else number


def line_of(number: str) -> str:
    """What a number is recognised by, the same for all spellings of one line.

    An Argentine mobile is dialled with its 9 and may be shown without it, and no other line has its
    ten digits: it is recognised by those. This is never dialled.
    """
    number = as_dialled(number)
    if number.startswith("+549") and len(number) == len("+549") + 10:
        return "+54" + number[4:]
    return number
