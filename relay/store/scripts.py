"""Lua scripts by name: each declares in its header what it takes, and is called with just that.

A script is one file in a folder of ``lua/``; what several need stands once in ``lua/shared/``. Its
header declares the keys and arguments by name and type::

    -- close: closes one session at once; its bindings cool from now.
    -- keys: sessions due recruiter=person("recruiter" ref) phones=phone(indexes*)
    -- args: now:number id reason? severs:flag indexes:list
    -- uses: closing

``keys`` names attributes of the keys object that the script is run with (``keys.py``), or gives a
name to a family's key, made of declared arguments or of words in quotes; ``list*`` makes one key of
each element, and ``records.field`` of each record. ``args`` are strings, ``:number``, ``:flag``,
``:list`` or ``:records(field field:number)``; one with ``?`` is nil when it is empty. The shared parts
that ``uses`` names declare what *they* need, which the script needs, too.

Here both sides are made of that: the Lua that puts everything into the tables ``keys`` and ``args``,
and the order in which Python sends it. A name that is missing, unknown or unused is an error when
the script is first loaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeAlias

from redis.exceptions import NoScriptError

from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys, Keys, PoolKeys, Shape

LUA = Path(__file__).parent / "lua"
#: Milliseconds that replicas have; less than the client waits for an answer (``connection.py``).
_PATIENCE = 300

_DECLARATION = re.compile(r"^-- (keys|args|uses): (.+(?:\n--   +.+)*)", re.MULTILINE)
_KEY = re.compile(r"(?:(?P<alias>\w+)=)?(?P<attribute>\w+)(?:\((?P<parts>[^)]*)\))?")
_ARGUMENT = re.compile(
    r"(?P<name>\w+)(?P<optional>\?)?(?::(?P<type>\w+)(?:\((?P<fields>[^)]*)\))?)?"
)

Value: TypeAlias = "str | int | float | None | Sequence[Any]"


class ScriptError(Exception):
    """A script's header and its text, or its caller, do not fit each other."""


@dataclass(frozen=True)
class DeclaredKey:
    """``parts`` are what its name is made of: words in quotes, arguments, ``list*``, ``records.f``."""

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


