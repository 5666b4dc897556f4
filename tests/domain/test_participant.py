"""What may be said of people."""

from __future__ import annotations

import pytest

from relay.domain.participant import (
    CandidateDetails,
    RecruiterDetails,
    Role,
    faults_of_candidate,
    faults_of_recruiter,
    faults_of_ref,
)
from relay.domain.phone import PhoneNumber

RITA = PhoneNumber("+12125550101")


def test_each_role_has_the_other_one() -> None:
    assert Role.RECRUITER.other is Role.CANDIDATE
    assert Role.CANDIDATE.other is Role.RECRUITER


@pytest.mark.parametrize(
    "ref", ["r-1001", "A.b_c-9", "x", "x" * 64, "_x", ".x", "...x..", "2026-11-23", "550e8400"]
)
def test_a_ref_is_the_callers_own_id(ref: str) -> None:
    assert not list(faults_of_ref(ref, RITA))


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "a/b",
        "a b",
        "ré",
        "x" * 65,
        "." * 63 + "xx",
        "a\n",
        "r_2125550101",
        "x5550101",
        "+14155550121",
    ],
)
def test_p2_a_ref_carries_no_number_and_no_other_characters(ref: str) -> None:
    (fault,) = faults_of_ref(ref, RITA)
    assert fault.pointer == "/ref"
    assert not ref or ref not in fault.detail


def test_without_a_phone_only_numbers_with_separators_are_seen() -> None:
    assert not list(faults_of_ref("x5550101", None))
    assert not list(faults_of_ref("14155550121", None))
    assert list(faults_of_ref("415-555-0121", None))


def test_names_are_written_as_people_write_them() -> None:
    details = RecruiterDetails(
        phone="", name="Zoë O’Neil 李", organization="Acme & Söhne (3M)", locale="zh-CN"
    )
    assert not list(faults_of_recruiter(details, RITA))
    assert not list(faults_of_recruiter(RecruiterDetails(phone=""), RITA))


@pytest.mark.parametrize(
    "text", ["x" * 101, "a\tb", "a\nb", "\x7f", "a\u2028b", "ring 415-555-0121", "five 5550101"]
)
def test_p2_names_are_short_plain_and_without_numbers(text: str) -> None:
    details = RecruiterDetails(phone="", name=text, organization=text)
    faults = list(faults_of_recruiter(details, RITA))
    assert [fault.pointer for fault in faults] == ["/name", "/organization"]
    assert not any(text in fault.detail for fault in faults)


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("Rita 415.555.0121", 'must not contain a phone number: "415…21"'),
        ("Rita 212-555-0101", "must not contain a phone number"),
        ("Rita (five five five) oh1oh1", "must not contain a phone number"),
        ("5550121 & 5550122", "too many long numbers"),
    ],
)
def test_p2_a_name_is_refused_with_its_words_but_never_ones_own_phone(
    name: str, detail: str
) -> None:
    (fault,) = faults_of_recruiter(RecruiterDetails(phone="", name=name), RITA)
    assert fault.detail == detail


@pytest.mark.parametrize("locale", ["", "EN", "eng", "en_US", "en-us", "en-USA", "en\n"])
def test_a_locale_is_a_language_and_perhaps_a_country(locale: str) -> None:
    (fault,) = faults_of_candidate(CandidateDetails(phone="", locale=locale))
    assert fault.pointer == "/locale"


@pytest.mark.parametrize("zone", ["", "UTC", "Asia/Shanghai", "America/Argentina/Ushuaia", None])
def test_a_time_zone_is_known_or_left_open(zone: str | None) -> None:
    assert not list(faults_of_candidate(CandidateDetails(phone="", time_zone=zone)))


@pytest.mark.parametrize("zone", ["Mars", "America", "/etc/passwd", "../UTC", "a\x00b", "é" * 9000])
def test_a_time_zone_that_nobody_knows_is_refused(zone: str) -> None:
    (fault,) = faults_of_candidate(CandidateDetails(phone="", time_zone=zone))
    assert fault.pointer == "/time_zone"


@pytest.mark.parametrize("ref", [".", "..", "...", "." * 64])
def test_a_step_of_a_path_is_no_ref(ref: str) -> None:
    assert [fault.pointer for fault in faults_of_ref(ref, None)] == ["/ref"]
