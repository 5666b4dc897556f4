"""Which digits in a text are a phone number by the way they are written, and which are none."""

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

_YEAR = r"(?:19[5-9]|20[0-4])\d"
_MONTH = "(?:0?[1-9]|1[0-2])"
_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH_NAME = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_ORDINAL = f"{_DAY}(?:st|nd|rd|th)?"
_QUARTER = "(?:00|15|30|45)"
_CLOCK = f"(?:[01][0-9]|2[0-4]){_QUARTER}"
#: Money is round: only its first digits could be anybody's.
_ROUND = "(?:[1-9][0-9]?[05]|5)"
_ISO = "(?:9001|13485|14001|22301|26262|27001|45001)"
#: Digits that are explained by what they are, narrowly: no whole number can be written like this.
_NUMERIC = (
    # Dates and years
    rf"{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}",
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
    rf"{_DAY}[-/.]{_DAY}[-/.]{_YEAR}",
    rf"{_MONTH}[-/.]{_YEAR}",
    rf"{_YEAR} ?年(?: ?{_MONTH} ?月(?: ?{_DAY} ?[日号])?)?",
    rf"{_MONTH} ?月(?: ?{_DAY} ?[日号])?",
    rf"{_ORDINAL} (?:of )?{_MONTH_NAME}(?: {_YEAR})?",
    rf"{_YEAR}(?:[-/.]{_MONTH}|[-/][23][0-9])?",
    # Times
    rf"(?:[01]?[0-9]|2[0-4]):{_QUARTER}(?::00)?",
    rf"{_CLOCK} ?- ?{_CLOCK}",
    rf"(?:[01]?[0-9]|2[0-4])[点时](?:{_QUARTER}分?)?",
    # Money
    r"[1-9][0-9]{0,2}[,.'](?:[0-9][05]0)(?:\.00)?",
    r"[1-9][0-9]{0,2}[,.'][0-9]00(?:[,.']000){1,2}(?:\.00)?",
    r"[1-9][0-9]{0,2} 000(?: 000)?",
    r"[1-9][0-9]{0,3}(?:00|50)(?:\.00)?",
    r"[1-9][0-9]{0,3}00000",
    rf"(?:{_ROUND} ?[k万w%]? ?[-~至到] ?)?{_ROUND} ?[k万w%]",
    # What is always written the same
    r"24[/x×]7",
    r"401 ?\(?k\)?",
    r"985[\W_]?211",
    r"(?:996|1099)",
    "50/50",
    "[56]险[12]金",
)
_IN_WORDS = (
    rf"{_MONTH_NAME} {_ORDINAL}(?:,? {_YEAR})?",
    rf"iso\W?{_ISO}(?:\W{{1,2}}{_ISO})*",
)
_ALONE_BEFORE = r"(?=[0-9])(?<![0-9\0])(?<![0-9][,.'])"
_ALONE_AFTER = r"(?![0-9\0])(?![,.'][0-9])"
EXPLAINED = re.compile(
    rf"(?:{_ALONE_BEFORE}(?:{'|'.join(_NUMERIC)})"
    rf"|(?=[ijfmasond])(?<![a-z])(?:{'|'.join(_IN_WORDS)})){_ALONE_AFTER}",
    re.ASCII,
)

_TO = " ?(?:[-~至到]|to) ?[$£€¥]?"
_PAY = r"[1-9]?[0-9](?:\.[0-9][0-9])?"
_AMOUNT = "[1-9][0-9]?"
_PERIOD = "(?:h|hr|hour|day|week|month|year)"
#: Digits that are explained by what stands beside them, and free otherwise: a few of them are no
#: number, many are.
_LIGHT = {
    "time of day": "(?:[01]?[0-9]|2[0-4]):[0-5][0-9]",
    "hour of the day": r"(?:0?[1-9]|1[0-2]) ?[ap]\.?m\b",
    "pay": rf"(?:{_PAY}{_TO})?{_PAY} ?(?:/|an? |per ) ?{_PERIOD}\b",
    "length of time": rf"(?:{_AMOUNT}{_TO})?{_AMOUNT}[ -]?(?:{_PERIOD}s?\b|天|小时|个月|分钟|年)",
    "share": "[1-9]?[0-9] ?%",
    "months of pay in a year": "1[0-9]薪",
}
LIGHTLY_EXPLAINED = re.compile(
    rf"{_ALONE_BEFORE}(?:{'|'.join(_LIGHT.values())}){_ALONE_AFTER}", re.ASCII
)
#: UUID, ULID, ObjectId and the like.
LONG_ID = re.compile(
    "(?<![0-9a-z-])"
    "(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-z])(?=[a-z]*[0-9])[0-9a-z]{20,32})"
    "(?![0-9a-z-])"
)
