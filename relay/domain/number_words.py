"""Digits however they are written: in any script, circled, as look-alike letters, in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial

from relay.domain.composed_numbers import COMPOSED, read_composed
from relay.domain.number_names import FOREIGN, TEENS, TENS, UNITS, any_of

#: Stands where a word was longer than its digits, so that both texts keep the same places.
_PAD = "\0"
#: Format characters and marks above, below or around another character: nobody sees a difference.
_UNSEEN = {"Cf", "Mn", "Me"}
#: Digits of any script, circled, raised and Roman ones. Ideographs are letters.
_NUMBERS = {"Nd", "Nl", "No"}
#: Letters of no width (Hangul fillers).
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"
_LOOK_ALIKES = {
    **dict.fromkeys("оοօ○◯⭕🅾🅞", "o"),
    **dict.fromkeys("іιıӏ∣丨ǀ", "l"),
    "🔟": "10",
    # Braille: the sign for numbers, and the letters that it makes digits
    "⠼": "",
    **dict(zip("⠚⠁⠃⠉⠙⠑⠋⠛⠓⠊", "0123456789", strict=True)),
    "−": "-",
    # No decimal comma, unlike the one that NFKC makes of it.
    "，": "、",
}
#: How many characters a process remembers: more than any two languages need.
_MOST_REMEMBERED = 10_000


class _Folded(dict[int, str]):
    """What each character stands for; a character is looked up in Unicode's tables once."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < _MOST_REMEMBERED:
            self[code] = folded
        return folded


def _fold(character: str) -> str:
    category = unicodedata.category(character)
    if category in _UNSEEN or character in _BLANK_LETTERS:
        return ""
    if category == "Pd":
        return "-"
    number = unicodedata.numeric(character, 0.5)
    if category in _NUMBERS and number.is_integer():
        return str(int(number))
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    folded = unicodedata.normalize("NFKC", character).casefold()
    return "".join(_LOOK_ALIKES.get(one, one) for one in folded)


_FOLDED = _Folded()

_NUMERALS = (
    *("零〇", "一幺壹", "二两兩贰貳", "三叁參叄", "四肆"),
    *("五伍", "六陆陸", "七柒", "八捌", "九玖"),
)
_CHINESE = str.maketrans(
    {one: str(digit) for digit, numerals in enumerate(_NUMERALS) for one in numerals}
)
#: Read as digits only beside another one, since they are everyday characters, too.
_CHINESE_RADIO = str.maketrans("洞么拐勾", "0179")
_LETTERS = str.maketrans("oilsbz", "011582")
#: Read one after the other: ``two twelve`` is 212.
_WORDS = {
    **dict(zip(UNITS, "0123456789", strict=True)),
    **dict.fromkeys(("oh", "nought", "naught"), "0"),
    **{word: str(number) for number, word in enumerate(TEENS, start=10)},
    **{word: f"{tens}0" for tens, word in enumerate(TENS, start=2)},
    "hundred": "00",
    "thousand": "000",
}
_TIMES = {"double": 2, "triple": 3, "treble": 3, "2个": 2, "3个": 3}
_ANY_WORD = any_of(_WORDS)
#: ``fifty`` before ``five`` is 5, elsewhere 50.
_WORD = re.compile(rf"(?P<tens>(?:{any_of(TENS)})(?=[\W_]*(?:{any_of(UNITS)})))|{_ANY_WORD}")
_FOREIGN_WORD = re.compile(any_of(FOREIGN))


def _read_foreign(words: re.Match[str]) -> str:
    return _FOREIGN_WORD.sub(lambda word: _padded(FOREIGN[word[0]], word), words[0])


def _read_words(words: re.Match[str]) -> str:
    return _WORD.sub(_read_word, words[0])


def _read_word(word: re.Match[str]) -> str:
    digits = _WORDS[word[0]]
    return _padded(digits[:1] if word["tens"] else digits, word)


def _read_radio(found: re.Match[str]) -> str:
    return found[0].translate(_CHINESE_RADIO)


