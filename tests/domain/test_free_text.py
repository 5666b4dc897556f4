"""Free fields: what they must not carry out, and what they may well say."""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.domain.free_text import (
    is_phone_number,
    is_unreadable,
    read_numbers,
    ref_holds,
    repeats_phone,
)
from relay.domain.number_words import fold
from relay.domain.phone import PhoneNumber
from relay.domain.session import LONGEST_CONTEXT

TEXTS = Path(__file__).parent / "free_text"
PHONE = PhoneNumber("+14155550101")


def lines_of(name: str) -> list[str]:
    return (TEXTS / name).read_text(encoding="utf-8").removesuffix("\n").split("\n")


def is_refused(text: str, phone: PhoneNumber) -> bool:
    numbers = read_numbers(text)
    return bool(numbers.fault or (numbers.unexplained and repeats_phone(text, phone)))


# --- what gets out --------------------------------------------------------------------


#: Each line: somebody's own number, and a text that they hid it in. Abroad: Denmark's and
#: Singapore's eight digits, and China.
DISGUISES = [("disguised_numbers.txt", 300), ("disguised_numbers_abroad.txt", 90)]


@pytest.mark.parametrize(("name", "count"), DISGUISES)
def test_p2_no_disguise_carries_a_number_out(name: str, count: int) -> None:
    lines = [line.split("\t") for line in lines_of(name)]
    assert len(lines) == count
    assert not [text for number, text in lines if not is_refused(text, PhoneNumber(number))]


@pytest.mark.parametrize(("name", "count"), DISGUISES)
def test_every_disguise_could_be_sent(name: str, count: int) -> None:
    texts = [line.split("\t")[1] for line in lines_of(name)]
    assert len({*texts}) == count
    assert not [text for text in texts if is_unreadable(text) or len(text) > LONGEST_CONTEXT]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("call 415-555-0101 now", "415-555-0101"),
        ("(415) 555-0101", "(415) 555-0101"),
        ("at +1 415 555 0101, Rita", "+1 415 555 0101"),
        ("415\u200b|555\u200b|0101!", "415\u200b|555\u200b|0101"),
        ("ring 5550101", "5550101"),
        ("手机：13855550101。", "13855550101"),
        ("me: four one five 555 oh one oh one", "four one five 555 oh one oh one"),
        ("四一五五五五零一零一", "四一五五五五零一零一"),
        ("Rita 4l5-555-OlOl", "4l5-555-OlOl"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("06 12 34 56 78", "06 12 34 56 78"),
    ],
)
def test_p2_a_number_of_any_shape_is_refused_with_its_words(text: str, words: str) -> None:
    numbers = read_numbers(text)
    assert numbers.shaped == (words,)
    assert numbers.fault == f'must not contain a phone number: "{words[:3]}…{words[-2:]}"'


@pytest.mark.parametrize(
    "text",
    [
        "4pm 1pm 5pm 5pm 5pm 5pm 01am 01am",
        "from 5:55 to 5:01, and 01 am",
        "5 Nov, 5 Nov, 5 Nov, 01 Nov, 01 Nov",
        "Nov 5, Nov 5, Nov 5, Nov 01, Nov 01",
        "5月，5月，5月，01月，01月",
        "5点5点5点01点01点",
        "$41-$55/hr, $55-$01/hr, 01/hr",
        "55.50/hr, 10am-1pm",
        "41 hours, 55 weeks, 55 months, 0101",
        "41% 55% 55% 01% 01%",
        "ref 4155550101",
        "$4,155,550,101",
        "salary 415555-0101",
        "$415, $555, $0101",
        "415k and 555k and 0101",
        "4:15, 5:55 and 01:01",
        "41-55-55, room 01-01",
        "415, since 2019: 555, since 2020: 0101",
    ],
)
def test_p2_nobody_passes_a_number_as_money_a_time_or_a_reference(text: str) -> None:
    assert is_refused(text, PHONE)


@pytest.mark.parametrize(
    "text",
    [
        "twenty-three thousand seven hundred forty-four 17",
        "TwentyThreeThousand SevenHundredAndFortyFour, seventeen",
        "two million three hundred seventy-four thousand four hundred and seventeen",
        "23 thousand 7 hundred 44 17",
        "两万三千七百四十四，17",
        "two three seven four four hundred seventeen",
        "seis dos ocho, dos tres siete, cuatro cuatro uno siete",
        "zwei drei sieben vier vier eins sieben",
        "DEUX TROIS SEPT QUATRE QUATRE UN SEPT",
        "due tre sette quattro quattro uno sette",
        "dois três sete quatro quatro um sete",
        "dosTresSieteVierQuatreUnSete",
        "⠼⠃⠉⠛⠙⠙⠁⠛",
        "backwards 7144732",
        "Ref 7144732826",
    ],
)
def test_p2_no_language_and_no_order_hides_a_number(text: str) -> None:
    assert is_refused(text, PhoneNumber("+16282374417"))


def test_p2_a_hundred_is_read_as_zeros_too() -> None:
    text = "four hundred, five five five oh one oh one"
    assert is_refused(text, PhoneNumber("+14005550101"))


