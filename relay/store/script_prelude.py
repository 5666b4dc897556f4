"""The Lua before every script: it makes the tables ``keys`` and ``args`` of what Redis gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.store.key_declarations import Keys, Shape
from relay.store.keys import DeploymentKeys, PoolKeys
from relay.store.script_headers import Argument, DeclaredKey

_READERS = {
    "": "{0}",
    "number": "tonumber({0})",
    "flag": '{0} == "1"',
}


@dataclass
class Prelude:
    """``scalars`` and ``lists`` are the arguments, ``keys`` all keys, each in the order sent."""

    scalars: Sequence[Argument]
    lists: Sequence[Argument]
    keys: Sequence[DeclaredKey]
    _place: int = 0

    @property
    def text(self) -> str:
        return "\n".join([*self._args(), *self._keys(), ""])

    def _args(self) -> Iterator[str]:
        yield "local args = {"
        for position, argument in enumerate(self.scalars, 1):
            yield f"  {argument.name} = {_reader(argument, f'ARGV[{position}]')},"
        yield "}"
        if not self.lists:
            return
        yield f"local place_in_args = {len(self.scalars) + 1}"
        for argument in self.lists:
            name, width = argument.name, max(len(argument.fields), 1)
            yield f"args.{name} = {{}}"
            yield "for position = 1, tonumber(ARGV[place_in_args]) do"
            yield f"  local first = place_in_args + 1 + (position - 1) * {width}"
            yield f"  args.{name}[position] = {_element(argument.fields)}"
            yield "end"
            yield f"place_in_args = place_in_args + 1 + #args.{name} * {width}"

    def _keys(self) -> Iterator[str]:
        sample = _Sample()
        yield "local keys = {"
        for key in self.keys:
            if not key.list_name:
                yield f"  {key.alias} = {self._table(sample.shape_of(key), '')},"
        yield "}"
        listed = [key for key in self.keys if key.list_name]
        if listed:
            yield f"local place_in_keys = {self._place}"
        for key in listed:
            self._place = 0
            table = self._table(sample.shape_of(key), "place_in_keys + ")
            yield f"keys.{key.alias} = {{}}"
            yield f"for position = 1, #args.{key.list_name} do"
            yield f"  keys.{key.alias}[position] = {table}"
            yield f"  place_in_keys = place_in_keys + {self._place}"
            yield "end"

    def _table(self, shape: Shape, base: str) -> str:
        if isinstance(shape, str):
            self._place += 1
            return f"KEYS[{base}{self._place}]"
        inner = ", ".join(f"{name} = {self._table(of, base)}" for name, of in shape.items())
        return f"{{ {inner} }}"


class _Sample:
    """Shapes, without any real key."""

    def __init__(self) -> None:
        self._board, self._deployment = PoolKeys("b", "p"), DeploymentKeys()

    def shape_of(self, key: DeclaredKey) -> Shape:
        on_board = PoolKeys.declared(key.attribute) is not None
        keys: Keys = self._board if on_board else self._deployment
        return keys.shape(key.attribute, *("x" for _ in key.parts))


def _element(fields: Sequence[Argument]) -> str:
    """Of a list: the text itself, or a record's table."""
    if not fields:
        return "ARGV[first]"
    read = (
        f"{field.name} = {_reader(field, f'ARGV[first + {offset}]')}"
        for offset, field in enumerate(fields)
    )
    return f"{{ {', '.join(read)} }}"


def _reader(argument: Argument, text: str) -> str:
    value = _READERS[argument.type].format(text)
    if argument.is_optional and argument.type != "number":
        return f'{text} ~= "" and {value} or nil'
    return value
