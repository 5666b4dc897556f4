"""Which digits in a text are no phone number, by what they are or by what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_YEAR = r"(?:19[5-9]|20[0-4])\d"
_MONTH = "(?:0?[1-9]|1[0-2])"
_TWO_DIGIT_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"
_TWO_DIGIT_DAY = "(?:0[1-9]|[12][0-9]|3[01])"
_MONTH_NAME = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_ORDINAL = f"{_DAY}(?:st|nd|rd|th)?"
_CHINESE_DAY = f"{_MONTH} ?月(?: ?{_DAY} ?[日号])?"
_HOUR = "(?:[01]?[0-9]|2[0-4])"
_QUARTER = "(?:00|15|30|45)"
_CLOCK = f"(?:[01][0-9]|2[0-4]){_QUARTER}"
_CENTS = r"(?:\.00)?"
#: Money is round: only its first digits could be anybody's.
_ROUND = "(?:[1-9][0-9]?[05]|5)"
_MANY = "[k万w%]"
_ISO = "(?:9001|13485|14001|22301|26262|27001|45001)"

#: What explains digits: narrow, so that few numbers can be written like this. Some can: a date
#: 20201130 is +45 20 20 11 30, too, and so is what several of these make together
#: (``docs/threat-model.md``). The first that fits is taken.
_NUMERIC = {
    "2026-11-23": f"{_YEAR}[-/.]{_MONTH}[-/.]{_DAY}",
    "20261123": f"{_YEAR}{_TWO_DIGIT_MONTH}{_TWO_DIGIT_DAY}",
    "23/11/2026": f"{_DAY}[-/.]{_DAY}[-/.]{_YEAR}",
    "11/2026": f"{_MONTH}[-/.]{_YEAR}",
    "2026年11月23日": f"{_YEAR} ?年(?: ?{_CHINESE_DAY})?",
    "23rd of Nov 2026": f"{_ORDINAL} (?:of )?{_MONTH_NAME} {_YEAR}",
    "2026, 2026-11, 2026/27": f"{_YEAR}(?:[-/.]{_MONTH}|[-/][23][0-9])?",
    "14:30:00": f"{_HOUR}:{_QUARTER}(?::00)?",
    "0900-1730": f"{_CLOCK} ?- ?{_CLOCK}",
    "14点30分": f"{_HOUR}[点时]{_QUARTER}分?",
    "99,250.00": f"[1-9][0-9]{{0,2}}[,.'](?:[0-9][05]0){_CENTS}",
    "12,500,000": f"[1-9][0-9]{{0,2}}[,.'][0-9]00(?:[,.']000){{1,2}}{_CENTS}",
    "45 000": "[1-9][0-9]{0,2} 000(?: 000)?",
    "120000, 1250": f"[1-9][0-9]{{0,3}}(?:00|50){_CENTS}",
    "12000000": "[1-9][0-9]{0,3}00000",
    "120k-150k, 20万, 15%": f"(?:{_ROUND} ?{_MANY}? ?[-~至到] ?)?{_ROUND} ?{_MANY}",
    # Set expressions of job offers; the next ones have to be added by hand, too.
    "round the clock": "24[/x×]7",
    "an American pension plan": r"401 ?\(?k\)?",
    "China's best universities, by two of their lists": r"985[\W_]?211",
    "Chinese working hours: nine to nine, six days": "996",
    "an American freelancer's tax form": "1099",
    "half and half": "50/50",
    "Chinese social insurance: 五险一金, 六险二金": "[56]险[12]金",
}
_AFTER_A_WORD = {
    "Nov 23rd, 2026": f"{_MONTH_NAME} {_ORDINAL},? {_YEAR}",
    "ISO 9001/14001": rf"iso\W?{_ISO}(?:\W{{1,2}}{_ISO})*",
}

_TO = " ?(?:[-~至到]|to) ?[$£€¥]?"
_PAY = r"[1-9]?[0-9](?:\.[0-9][0-9])?"
_AMOUNT = "[1-9][0-9]?"
_PERIOD = "(?:h|hr|hour|day|week|month|year)"
_ANY_PERIOD = rf"(?:{_PERIOD}s?\b|天|小时|个月|分钟|年)"
#: Digits that are explained by what stands beside them, and free otherwise: a few of them are no
#: number, many are.
_LIGHT = {
    "23rd of Nov": f"{_ORDINAL} (?:of )?{_MONTH_NAME}",
    "11月23日": _CHINESE_DAY,
    "14点": f"{_HOUR}[点时]",
    "9:40": f"{_HOUR}:[0-5][0-9]",
    "9 am": r"(?:0?[1-9]|1[0-2]) ?[ap]\.?m\b",
    "$18-$22.50/hr": rf"(?:{_PAY}{_TO})?{_PAY} ?(?:/|an? |per ) ?{_PERIOD}\b",
    "32-40 hours": f"(?:{_AMOUNT}{_TO})?{_AMOUNT}[ -]?{_ANY_PERIOD}",
    "7%": "[1-9]?[0-9] ?%",
    "14 months' pay a year": "1[0-9]薪",
}
_LIGHT_AFTER_A_WORD = {"Nov 23rd": f"{_MONTH_NAME} {_ORDINAL}"}


_BEFORE = r"(?=[0-9])(?<![0-9\0])(?<![0-9][,.'])"
_BEFORE_A_WORD = "(?=[ijfmasond])(?<![a-z])"
_AFTER = r"(?![0-9\0])(?![,.'][0-9])"


def _all_of(numeric: Mapping[str, str], after_a_word: Mapping[str, str]) -> re.Pattern[str]:
    """Any of these, with no digit beside it that belongs to it."""
    numbers, words = "|".join(numeric.values()), "|".join(after_a_word.values())
    return re.compile(f"(?:{_BEFORE}(?:{numbers})|{_BEFORE_A_WORD}(?:{words})){_AFTER}", re.ASCII)


EXPLAINED = _all_of(_NUMERIC, _AFTER_A_WORD)
LIGHTLY_EXPLAINED = _all_of(_LIGHT, _LIGHT_AFTER_A_WORD)

#: UUID, ULID, ObjectId and the like.
LONG_ID = re.compile(
    "(?<![0-9a-z-])"
    "(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-z])(?=[a-z]*[0-9])[0-9a-z]{20,32})"
    "(?![0-9a-z-])"
)