@pytest.mark.parametrize("text", ["555 in 2019", "555-1200", "555 at 10:30"])
def test_p2_a_number_that_ends_like_a_year_or_a_sum_is_compared(text: str) -> None:
    assert read_numbers(text).unexplained


def test_p2_a_field_that_tries_out_two_numbers_is_refused_unread() -> None:
    for text in ("5550101 or 5550102", "5550101, 5550102", "1234567 A 7654321", "12345 a " * 9):
        assert read_numbers(text).fault == "too many long numbers", text


def test_one_long_number_is_left_to_be_compared() -> None:
    numbers = read_numbers("Req 5550101, Acme")
    assert numbers.unexplained == ("5550101",)
    assert not numbers.fault


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("12 x 34 x 56", ()),
        ("12 x 34 x 567", ("1234567",)),
        ("2026-11-23, 12 x 34 x 567", ("1234567",)),
        ("2026-11-23, 12", ()),
        ("2026-11-23, 123", ("20261123123",)),
        ("2026-11-23, 10 am, 11 am", ()),
        ("2026-11-23, 9 am, 10 am, 11 am", ("2026112391011",)),
    ],
)
def test_digits_are_compared_from_where_they_could_be_a_number(
    text: str, compared: tuple[str, ...]
) -> None:
    assert read_numbers(text).unexplained == compared
    assert not read_numbers(text).fault


def test_p2_forty_digits_are_compared_and_more_are_refused_unread() -> None:
    forty = "12345 x " * 8
    assert read_numbers(forty).unexplained == ("12345" * 8,)
    assert not read_numbers(forty).fault
    assert read_numbers(f"{forty} 6").fault == "too many long numbers"


@pytest.mark.parametrize("look_alike", ["⑤", "l", "O"])
def test_p2_seven_digits_in_disguise_are_a_number_and_six_are_not(look_alike: str) -> None:
    assert read_numbers(f"9{look_alike}" * 7).shaped == (f"9{look_alike}" * 7,)
    assert not read_numbers(f"9{look_alike}" * 6 + "9").shaped


def test_a_roman_numeral_is_no_disguise() -> None:
    for text in ("9I" * 7, "9i" * 7, "Level I, II, III, IIII, 4"):
        assert not read_numbers(text).shaped, text


def test_p2_of_two_numbers_side_by_side_both_are_named() -> None:
    numbers = read_numbers("+86 138 5555 0101 415 555 0101")
    assert len(numbers.shaped) == 2
    assert numbers.shaped[1] == "415 555 0101"


def test_a_plus_before_what_no_country_has_makes_no_number() -> None:
    numbers = read_numbers("+99912345678")
    assert (numbers.shaped, numbers.unexplained) == ((), ("99912345678",))


@pytest.mark.parametrize(
    "text", ["x 555-0101", "five 5 five o1o1", "４１５５５５０１０１", "⑤⑤⑤0①0①"]
)
def test_p2_ones_own_number_is_recognised_by_its_last_digits(text: str) -> None:
    assert repeats_phone(text, PHONE)
    assert not repeats_phone(text, PhoneNumber("+14155550102"))


@pytest.mark.parametrize("text", ["415一555一0101", "415 2026-11-23 555 0101", "415 I 555 I 0101"])
def test_p2_noise_among_the_digits_hides_nothing(text: str) -> None:
    assert is_refused(text, PHONE)


def test_any_mixture_of_number_words_is_read() -> None:
    chance = random.Random(1)
    words = ["one", "twenty", "fifty", "hundred", "oh", "double", *"十百五么洞年OlISk", "三个"]
    marks = ["5", "415", "⑩", "🔟", "½", "㏠", "Ⅳ", "İ", "+", "(", " ", "-", "\u200b", "\u0301"]
    for _ in range(2_000):
        text = "".join(chance.choices([*words, *marks], k=25))
        assert all(found in text for found in read_numbers(text).shaped)
        assert not repeats_phone(text, PhoneNumber("+16175550149"))


@pytest.mark.parametrize(
    ("text", "phone"),
    [("from 20201130", "+4520201130"), ("10:30, 2026-11-23", "+16170302026")],
)
def test_a_number_that_reads_as_a_date_or_time_is_left(text: str, phone: str) -> None:
    """``docs/threat-model.md`` says so."""
    assert not is_refused(text, PhoneNumber(phone))


# --- what is honest -------------------------------------------------------------------


def test_no_honest_context_is_refused() -> None:
    contexts = lines_of("honest_contexts.txt")
    assert len({*contexts}) == 300
    assert not {text: fault for text in contexts if (fault := read_numbers(text).fault)}
    assert not [text for text in contexts if is_unreadable(text) or len(text) > LONGEST_CONTEXT]


