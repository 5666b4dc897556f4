"""Phone numbers: which a participant may have, and what may be seen of them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.domain.phone import (
    WITHHELD,
    PhoneNumber,
    PhoneNumberRefused,
    area_code_of,
    country_of,
    is_withheld,
    normalise_virtual_number,
    parse_participant_phone,
    read_caller,
)

# --- what a participant may have ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("+14155550121", "+14155550121"),
        (" +1 (415) 555-0121 ", "+14155550121"),
        ("+1.415.555.0121", "+14155550121"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("+44 20 7946 0958", "+442079460958"),
        # numbers of companies, at a landline's price, and one that costs its caller nothing
        ("+44 330 555 0121", "+443305550121"),
        ("+41 58 555 01 21", "+41585550121"),
        ("+1 800 555 0199", "+18005550199"),
        ("＋1 415 555 0121", "+14155550121"),
        ("\u202a+1 415 555 0121\u202c", "+14155550121"),
        ("\ufeff+1\u200b415\u200d555\u20600121", "+14155550121"),
    ],
)
def test_international_form_is_tolerant_of_punctuation(text: str, e164: str) -> None:
    assert parse_participant_phone(text).reveal() == e164


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "withheld"),
        ("anonymous", "withheld"),
        (" Anonymous ", "withheld"),
        ("+266696687", "withheld"),
        ("+2 666-966 87", "withheld"),
        ("+7378742833", "withheld"),
        ("+1 737 874 2833", "withheld"),
        ("+１７３７８７４２８３３", "withheld"),
        ("client:rita", "withheld"),
        ("sip:rita@example.com", "withheld"),
        ("4155550121", "international form, with"),
        ("0014155550171", "international form, with"),
        ("tel:+14155550121", "international form, with"),
        ("+", "not a phone number"),
        ("+abc", "not a phone number"),
        ("+999123456789", "not a phone number"),
        ("+1" + "5" * 300, "not a phone number"),
        ("+1 415 555 267", "not a valid"),
        ("+1 415 555 0121 ext. 5", "`extension`"),
        ("+52 1 55 5555 0121 ext. 5", "`extension`"),
        ("+1 555 555 5555", "not a valid"),
        ("+1911", "service"),
        ("+1 411", "service"),
        ("+1 415 911", "service"),
        ("+86 110", "service"),
        ("+44 999", "service"),
        ("+1 900 555 0121", "premium"),
        ("+44 909 879 0000", "premium"),
        ("+44 845 555 0121", "premium"),
        ("+49 180 555 0121", "premium"),
        ("+44 70 1255 5012", "personal"),
        ("+1 521 555 0121", "personal"),
        ("+870 773 155 501", "satellite"),
        ("+8816 1255 5012", "satellite"),
        ("+882 16 155 501", "satellite"),
        ("+883 5100 1255 5012", "satellite"),
        ("+800 1255 5012", "global"),
        ("+86 138 0013 8000 #", "not a phone number"),
    ],
)
def test_what_is_nobodys_number_is_refused(text: str, why: str) -> None:
    with pytest.raises(PhoneNumberRefused, match=why) as refused:
        parse_participant_phone(text)
    assert len(text) < 4 or text.strip() not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("anonymous", "a withheld caller is nobody's number"),
        ("+266696687", "a withheld caller is nobody's number"),
        ("+1911", "emergency and service numbers cannot be relayed"),
        ("+1 900 555 0121", "premium-rate and personal numbers cannot be relayed"),
        ("+870 773 155 501", "satellite and global service numbers cannot be relayed"),
    ],
)
def test_a_developer_reads_why_a_number_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(PhoneNumberRefused) as refused:
        parse_participant_phone(text)
    assert str(refused.value) == sentence


@given(st.text(max_size=30))
def test_whatever_is_sent_is_taken_or_refused(text: str) -> None:
    try:
        phone = parse_participant_phone(text)
    except PhoneNumberRefused:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(phone.reveal()))


# --- what is seen of it ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("e164", "hint"),
    [
        ("+12125550101", "+1 ••• ••• ••01"),
        ("+8613800138000", "+86 ••• ••• ••• 00"),
        ("+442079460958", "+44 ••• ••• ••58"),
        ("+442079460123", "+44 ••• ••• ••23"),
    ],
)
def test_p2_a_hint_shows_the_country_code_and_two_digits(e164: str, hint: str) -> None:
    assert PhoneNumber(e164).hint == hint


@pytest.mark.parametrize("e164", ["+12125550101", "+8613800138000", "+442079460123"])
def test_p2_a_number_prints_as_its_hint(e164: str) -> None:
    phone = PhoneNumber(e164)
    for printed in (str(phone), repr(phone), f"{phone}", f"{[phone]}"):
        assert e164[3:-2] not in printed
        assert phone.hint in printed


def test_numbers_are_equal_when_they_are_the_same() -> None:
    assert PhoneNumber("+12125550101") == PhoneNumber("+12125550101")
    assert len({PhoneNumber("+12125550101"), PhoneNumber("+12125550101")}) == 1
    assert PhoneNumber("+12125550101") != "+12125550101"
    assert PhoneNumber("+12125550101") != PhoneNumber("+12125550102")


def test_two_spellings_of_one_line_are_one_phone() -> None:
    as_dialled, as_shown = PhoneNumber("+5491155550101"), PhoneNumber("+541155550101")
    assert as_dialled == as_shown
    assert len({as_dialled, as_shown}) == 1


def test_many_numbers_are_told_apart_without_comparing_each_with_each() -> None:
    lines = [f"+1212555{line:04d}" for line in range(100, 150)]
    assert len({hash(PhoneNumber(line)) for line in lines}) == len(lines)


def test_a_number_has_a_country_or_none() -> None:
    assert PhoneNumber("+12125550101").country == "US"
    assert PhoneNumber("+8613800138000").country == "CN"
    assert PhoneNumber("+15555555555").country == "ZZ"


# --- callers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caller", [*sorted(WITHHELD), "Anonymous", " +266696687 ", "266696687", "CLIENT:x"]
)
def test_a_withheld_caller_is_nobody(caller: str) -> None:
    assert is_withheld(caller)


def test_a_number_is_somebody() -> None:
    assert not is_withheld("+12125550101")


@pytest.mark.parametrize(
    ("shown", "called", "caller"),
    [
        ("+14155550101", "+14155550192", "+14155550101"),
        ("14155550101", "+14155550192", "+14155550101"),
        ("4155550101", "+14155550192", "+14155550101"),
        ("442079460958", "+14155550192", "+442079460958"),
        ("2079460958", "+442079460192", "+442079460958"),
        ("011442079460958", "+14155550192", "+442079460958"),
        ("5215555550101", "+14155550192", "+525555550101"),
        ("1195550101", "+5511955550192", "+5511995550101"),
        ("442079460958", "700123456789012", "+442079460958"),
        # What is no phone number stays what it is.
        ("72345", "+14155550192", "72345"),
        ("5550101", "+14155550192", "5550101"),
        ("4155550101", "700123456789012", "4155550101"),
        ("anonymous", "+14155550192", "anonymous"),
        ("RELAY", "+14155550192", "RELAY"),
        ("", "+14155550192", ""),
    ],
)
def test_a_caller_without_a_plus_is_read_as_the_called_country_dials(
    shown: str, called: str, caller: str
) -> None:
    assert read_caller(shown, called) == caller


@pytest.mark.parametrize("called", ["+14155550192", "+442079460192", "+49305550192"])
@pytest.mark.parametrize(
    "shown",
    ["7378742833", "17378742833", "266696687", "86282452253", "2562533", "8656696", "Anonymous"],
)
def test_a_withheld_caller_without_a_plus_is_nobody(shown: str, called: str) -> None:
    assert is_withheld(read_caller(shown, called))


@pytest.mark.parametrize(
    ("shown", "called"),
    [
        ("6585550101", "+14155550192"),
        ("4795550101", "+14155550192"),
        ("4915155550101", "+49305550192"),
        ("33655550101", "+49305550192"),
    ],
)
def test_a_caller_without_a_plus_who_may_be_two_people_is_neither(shown: str, called: str) -> None:
    assert read_caller(shown, called) == shown


def test_the_country_of_what_is_no_number_is_none() -> None:
    assert country_of("700123456789012") == "ZZ"


# --- virtual numbers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [("+1 (415) 555-0192", "+14155550192"), ("700123456789012", "700123456789012"), ("123", "123")],
)
def test_a_virtual_number_is_what_can_be_dialled(text: str, number: str) -> None:
    assert normalise_virtual_number(text) == number


@pytest.mark.parametrize("text", ["", "12", "+1234567890123456", "12a", "++1234", "+1*23"])
def test_what_cannot_be_dialled_is_no_virtual_number(text: str) -> None:
    with pytest.raises(PhoneNumberRefused):
        normalise_virtual_number(text)


@pytest.mark.parametrize(
    ("number", "area"),
    [
        ("+14155550192", "1415"),
        ("+442079460123", "4420"),
        ("+18005550199", ""),
        ("170055501420001", ""),
        ("", ""),
    ],
)
def test_the_area_of_a_geographic_number(number: str, area: str) -> None:
    assert area_code_of(number) == area