class Script:
    """One script: its text for Redis, and how a call of it is sent."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._declared = Declared(keys={"never": DeclaredKey("never", "never")})
        self._declared.read(text, name)
        self._keys = list(self._declared.keys.values())
        args = self._declared.args.values()
        self._scalars = [argument for argument in args if not argument.is_list]
        self._lists = [argument for argument in args if argument.is_list]
        self._names = frozenset(self._declared.args)
        self._encode = [(a.name, _ENCODERS[a.type]) for a in self._scalars]
        self._check(text)
        self.text = "\n".join([_Prelude(self).text, *self._declared.parts.values(), text])
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    # --- Python's side ----------------------------------------------------------------

    def bind(self, keys: Keys, given: Mapping[str, Value]) -> tuple[list[str], list[Any]]:
        """The keys and arguments of a call, in the order in which the script reads them. Raises
        ScriptError for a name that is missing or unknown."""
        if given.keys() != self._names:
            raise ScriptError(f"{self.name} takes {sorted(self._names)}, not {sorted(given)}")
        sent = [encode(given[name]) for name, encode in self._encode]
        for argument in self._lists:
            sent.extend(_listed(argument, given[argument.name]))
        return self._bind_keys(keys, given), sent

    def _bind_keys(self, keys: Keys, given: Mapping[str, Value]) -> list[str]:
        fixed: list[str] | None = keys.__dict__.get(self.sha)
        if fixed is None:
            shapes = [keys.shape(key.attribute) for key in self._keys if not key.parts]
            fixed = keys.__dict__[self.sha] = [name for shape in shapes for name in leaves(shape)]
        made = [
            name
            for key in self.composed
            for values in _values_of(key, given)
            for name in leaves(keys.shape(key.attribute, *values))
        ]
        return fixed + made if made else fixed

    @cached_property
    def fixed(self) -> list[DeclaredKey]:
        """Keys that depend on no argument."""
        return [key for key in self._keys if not key.parts]

    @cached_property
    def composed(self) -> list[DeclaredKey]:
        """Keys made of arguments: single ones first, then those of lists."""
        made = [key for key in self._keys if key.parts]
        return sorted(made, key=lambda key: bool(key.list_name))

    @property
    def scalars(self) -> list[Argument]:
        return self._scalars

    @property
    def lists(self) -> list[Argument]:
        return self._lists

    # --- checks -----------------------------------------------------------------------

    def _check(self, text: str) -> None:
        for key in self._keys:
            self._check_key(key)
        whole = "\n".join([*self._declared.parts.values(), text])
        code = "\n".join(line for line in whole.splitlines() if not line.lstrip().startswith("--"))
        for kind, declared in (("keys", self._declared.keys), ("args", self._declared.args)):
            used = set(re.findall(rf"\b{kind}\.(\w+)", code))
            if used - set(declared):
                raise ScriptError(
                    f"{self.name} uses undeclared {kind}: {sorted(used - set(declared))}"
                )
            named = {part for key in self._keys for part in _argument_names(key)}
            idle = set(declared) - used - (named if kind == "args" else {"never"})
            if idle:
                raise ScriptError(f"{self.name} never uses its {kind} {sorted(idle)}")

    def _check_key(self, key: DeclaredKey) -> None:
        declared = PoolKeys.declared(key.attribute) or DeploymentKeys.declared(key.attribute)
        if declared is None:
            raise ScriptError(f"{self.name}: there is no key {key.attribute}")
        if len(declared.arguments) != len(key.parts):
            raise ScriptError(f"{self.name}: {key.attribute} is made of {declared.arguments}")
        unknown = set(_argument_names(key)) - self._names
        if unknown:
            raise ScriptError(f"{self.name}: {key.alias} is made of unknown {sorted(unknown)}")


def _argument_names(key: DeclaredKey) -> Iterator[str]:
    return (part.partition(".")[0].rstrip("*") for part in key.parts if not part.startswith('"'))


def _values_of(key: DeclaredKey, given: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What the key's name is made of; for a list once for each of its elements."""
    elements = given[key.list_name] if key.list_name else (None,)
    for element in elements:
        yield tuple(_part_of(part, element, given) for part in key.parts)


def _part_of(part: str, element: Any, given: Mapping[str, Any]) -> str:
    if part.startswith('"'):
        return part.strip('"')
    if part.endswith("*"):
        return str(element)
    _, dot, name = part.partition(".")
    return str(element[name] if dot else given[part] or "")


def leaves(shape: Shape) -> Iterator[str]:
    """The names in a shape, in its order."""
    if isinstance(shape, str):
        yield shape
    else:
        for inner in shape.values():
            yield from leaves(inner)


def _as_given(value: Any) -> Any:
    return "" if value is None else value


def _as_flag(value: Any) -> str:
    return "1" if value else ""


_ENCODERS: dict[str, Callable[[Any], Any]] = {"": _as_given, "number": _as_given, "flag": _as_flag}


def _listed(argument: Argument, value: Any) -> Iterator[Any]:
    elements = list(value)
    yield len(elements)
    for element in elements:
        if argument.type == "list":
            yield element
        else:
            for inner in argument.fields:
                yield _ENCODERS[inner.type](element[inner.name])


# --- Lua's side ---------------------------------------------------------------------------

_READ_LISTS = """
local function read_list(position, fields)
  local list, count = {}, tonumber(ARGV[position])
  for first = position + 1, position + count * math.max(#fields, 1), math.max(#fields, 1) do
    local element = ARGV[first]
    if #fields > 0 then
      element = {}
      for offset, read in ipairs(fields) do
        element[read.name] = read.value(ARGV[first + offset - 1])
      end
    end
    list[#list + 1] = element
  end
  return list, position + 1 + count * math.max(#fields, 1)
end
"""

_READERS = {
    "": "{0}",
    "number": "tonumber({0})",
    "flag": '{0} == "1"',
}


