"""The table of textual mutants of the Lua scripts.

Each row of ``TABLE`` says what is changed, and into what; a mutant is one such change at one place.
What stood there is kept in a comment, so that a key or argument that the mutant does not read any
more still counts as used when the script is loaded: tests have to notice, not the loader.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>\.\.\.|\.\.|==|~=|<=|>=|[-+*/%^\#<>=(){}\[\];:,.])
    """,
    re.VERBOSE,
)

#: What a comparison, an arithmetic or a boolean operator, or a constant, becomes.
SWAPS: dict[str, tuple[str, ...]] = {
    "==": ("~=",),
    "~=": ("==",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "and": ("or",),
    "or": ("and",),
    "not": ("",),
    "true": ("false",),
    "false": ("true",),
}

#: Calls a statement's Redis command is swapped for: its arguments are made, and nothing is done.
_NOTHING_DONE = 'select("#", '


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class LuaMutant:
    """``was``, which begins at ``start`` in the file's text, becomes ``now``."""

    path: Path
    row: str
    start: int
    was: str
    now: str

    def applied(self, text: str) -> str:
        end = self.start + len(self.was)
        return f"{text[: self.start]}{self.now} --[==[ {self.was} ]==]{text[end:]}"

    def lines(self, text: str) -> tuple[str, str]:
        """The line, or lines, as they stand, and with the mutant."""
        first = text.rfind("\n", 0, self.start) + 1
        end = self.start + len(self.was)
        last = text.find("\n", end)
        after = text[end:last]
        stands = " ".join(text[first:last].split())
        return stands, " ".join(f"{text[first : self.start]}{self.now}{after}".split())


def tokens_of(text: str) -> list[Token]:
    """Without comments. Raises ValueError for what is no Lua that we write."""
    found = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            if not text[place].isspace():
                raise ValueError(f"what is {text[place : place + 20]!r}?")
            place += 1
            continue
        if match.lastgroup != "comment":
            found.append(Token(match.lastgroup or "", match[0], place))
        place = match.end()
    return found


#: start of what is changed, its text, and what it becomes.
Change = tuple[int, str, str]


def operators(tokens: list[Token], text: str) -> Iterator[Change]:
    """Each comparison, arithmetic and boolean operator, and each constant."""
    for before, token in pairwise(tokens):
        if token.kind in {"sign", "name"} and not (token.text == "-" and _begins_term(before)):
            for swap in SWAPS.get(token.text, ()):
                yield token.start, token.text, swap


def _begins_term(before: Token) -> bool:
    """Whether a minus after this one is a sign, and no operator."""
    return before.text in {"(", "{", "[", ",", "=", "return"} or before.text in SWAPS


def guards(tokens: list[Token], text: str) -> Iterator[Change]:
    """Each ``if``, taken always and never; each ``while``, never entered."""
    for position, token in enumerate(tokens):
        closing = {"if": "then", "elseif": "then", "while": "do"}.get(token.text)
        if token.kind != "name" or closing is None:
            continue
        first = tokens[position + 1]
        then = next(each for each in tokens[position:] if each.text == closing)
        condition = text[first.start : then.start].rstrip()
        for constant in ("true", "false") if closing == "then" else ("false",):
            yield first.start, condition, constant


def limits(tokens: list[Token], text: str) -> Iterator[Change]:
    """Each number, one more and one less."""
    for token in tokens:
        if token.kind == "number" and "." not in token.text:
            for number in (int(token.text) + 1, int(token.text) - 1):
                yield token.start, token.text, str(number)


def writes(tokens: list[Token], text: str) -> Iterator[Change]:
    """Each command that is given for what it does: nothing is done."""
    for position, token in enumerate(tokens):
        call = text[token.start : token.start + len("redis.call(")]
        if call == "redis.call(" and _begins_statement(text, token, tokens[position - 1]):
            yield token.start, call, _NOTHING_DONE


def _begins_statement(text: str, token: Token, before: Token) -> bool:
    begins_line = not text[text.rfind("\n", 0, token.start) + 1 : token.start].strip()
    return begins_line and before.text not in {"(", "{", "[", ",", "=", "return", *SWAPS}


def keys(tokens: list[Token], text: str) -> Iterator[Change]:
    """Each key: another one of those that the file names, or the one that is always empty."""
    used = [
        after
        for table, dot, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if table.text == "keys" and dot.text == "." and dot.start == table.end
    ]
    names = sorted({each.text for each in used})
    for each in used:
        others = [name for name in names if name != each.text]
        if others:
            chosen = random.Random(f"{text}{each.start}").choice(others)
            yield each.start, each.text, chosen
        if each.text != "never":
            yield each.start, each.text, "never"


TABLE: dict[str, Callable[[list[Token], str], Iterator[Change]]] = {
    "operator": operators,
    "guard": guards,
    "limit": limits,
    "write": writes,
    "key": keys,
}


def mutants_of(path: Path, text: str) -> Iterator[LuaMutant]:
    """Every mutant of a script or of a shared part."""
    tokens = tokens_of(text)
    for row, changes in TABLE.items():
        for start, was, now in changes(tokens, text):
            yield LuaMutant(path, row, start, was, now)