def _read_letters(found: re.Match[str]) -> str:
    return found[0].translate(_LETTERS)


def _read_repeated(repeated: re.Match[str]) -> str:
    return repeated[2] * _TIMES[repeated[1]]


_Spellings = tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]

#: Seven words of digits or more; fewer are words of another language.
_FOREIGN_DIGITS = re.compile(rf"(?:(?:{any_of(FOREIGN)})[0-9\W_]*){{7,}}")
_ENGLISH_WORDS = re.compile(rf"(?<![a-z])(?:(?:{_ANY_WORD})[\W_]*)+(?![a-z])")
_REPEATED = re.compile(r"(double|triple|treble|[23]个)[\W_]*([0-9])")
_LETTERS_AS_DIGITS = re.compile(
    r"""
    # before digits, from where a word begins: OI5
    (?<![a-z]) (?:[oil][\W_]{0,2})+ (?=[0-9])
    # after digits, to where a word ends: 5-OI
    | (?<=[0-9]) (?:[\W_]{0,2}[oil])+ (?![a-z])
    # among digits, whatever they are: 4lS5
    | (?<=[0-9]) [oilsbz]+ (?=[0-9])
    # one letter, again and again, among digits and marks: 415-S.S.S-0109
    | (?<=[0-9]) [\W_]{0,2} (?P<one>[oilsbz]) (?:[\W_]{0,2}(?P=one))* (?=[\W_]{0,2}[0-9])
    """,
    re.VERBOSE,
)
#: Applied in this order; what is found is never shorter than what it is read as.
_SPELLINGS: _Spellings = (
    (_FOREIGN_DIGITS, _read_foreign),
    (_ENGLISH_WORDS, _read_words),
    (_REPEATED, _read_repeated),
    (_LETTERS_AS_DIGITS, _read_letters),
)

#: What pilots and soldiers say for digits.
_RADIO_DIGITS = re.compile("(?<=[0-9])[洞么拐勾]+|[洞么拐勾]+(?=[0-9])")
#: 五十五 is 55, 五十 is 50, 十五 is 15.
_TEN_WITHIN = re.compile("(?<=[0-9])[十百](?=[0-9])")
_TEN_AFTER = re.compile("(?<=[0-9])十")
_TEN_BEFORE = re.compile("十(?=[0-9])")
_CHINESE_SPELLINGS: _Spellings = (
    (_RADIO_DIGITS, _read_radio),
    (_TEN_WITHIN, lambda _: ""),
    (_TEN_AFTER, lambda _: "0"),
    (_TEN_BEFORE, lambda _: "1"),
)


def fold(text: str) -> str:
    """The text in small letters and plain digits, without what nobody sees."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def spell_out(folded: str) -> str:
    """A folded text with number words as digits, in the same places."""
    return spell_out_apart(COMPOSED.sub(partial(_read_padded, read_composed), folded))


def spell_out_apart(folded: str) -> str:
    """The same, where ``seven hundred four`` is 700 and 4."""
    if folded.isascii():
        return _replace(folded, _SPELLINGS)
    return _replace(_replace(folded.translate(_CHINESE), _CHINESE_SPELLINGS), _SPELLINGS)


def _replace(text: str, spellings: _Spellings) -> str:
    for pattern, read in spellings:
        text = pattern.sub(partial(_read_padded, read), text)
    return text


def _read_padded(read: Callable[[re.Match[str]], str], found: re.Match[str]) -> str:
    return _padded(read(found), found)


def _padded(digits: str, found: re.Match[str]) -> str:
    return digits.ljust(len(found[0]), _PAD)


def without_padding(text: str, spelled: str) -> tuple[str, Sequence[int]]:
    """The spelled-out text alone, and for each of its characters, and its end, the place in the
    text as given."""
    if text.isascii() and _PAD not in spelled:
        return spelled, range(len(text) + 1)
    places = [place for place, one in enumerate(text) for _ in _FOLDED[ord(one)]]
    kept = [place for place, one in zip(places, spelled, strict=True) if one != _PAD]
    return spelled.replace(_PAD, ""), [*kept, len(text)]