class _Prelude:
    """The Lua that makes ``keys`` and ``args`` of what Redis gives."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._place = 0

    @property
    def text(self) -> str:
        return "\n".join([*self._args(), *self._keys(), ""])

    def _args(self) -> Iterator[str]:
        yield "local args = {"
        for place, argument in enumerate(self._script.scalars, 1):
            yield f"  {argument.name} = {_reader(argument, f'ARGV[{place}]')},"
        yield "}"
        if not self._script.lists:
            return
        yield _READ_LISTS
        yield f"local place_in_args = {len(self._script.scalars) + 1}"
        for argument in self._script.lists:
            readers = ", ".join(
                f'{{ name = "{inner.name}", value = function(text) return {_reader(inner, "text")} end }}'
                for inner in argument.fields
            )
            yield (
                f"args.{argument.name}, place_in_args = read_list(place_in_args, {{ {readers} }})"
            )

    def _keys(self) -> Iterator[str]:
        sample = _Sample()
        yield "local keys = {"
        for key in [*self._script.fixed, *self._script.composed]:
            if not key.list_name:
                yield f"  {key.alias} = {self._table(sample.shape_of(key), '')},"
        yield "}"
        listed = [key for key in self._script.composed if key.list_name]
        if listed:
            yield f"local place_in_keys = {self._place}"
        for key in listed:
            self._place = 0
            table = self._table(sample.shape_of(key), "place_in_keys + ")
            yield f"keys.{key.alias} = {{}}"
            yield f"for place = 1, #args.{key.list_name} do"
            yield f"  keys.{key.alias}[place] = {table}"
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


def _reader(argument: Argument, text: str) -> str:
    value = _READERS[argument.type].format(text)
    if argument.is_optional and argument.type != "number":
        return f'{text} ~= "" and {value} or nil'
    return value


# --- running ------------------------------------------------------------------------------


@cache
def script(name: str) -> Script:
    """By its file's name, whatever folder of ``lua/`` it is in."""
    (path,) = [path for path in LUA.glob(f"*/{name}.lua") if path.parent.name != "shared"]
    return Script(name, path.read_text())


class Scripts:
    """Runs scripts on one client; with replicas, a write is acknowledged when they have it."""

    def __init__(self, client: Client, *, replicas: int = 0) -> None:
        self._client = client
        self._replicas = replicas

    def run(self, name: str, keys: Keys, /, *, durably: bool = False, **args: Value) -> Any:
        """The script's answer, in one round trip. ``durably`` waits for ``STORE_REPLICAS``.

        Raises Unavailable; also when too few replicas have a durable write in time: it stands on
        the master then, and the same request may be sent again.
        """
        called = script(name)
        names, values = called.bind(keys, args)
        return self.send(called.text, called.sha, names, values, durably=durably)

    def send(
        self, text: str, sha: str, keys: Sequence[str], args: Sequence[Any], *, durably: bool
    ) -> Any:
        """By the script's hash, and its text once when Redis lacks it."""
        if durably and self._replicas:
            return self._send_durably(text, keys, args)
        try:
            return self._client.evalsha(sha, len(keys), *keys, *args)
        except NoScriptError:
            return self._client.eval(text, len(keys), *keys, *args)

    def _send_durably(self, text: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        with self._client.pipeline(transaction=False) as pipe:
            pipe.eval(text, len(keys), *keys, *args)
            pipe.wait(self._replicas, _PATIENCE)
            answer, reached = pipe.execute()
        if reached < self._replicas:
            raise Unavailable("Too few replicas of the store answered.")
        return answer

    def run_positional(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """INTERIM: scripts that have no named header yet."""
        return self.send(source(name), _sha(name), keys, args, durably=False)


_USES = re.compile(r"^-- uses: (.+)$", re.MULTILINE)


@cache
def source(name: str) -> str:
    """INTERIM."""
    text = (LUA / f"{name}.lua").read_text()
    uses = _USES.search(text)
    parts = [part.strip() for part in uses.group(1).split(",")] if uses else []
    return "\n".join([*((LUA / "shared" / f"{part}.lua").read_text() for part in parts), text])


@cache
def _sha(name: str) -> str:
    return hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest()


def degrees_of(keys: PoolKeys) -> list[str]:
    """INTERIM."""
    return [keys.recruiter_degrees, keys.candidate_degrees, keys.both_degrees]
