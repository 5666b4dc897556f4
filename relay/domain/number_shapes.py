"""Which digits in a text are a phone number by the way they are written."""

from __future__ import annotations

import re

#: d: any digit; N: 2 to 9; M: 3 to 9; P: 1 to 9; a space: what may part two groups.
_FORMS = (
    # North America: 415 555 0101
    "Ndd Ndd dddd",
    "1 Ndd Ndd dddd",
    # China: mobile, then landline
    "1Md dddd dddd",
    "1Mdd ddd dddd",
    "86 1Md dddd dddd",
    "86 1Mddddddddd",
    "0Pd dddddddd",
    "0Pd dddd dddd",
    "0Pdd dddd dddd",
    # Britain, and others of that form: 020 7946 0958, 0161 496 0123, 07700 900123
    "0Pdd ddd dddd",
    "0Pddd dddddd",
    "0Pddd ddd ddd",
    "44 Pd dddd dddd",
    "44 Pddd dddddd",
    # Germany: 0171 1234567, 030 12345678
    "0Pdd ddddddd",
    "0Pdd dddddddd",
    # Australia, Japan, Korea
    "0Pdd ddd ddd",
    "0P dddd dddd",
    "0P ddd dddd",
    # India
    "91 Ndddd ddddd",
)
#: France and its neighbours: 06 12 34 56 78. One separator throughout, as times are no number.
_PAIRS = r"0[1-9](?P<mark>[ .-])\d\d(?:(?P=mark)\d\d){3}"
_CLASSES = {"d": r"\d", "N": "[2-9]", "M": "[3-9]", "P": "[1-9]"}


def _any_form(separator: str) -> str:
    classes = {**_CLASSES, " ": separator}
    forms = ("".join(classes.get(one, one) for one in form) for form in _FORMS)
    return "|".join((_PAIRS, *forms))


#: What people put between two groups: up to three marks, which neither list nor count things.
_BETWEEN = r"(?:(?:(?![,、;:/%$£€¥₩₹+])[\W_]){1,3}|,)"
#: A mobile number of China is written without separators, too; so is a reference.
_CHINESE_MOBILE = r"(?<![a-z#号单-])(?<!id )(?<!no )(?<!no. )(?<!re[fq] )(?<!order )1[3-9]\d{9}"
WRITTEN = re.compile(rf"(?<!\d)\(?(?:{_any_form(_BETWEEN)}|{_CHINESE_MOBILE})(?!\d)")
INTERNATIONAL = re.compile(rf"(?<![\w+])\+\(?\d(?:{_BETWEEN}?\d){{6,14}}")
_MARKS = r"[\W_]{1,3}"
#: A whole id: a number with its separators, and perhaps words.
WRITTEN_ALONE = re.compile(rf"\D*(?:{_any_form(_MARKS)})\D*")
#: A word that announces a number makes one of any seven digits.
ANNOUNCED = re.compile(
    r"(?:(?<![a-z])(?:call|dial|phone|telephone|tel|ring|text|sms|mobile|cell|whatsapp)"
    "|电话|手机|号码|致电|拨打)"
    r"(?:[\W_]|me|us|at|on|no|number|is|是|号|码|为)*"
    r"(\d(?:[\W_]*\d){6,})"
)
