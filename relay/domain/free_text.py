"""Refs, names and contexts: free fields are how numbers get out, and how documents break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException

from relay.domain.explained_numbers import EXPLAINED, LIGHTLY_EXPLAINED, LONG_ID
from relay.domain.number_shapes import ANNOUNCED, INTERNATIONAL, WRITTEN, WRITTEN_ALONE
from relay.domain.number_words import fold, spell_out, spell_out_apart, without_padding
from relay.domain.phone import PhoneNumber
from relay.domain.spelling import line_of

HOLDS_NUMBER = "must not contain a phone number"
#: How many last digits of a phone number tell whose it is.
_TAIL = 7
#: So few digits beside explained ones cannot be what is missing of a number.
_FEW = 3
#: More digits than these, explained lightly or not at all, may be a number in disguise.
_MOST_LIGHT = 4
#: A text of more unexplained digits tries out several numbers at once.
_MOST_UNEXPLAINED = 40
_NO_DIGITS = re.compile("[^0-9]+")
#: Parts digits that are one number all the same.
_FILLING = "\0"
_BETWEEN_NUMBERS = re.compile("[^0-9\0]+")
_RUN = re.compile(r"\d(?:[\W_]*\d)*")
#: Control, surrogate, private-use and unassigned characters, line and paragraph separators: a
#: record's fields are parted by some, and XML holds none of the others.
_UNREADABLE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True)
class FreeNumbers:
    """What stands in a free text. ``shaped``: the words, as given, that read as phone numbers.
    ``unexplained``: seven digits and more that are no phone number by their shape, and that no
    date, time or sum of money explains. They may be anybody's number."""

    shaped: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()

    @property
    def fault(self) -> str:
        """Why the text cannot be taken whosever numbers these are, or "". It says which words by
        how they begin and end: answers are kept, and hold no number (P2)."""
        if self.shaped:
            words = ", ".join(f'"{words[:3]}…{words[-2:]}"' for words in self.shaped)
            return f"{HOLDS_NUMBER}: {words}"
        return "too many long numbers" if len(self.unexplained) > 1 else ""


_NOTHING = FreeNumbers()


def is_unreadable(text: str) -> bool:
    """Whether it has a character that can be neither spoken nor kept."""
    return any(unicodedata.category(character) in _UNREADABLE for character in text)


def read_numbers(text: str) -> FreeNumbers:
    """The numbers in prose (a name, an organization, a context), however they are written."""
    spelled = spell_out(fold(text))
    if len(_digits(spelled)) < _TAIL:
        return _NOTHING
    plain, places = without_padding(text, spelled)
    rest = _without_few_light(_unexplained_part(plain))
    spans = list(_shapes(plain, rest))
    spans += _disguised(text, _blank(rest, *spans), places)
    words = (text[places[start] : places[end]].strip() for start, end in spans)
    return FreeNumbers(tuple(dict.fromkeys(words)), _unexplained(plain, _blank(rest, *spans)))


def repeats_phone(text: str, phone: PhoneNumber) -> bool:
    """Whether a text's digits hold the last seven of this very number, forwards or backwards."""
    tail = phone.reveal()[-_TAIL:]
    return any(tail in digits or tail[::-1] in digits for digits in compared_digits(text))


def compared_digits(text: str) -> tuple[str, ...]:
    """A text's digits as ``repeats_phone`` reads them: as written, with number words as digits in
    two ways, and without what a date, a time or a sum of money explains."""
    written = fold(text)
    spelled = (written, spell_out(written), spell_out_apart(written))
    readings = (reading for each in spelled for reading in _readings(each.replace("\0", "")))
    return tuple(dict.fromkeys(map(_digits, readings)))


def _readings(plain: str) -> Iterator[str]:
    yield plain
    unexplained = _unexplained_part(plain)
    yield unexplained
    yield _without_light(unexplained)


def is_phone_number(ref: str) -> bool:
    """Whether an id is a phone number as people write one, with separators. Digits alone are not:
    ids are often long ones."""
    return WRITTEN_ALONE.fullmatch(ref) is not None


