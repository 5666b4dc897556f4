"""Refs, names and contexts: free fields are how numbers get out, and how documents break."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException

from relay.domain.phone import PhoneNumber

#: Digits however they are spaced or punctuated: how people hide a number from a filter.
_DIGIT_RUN = re.compile(r"\+?\d(?:[\s().,;:*\-_/]{0,3}\d){6,}")
_DATE_AND_TIME = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?\b")
#: Digits in a row from which on prose holds a number, valid or not: 06 12 34 56 78.
_LONG = 9
_REGIONS_READ_WITHOUT_PREFIX = ("US", "CN", "GB")
#: Control, surrogate, private-use and unassigned characters, line and paragraph separators: a
#: record's fields are parted by some, and XML holds none of the others.
_UNREADABLE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


def is_unreadable(text: str) -> bool:
    """Whether it has a character that can be neither spoken nor kept."""
    return any(unicodedata.category(character) in _UNREADABLE for character in text)


def contains_phone_number(text: str) -> bool:
    """Whether prose (a name, an organization, a context) could carry a number out: nine digits
    and more, or fewer that read as a valid number. Dates and times are left alone."""
    return any(
        len(digits.lstrip("+")) >= _LONG or _reads_as_number(digits) for digits in _runs(text)
    )


def is_phone_number(ref: str) -> bool:
    """Whether an id reads as a valid number. Ids are often long digits, so length says nothing."""
    return any(_reads_as_number(digits) for digits in _runs(ref))


def repeats_phone(text: str, phone: PhoneNumber) -> bool:
    """Whether free text holds the last seven digits of this very number."""
    return phone.reveal()[-7:] in re.sub(r"\D", "", text)


def _runs(text: str) -> list[str]:
    prose = _DATE_AND_TIME.sub(" – ", text)
    return [re.sub(r"[^\d+]", "", run) for run in _DIGIT_RUN.findall(prose)]


def _reads_as_number(digits: str) -> bool:
    attempts: list[tuple[str, str | None]] = [(f"+{digits.lstrip('+')}", None)]
    if not digits.startswith("+"):
        attempts += [(digits, region) for region in _REGIONS_READ_WITHOUT_PREFIX]
    return any(_is_valid(number, region) for number, region in attempts)


def _is_valid(number: str, region: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except NumberParseException:
        return False
