"""Phone numbers: a participant's real one, which must never be printed, and what callers show."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from relay.domain.spelling import as_dialled, line_of

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

#: Charged to whoever dials them, and part of it often paid to whoever is called: relaying to one is
#: toll fraud (TW-fraud). Personal numbers look like mobiles (+44 70). Company numbers (UAN) are not
#: among them: Britain's 03 and Switzerland's 058 cost what a landline does, and are switchboards'.
_COSTLY = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
}
#: The "country" of +800, +870, +881, +882, +883 and the like: satellites and global services.
_NO_COUNTRY = "001"
_N11 = re.compile(r"^\+1([2-9]11)$|^\+1\d{3}[2-9]11$")
#: A number that has lost its plus; shorter ones are short codes.
_BARE = re.compile(r"[0-9]{7,15}")
_HIDDEN = "•"


_INTERNATIONAL = "international form, with + and the country's calling code"


class PhoneNumberRefused(ValueError):
    """The text is no phone number a participant may have. The message never repeats it."""


class PhoneNumber:
    """A participant's real number. It prints as its hint, so that no log line can leak it. Two
    spellings of one line are equal. ``extension`` is dialled through once it has answered; a comma
    in it waits two seconds."""

    __slots__ = ("_e164", "extension")

    def __init__(self, e164: str, extension: str = "") -> None:
        self._e164 = e164
        self.extension = extension

    def reveal(self) -> str:
        """The number itself, ``+14155550101``: only to dial, text, seal or index it."""
        return self._e164

    @property
    def hint(self) -> str:
        """What people may see: ``+1 ••• ••• ••01``, the country code and the last two digits, and
        whether there is an extension."""
        parsed = phonenumbers.parse(self._e164)
        code = f"+{parsed.country_code}"
        extension = f" ext. {_HIDDEN * 3}" if self.extension else ""
        return f"{code} {_masked(len(self._e164) - len(code))}{self._e164[-2:]}{extension}"

    @property
    def country(self) -> str:
        """As ``country_of`` says."""
        return country_of(self._e164)

    def __repr__(self) -> str:
        return f"PhoneNumber({self.hint})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhoneNumber) and line_of(other._e164) == line_of(self._e164)

    def __hash__(self) -> int:
        return hash(line_of(self._e164))


def _masked(digits: int) -> str:
    hidden = _HIDDEN * max(digits - 2, 0)
    groups = [hidden[i : i + 3] for i in range(0, len(hidden), 3)]
    separator = "" if len(hidden) % 3 else " "
    return " ".join(groups) + separator


def is_withheld(caller: str) -> bool:
    """Whether what the carrier gave as caller names nobody: never looked up, never called back."""
    text = caller.strip().lower()
    return text in WITHHELD or f"+{text}" in WITHHELD or text.startswith(("client:", "sip:"))


def read_caller(shown: str, called: str) -> str:
    """Who calls or texts, as E.164, where the carrier shows it without a plus.

    Twilio gives E.164 "if possible", else what it got (TW-call-form). Digits alone may be what the
    country of the called number would dial, or a number from abroad that lacks its plus. What is
    valid in neither way stays as it is: a short code, or nobody's number. So does what is valid in
    both, as two people's numbers: nothing is guessed (P1).
    """
    if is_withheld(shown) or not _BARE.fullmatch(shown):
        return shown
    read = {
        found
        for found in (_valid(shown, country_of(called)), _valid(f"+{shown}"))
        if found is not None
    }
    return read.pop() if len(read) == 1 else shown


def _valid(text: str, region: str | None = None) -> str | None:
    """A valid number as E.164."""
    try:
        parsed = _read(text, region)
    except NumberParseException:
        return None
    return _e164(parsed) if phonenumbers.is_valid_number(parsed) else None


def country_of(number: str) -> str:
    """ISO 3166 code of a number's country (``US``); ``ZZ`` when it has none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or "ZZ"
    except NumberParseException:
        return "ZZ"


def may_be_of(number: str, country: str) -> bool:
    """Whether a virtual number has the country's calling code, which all of +1 share, or none."""
    try:
        code = phonenumbers.parse(number).country_code
    except NumberParseException:
        return True
    return code == phonenumbers.country_code_for_region(country)


def parse_participant_phone(text: str) -> PhoneNumber:
    """A participant's number from international form; spaces and punctuation are tolerated, and so
    is what cannot be seen (zero-width and bidirectional marks come along when it is pasted).

    Raises PhoneNumberRefused for what is no participant's (``docs/api.md``): no leading
    ``+``, not valid, withheld spellings, emergency, N11, premium-rate and personal numbers, and
    those of no country (satellites, global services).
    """
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()
    if is_withheld(re.sub(r"[^\w+:]", "", text)):
        raise PhoneNumberRefused("a withheld caller is nobody's number")
    if not text.startswith(("+", "\N{FULLWIDTH PLUS SIGN}")):
        raise PhoneNumberRefused(f"{_INTERNATIONAL}, is needed")
    try:
        parsed = _read(text)
    except NumberParseException:
        raise PhoneNumberRefused(f"not a phone number in {_INTERNATIONAL}") from None
    e164 = _e164(parsed)
    if is_withheld(e164):
        raise PhoneNumberRefused("a withheld caller is nobody's number")
    if _is_service_number(e164, parsed):
        raise PhoneNumberRefused("emergency and service numbers cannot be relayed")
    if parsed.extension:
        raise PhoneNumberRefused("without what is dialled behind it: a recruiter's is `extension`")
    if not phonenumbers.is_valid_number(parsed):
        raise PhoneNumberRefused(f"not a valid phone number in {_INTERNATIONAL}")
    _check_cost(parsed)
    return PhoneNumber(e164)


def _check_cost(parsed: phonenumbers.PhoneNumber) -> None:
    """Raises PhoneNumberRefused for what costs more than a call to its country."""
    if phonenumbers.number_type(parsed) in _COSTLY:
        raise PhoneNumberRefused("premium-rate and personal numbers cannot be relayed")
    if phonenumbers.region_code_for_number(parsed) == _NO_COUNTRY:
        raise PhoneNumberRefused("satellite and global service numbers cannot be relayed")


def _read(text: str, region: str | None = None) -> phonenumbers.PhoneNumber:
    """A number in today's spelling. Raises NumberParseException."""
    parsed = phonenumbers.parse(text, region)
    written = _e164(parsed)
    today = as_dialled(written)
    if today == written:
        return parsed
    dialled = phonenumbers.parse(today)
    dialled.extension = parsed.extension
    return dialled


def _e164(parsed: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


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


def sought_virtual_number(text: str) -> str:
    """The same of what somebody looks for; "" for anything else, which finds nothing."""
    try:
        return normalise_virtual_number(text)
    except PhoneNumberRefused:
        return ""


def area_code_of(number: str) -> str:
    """Country and area code of a geographic number, ``1415``; "" of any other. Raises nothing."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ""
    length = phonenumbers.length_of_geographical_area_code(parsed)
    national = phonenumbers.national_significant_number(parsed)
    return f"{parsed.country_code}{national[:length]}" if length else ""