def ref_holds(ref: str, phone: PhoneNumber) -> bool:
    """Whether an id holds the digits of this very phone: its last seven, without others beside
    them, or anywhere the whole national number.

    Nine digits meet by chance in one of 10^8 ids of 19 digits; a shorter national number has to
    stand alone, too.
    """
    written = fold(ref)
    return any(_holds(reading, phone) for reading in (written, spell_out(written)))


def _holds(ref: str, phone: PhoneNumber) -> bool:
    digits = _digits(ref)
    if phone.reveal()[-_TAIL:] not in digits:
        return False
    line = phonenumbers.parse(line_of(phone.reveal()))
    national = phonenumbers.national_significant_number(line)
    if len(national) > _TAIL + 1 and national in digits:
        return True
    return bool({national, national[-_TAIL:]} & {digits, *_runs_of(ref)})


# --- what is a number by its shape ----------------------------------------------------

_Span = tuple[int, int]


def _shapes(plain: str, rest: str) -> Iterator[_Span]:
    for find in (_international, _written, _announced):
        spans = list(find(plain, rest))
        yield from spans
        rest = _blank(rest, *spans)


def _international(plain: str, _rest: str) -> Iterator[_Span]:
    return (
        found.span() for found in INTERNATIONAL.finditer(plain) if _begins_valid(_digits(found[0]))
    )


def _begins_valid(digits: str) -> bool:
    return any(_is_valid(f"+{digits[:length]}") for length in range(len(digits), _TAIL, -1))


def _is_valid(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except NumberParseException:
        return False


def _written(plain: str, rest: str) -> Iterator[_Span]:
    spans = (found.span() for found in WRITTEN.finditer(LONG_ID.sub(_blanked, plain)))
    return (span for span in spans if _digits(rest[slice(*span)]))


def _announced(_plain: str, rest: str) -> Iterator[_Span]:
    return (found.span(1) for found in ANNOUNCED.finditer(rest))


def _disguised(text: str, rest: str, places: Sequence[int]) -> Iterator[_Span]:
    """Seven digits in words, circles or look-alikes: nobody writes anything else like that."""
    for run in _RUN.finditer(rest):
        given = (text[places[place]] for place in range(*run.span()) if rest[place].isdecimal())
        if sum(not one.isdecimal() and one not in "Ii" for one in given) >= _TAIL:
            yield run.span()


# --- what is left ---------------------------------------------------------------------


def _unexplained(plain: str, rest: str) -> tuple[str, ...]:
    runs = tuple(run for run in _runs_of(rest) if len(run) >= _TAIL)
    if len(runs) > 1:
        return runs
    left = _digits(rest)
    if len(left) > _MOST_UNEXPLAINED:
        return left[:_MOST_UNEXPLAINED], left[_MOST_UNEXPLAINED:]
    if len(left) >= _TAIL:
        return (left,)
    return (_digits(plain),) if len(left) >= _FEW else ()


def _runs_of(text: str) -> Iterator[str]:
    """Digits with no letter among them. Two long numbers side by side are two."""
    for run in _RUN.findall(text):
        joined = ""
        for digits in map(_digits, _BETWEEN_NUMBERS.split(run)):
            if len(joined) >= _TAIL and len(digits) >= _TAIL:
                yield joined
                joined = ""
            joined += digits
        yield joined


def _digits(text: str) -> str:
    return _NO_DIGITS.sub("", text)


def _unexplained_part(plain: str) -> str:
    """The text with explained digits blanked out, in the same places. A long id is one number,
    whatever letters part its digits."""
    whole_ids = LONG_ID.sub(lambda found: _NO_DIGITS.sub(_filled, found[0]), plain)
    return EXPLAINED.sub(_blanked, whole_ids)


def _without_few_light(rest: str) -> str:
    return _without_light(rest) if len(_digits(rest)) <= _MOST_LIGHT else rest


def _without_light(rest: str) -> str:
    return LIGHTLY_EXPLAINED.sub(_blanked, rest)


def _filled(found: re.Match[str]) -> str:
    return _FILLING * len(found[0])


def _blanked(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _blank(text: str, *spans: _Span) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