def test_few_honest_contexts_have_to_be_compared() -> None:
    compared = [text for text in lines_of("honest_contexts.txt") if read_numbers(text).unexplained]
    assert len(compared) == 58


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Salary 120000-140000",
        "Senior Engineer, 100,000 - 120,000 USD",
        "Senior dev 12/2026 - 03/2027",
        "Interview 2026-11-23T10:00:00, room 12",
        "面试时间：2026年11月23日 10:00-11:30",
        "二〇二六年十一月二十三日",
        "985/211院校，月薪15000-20000",
        "20-30K·15薪，五险一金",
        "Warehouse picker, Mon-Fri 06:00-14:30, 18.50/hr",
        "Barista, weekends 7:00am-3:00pm, $17.50 per hour",
        "Interview 2026-11-23, 9:40 am",
        "Starts 2027-01-04, $18-$22 an hour",
        "Contract until 2027-05-31, 9am to 5pm",
        "Fund of $1,500,000,000, since 2019",
        "One hundred twenty thousand dollars a year, 2026-12-01",
        "Due date 2026-12-15, acht Uhr, un mois",
    ],
)
def test_money_dates_and_times_are_explained(text: str) -> None:
    numbers = read_numbers(text)
    assert not numbers.shaped
    assert not numbers.unexplained


# --- refs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ref",
    [
        "415-555-0101",
        "415.555.0101",
        "415_555_0101",
        "1-415-555-0101",
        "+1-415-555-0101",
        "c-415-555-0101",
        "rita.415-555-0101.cell",
        "138-5555-0101",
        "86-138-5555-0101",
        "020-7946-0958",
        "44-20-7946-0958",
        "0171-5550101",
        "06-12-34-56-78",
    ],
)
def test_p2_a_phone_number_with_separators_is_no_id(ref: str) -> None:
    assert is_phone_number(ref)


@pytest.mark.parametrize(
    "ref",
    [
        *("r-1001", "20261123-000017", "c.77", "0000000", "1234567890", "4155550101"),
        *("c-1732590000", "2026-11-23", "100-415-555-0101", "10.0.0.1", "123-45-6789"),
    ],
)
def test_an_id_of_many_digits_is_left_alone(ref: str) -> None:
    assert not is_phone_number(ref)
    assert not ref_holds(ref, PhoneNumber("+12125550149"))


@pytest.mark.parametrize(
    "ref",
    [
        *("4155550101", "r_4155550101", "14155550101", "x5550101", "555-0101", "c-555.0101-a"),
        *("99941555501019", "a4b1c5d5e5f5g0h1i0j1", "415-fivefivefive-0101", "4155550IOI"),
    ],
)
def test_p2_an_id_that_holds_this_very_phone_is_seen(ref: str) -> None:
    assert ref_holds(ref, PHONE)


@pytest.mark.parametrize("ref", ["55501011", "c-15550101", "5550102", "4155550102"])
def test_an_id_that_holds_another_number_is_left_alone(ref: str) -> None:
    assert not ref_holds(ref, PHONE)


_CHANCE = random.Random(20261123)
_IDS: dict[str, Callable[[], str]] = {
    "UUID": lambda: str(uuid.UUID(bytes=_CHANCE.randbytes(16), version=4)),
    "UUID hex": lambda: uuid.UUID(bytes=_CHANCE.randbytes(16), version=4).hex,
    "ULID": lambda: "01" + "".join(_CHANCE.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24)),
    "ObjectId": lambda: _CHANCE.randbytes(12).hex(),
    "nanoid": lambda: "".join(_CHANCE.choices(f"{string.ascii_letters}{string.digits}_-", k=21)),
    "decimal": lambda: str(_CHANCE.randrange(10 ** _CHANCE.randint(1, 19))),
}


@pytest.mark.parametrize("kind", _IDS)
def test_no_random_id_is_refused(kind: str) -> None:
    ids = [_IDS[kind]() for _ in range(30_000)]
    assert not [ref for ref in ids if is_phone_number(ref) or ref_holds(ref, PHONE)]


# --- what can be read at all ----------------------------------------------------------


@pytest.mark.parametrize("character", ["\t", "\n", "\x00", "\u2028", "\uffff", "\ue000", "\ud800"])
def test_what_no_document_can_hold_is_unreadable(character: str) -> None:
    assert is_unreadable(f"Backend{character}engineer")


def test_every_language_is_readable() -> None:
    assert not is_unreadable("后端工程师 👩‍💻 à Zürich")


def test_more_characters_than_are_remembered_are_read_as_well() -> None:
    hangul = "".join(map(chr, range(0xAC00, 0xD7A4)))  # 11,172, which stand for themselves
    assert (fold(hangul), fold(hangul)) == (hangul, hangul)
    # Nothing else in these tests writes the characters that follow: they are not remembered.
    rare = {
        "\u0ae7\u0aef": "19",  # Gujarati
        "\u2473\u217a": "2011",  # a circled twenty, and a Roman eleven
        "\u2150": "1\u20447",  # a seventh is no digit
        "\u2e3a": "-",
        "a\u0489\u3164b": "ab",
        "\U0001d6d0\U0001d6ca": "ol",
        "\uff0c": "、",
        "\ufb03": "ffi",
    }
    assert {text: fold(text) for text in rare} == rare
