"""Phone numbers: a participant's real one, which must never be printed, and what callers show."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

#: Keypad spellings and words that carriers put where a withheld number would be (TW-withheld).
#: Some look like real numbers: ``+7378742833`` is RESTRICTED, not a subscriber in Russia.
WITHHELD = frozenset(
    {
        "+266696687",
        "+7378742833",
        "+17378742833",
        "+86282452253",
        "+8656696",
        "+2562533",
        "anonymous",
        "unavailable",
        "restricted",
        "unknown",
        "private",
        "blocked",
        "",
    }
)

#: Three digits where the calling code is +1 (North American Numbering Plan: no first 0 or 1).
AREA_CODE = "[2-9][0-9]{2}"

#: Charged to whoever dials them: relaying to one is toll fraud (TW-fraud).
_COSTLY = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}
_N11 = re.compile(r"^\+1([2-9]11)$|^\+1\d{3}[2-9]11$")
_HIDDEN = "•"


class PhoneNumberRefused(ValueError):
    """The text is no phone number a participant may have. The message never repeats it."""


class PhoneNumber:
    """A participant's real number. It prints as its hint, so that no log line can leak it."""

    __slots__ = ("_e164",)

    def __init__(self, e164: str) -> None:
        self._e164 = e164

    def reveal(self) -> str:
        """The number itself, ``+14155550101``: only to dial, text, seal or index it."""
        return self._e164

    @property
    def hint(self) -> str:
        """What people may see: ``+1 ••• ••• ••01``, the country code and the last two digits."""
        parsed = phonenumbers.parse(self._e164)
        code = f"+{parsed.country_code}"
        return f"{code} {_masked(len(self._e164) - len(code))}{self._e164[-2:]}"

    @property
    def country(self) -> str:
        """ISO 3166 code of the number's country (``US``), or ``ZZ`` when it has none."""
        return phonenumbers.region_code_for_number(phonenumbers.parse(self._e164)) or "ZZ"

    def __repr__(self) -> str:
        return f"PhoneNumber({self.hint})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhoneNumber) and other._e164 == self._e164

    def __hash__(self) -> int:
        return hash(self._e164)


def _masked(digits: int) -> str:
    hidden = _HIDDEN * max(digits - 2, 0)
    groups = [hidden[i : i + 3] for i in range(0, len(hidden), 3)]
    separator = "" if len(hidden) % 3 else " "
    return " ".join(groups) + separator


def is_withheld(caller: str) -> bool:
    """Whether what the carrier gave as caller names nobody: never looked up, never called back."""
    text = caller.strip().lower()
    return text in WITHHELD or text.startswith(("client:", "sip:"))


def parse_participant_phone(text: str) -> PhoneNumber:
    """A participant's number from international form; spaces and punctuation are tolerated.

    Raises PhoneNumberRefused for what is no participant's (``docs/api.md``): no leading
    ``+``, not valid, withheld spellings, emergency, N11 and premium-rate numbers.
    """
    text = text.strip()
    if is_withheld(re.sub(r"[^\w+:]", "", text)):
        raise PhoneNumberRefused("a withheld caller is nobody's number")
    if not text.startswith("+"):
        raise PhoneNumberRefused("international form with a leading + is needed")
    try:
        parsed = phonenumbers.parse(text)
    except NumberParseException as error:
        raise PhoneNumberRefused("not a phone number") from error
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if is_withheld(e164):
        raise PhoneNumberRefused("a withheld caller is nobody's number")
    if _is_service_number(e164, parsed):
        raise PhoneNumberRefused("emergency and service numbers cannot be relayed")
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        raise PhoneNumberRefused("not a valid phone number")
    if phonenumbers.number_type(parsed) in _COSTLY:
        raise PhoneNumberRefused("premium-rate numbers cannot be relayed")
    return PhoneNumber(e164)


def _is_service_number(e164: str, parsed: phonenumbers.PhoneNumber) -> bool:
    national = str(parsed.national_number)
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(parsed.country_code or 0, ())
    return bool(_N11.match(e164)) or any(
        phonenumbers.is_emergency_number(national, region) for region in regions
    )


def normalise_virtual_number(text: str) -> str:
    """A virtual number as the carrier writes it: ``+`` and digits, or bare digits (China's
    15-digit 700 range is not E.164). Raises PhoneNumberRefused for anything else."""
    compact = re.sub(r"[\s().\-]", "", text)
    if not re.fullmatch(r"\+?\d{3,15}", compact):
        raise PhoneNumberRefused("not a dialable number")
    return compact


def area_code_of(number: str) -> str:
    """Country and area code of a geographic number, ``1415``; "" of any other. Raises nothing."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ""
    length = phonenumbers.length_of_geographical_area_code(parsed)
    national = phonenumbers.national_significant_number(parsed)
    return f"{parsed.country_code}{national[:length]}" if length else ""
