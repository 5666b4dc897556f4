"""What a script's header declares: its keys and arguments, and those of the shared parts it uses.

The notation is that of ``scripts.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LUA = Path(__file__).parent / "lua"

_DECLARATION = re.compile(r"^-- (keys|args|uses): (.+(?:\n--   +.+)*)", re.MULTILINE)
_KEY = re.compile(r"(?:(?P<alias>\w+)=)?(?P<attribute>\w+)(?:\((?P<parts>[^)]*)\))?")
_ARGUMENT = re.compile(
    r"(?P<name>\w+)(?P<optional>\?)?(?::(?P<type>\w+)(?:\((?P<fields>[^)]*)\))?)?"
)


class ScriptError(Exception):
    """A script's header and its text, or its caller, do not fit each other."""


@dataclass(frozen=True)
class DeclaredKey:
    """``parts`` make its name: words in quotes, arguments, ``list*``, ``records.field``."""

    alias: str
    attribute: str
    parts: tuple[str, ...] = ()

    @property
    def list_name(self) -> str:
        """The list argument that makes it several keys; "" where it is one."""
        for part in self.parts:
            if part.endswith("*") or "." in part:
                return part.partition(".")[0].rstrip("*")
        return ""

    @property
    def argument_names(self) -> Iterator[str]:
        """The arguments that it is made of."""
        words = (part for part in self.parts if not part.startswith('"'))
        return (word.partition(".")[0].rstrip("*") for word in words)


@dataclass(frozen=True)
class Argument:
    name: str
    type: str = ""
    is_optional: bool = False
    #: Of records: name and type of each.
    fields: tuple[Argument, ...] = ()

    @property
    def is_list(self) -> bool:
        return self.type in {"list", "records"}


@dataclass
class Declared:
    """What a file's header declares, with that of the shared parts it uses."""

    keys: dict[str, DeclaredKey] = field(default_factory=dict)
    args: dict[str, Argument] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def read(self, text: str, where: str) -> None:
        for kind, words in _DECLARATION.findall(text):
            for word in _words(words):
                if kind == "uses":
                    self._use(word.rstrip(","))
                elif kind == "keys":
                    self._add(self.keys, *_read_key(word, where), where)
                else:
                    self._add(self.args, *_read_argument(word, where), where)

    def _use(self, part: str) -> None:
        if part not in self.parts:
            text = (LUA / "shared" / f"{part}.lua").read_text()
            self.read(text, part)
            self.parts[part] = text

    @staticmethod
    def _add(known: dict[str, Any], name: str, declared: Any, where: str) -> None:
        if known.setdefault(name, declared) != declared:
            raise ScriptError(f"{where} declares {name} in two ways")


def _words(text: str) -> list[str]:
    """Parted by blanks that are not within parentheses."""
    return re.findall(r"(?:[^\s(]|\([^)]*\))+", text.replace("\n--", " "))


def _read_key(word: str, where: str) -> tuple[str, DeclaredKey]:
    found = _KEY.fullmatch(word)
    if found is None:
        raise ScriptError(f"{where}: {word} is no key")
    alias, parts = found["alias"] or found["attribute"], (found["parts"] or "").split()
    return alias, DeclaredKey(alias, found["attribute"], tuple(parts))


def _read_argument(word: str, where: str) -> tuple[str, Argument]:
    found = _ARGUMENT.fullmatch(word)
    if found is None or found["type"] not in {None, "number", "flag", "list", "records"}:
        raise ScriptError(f"{where}: {word} is no argument")
    fields = [_read_argument(each, where)[1] for each in (found["fields"] or "").split()]
    argument = Argument(found["name"], found["type"] or "", bool(found["optional"]), tuple(fields))
    return argument.name, argument
