"""The names of numbers: in English to ninety-nine, of digits alone in other languages."""

from __future__ import annotations

from collections.abc import Iterable

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_SPANISH = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
_GERMAN = ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
_FRENCH = ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"]
_ITALIAN = ["zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"]
_PORTUGUESE = ["zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"]
#: Word → digit. Many are everyday words elsewhere.
FOREIGN = {
    word: str(digit)
    for names in (_SPANISH, _GERMAN, _FRENCH, _ITALIAN, _PORTUGUESE)
    for digit, word in enumerate(names)
} | {
    # Feminine forms, what is said on the telephone, and spellings without accents
    **dict.fromkeys(("une", "uma"), "1"),
    **dict.fromkeys(("zwo", "duas"), "2"),
    **dict.fromkeys(("funf", "fuenf"), "5"),
    "meia": "6",
}


def any_of(words: Iterable[str]) -> str:
    """A pattern for each of them, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))
