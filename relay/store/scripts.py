"""Lua scripts by name: each declares in its header what it takes, and is called with just that.

A script is one file in a folder of ``lua/``; what several need stands once in ``lua/shared/``. Its
header declares the keys and arguments by name and type::

    -- close: closes one session at once; its bindings cool from now.
    -- keys: sessions due recruiter=person("recruiter" ref) phones=phone(indexes*)
    -- args: now:number id reason? revokes:flag indexes:list
    -- uses: closing

``keys`` names attributes of the keys object that the script is run with (``keys.py``), or gives a
name to a family's key, made of declared arguments or of words in quotes; ``list*`` makes one key of
each element, and ``records.field`` of each record. ``args`` are strings, ``:number``, ``:flag``,
``:list`` or ``:records(field field:number)``; one with ``?`` is nil when empty. ``uses`` names
shared parts; what their headers declare, the script needs, too.

Both sides are made of that here: the Lua that puts everything into the tables ``keys`` and
``args``, and the order in which Python sends it. A script over several pools declares
``pools=whole_pool(pools*)``: the pool keys that its shared parts need are then those of the table
that they are called with. A name that is missing, unknown or unused is an error when the script
is first loaded.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from redis.exceptions import NoScriptError

from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys, Keys, PoolKeys, Shape, Struct

LUA = Path(__file__).parent / "lua"
#: Milliseconds that replicas have; less than the client waits for an answer (``connection.py``).
_PATIENCE = 300

#: The attribute by which a script has all that it needs of a pool.
_WHOLE_POOL = "whole_pool"

_DECLARATION = re.compile(r"^-- (keys|args|uses): (.+(?:\n--   +.+)*)", re.MULTILINE)
_KEY = re.compile(r"(?:(?P<alias>\w+)=)?(?P<attribute>\w+)(?:\((?P<parts>[^)]*)\))?")
_ARGUMENT = re.compile(
    r"(?P<name>\w+)(?P<optional>\?)?(?::(?P<type>\w+)(?:\((?P<fields>[^)]*)\))?)?"
)

Value: TypeAlias = "str | int | float | Sequence[Any] | None"


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
        self._of_pools = self._take_pool_keys()
        self._keys = list(self._declared.keys.values())
        args = sorted(self._declared.args.values(), key=lambda argument: argument.type == "flag")
        self.scalars = [argument for argument in args if not argument.is_list]
        self.lists = [argument for argument in args if argument.is_list]
        self._plain = [argument.name for argument in self.scalars if argument.type != "flag"]
        self._flags = [argument.name for argument in self.scalars if argument.type == "flag"]
        self._names = frozenset(self._declared.args)
        self._check(text)
        self.fixed = [key for key in self._keys if not key.parts]
        composed = [_Composed.read(key) for key in self._keys if key.parts]
        #: Keys made of arguments: single ones first, then those of lists.
        self.composed = sorted(composed, key=lambda each: bool(each.key.list_name))
        self._fixed_names: dict[str, list[str]] = {}
        self.text = "\n".join([_Prelude(self).text, *self._declared.parts.values(), text])
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    # --- Python's side ----------------------------------------------------------------

    def bind(self, keys: Keys, given: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
        """The keys and arguments of a call, in the order in which the script reads them. Raises
        ScriptError for a name that is missing or unknown."""
        try:
            sent = ["" if given[name] is None else given[name] for name in self._plain]
            sent += ["1" if given[name] else "" for name in self._flags]
            for argument in self.lists:
                sent += _listed(argument, given[argument.name])
            names = self._bind_keys(keys, given)
        except KeyError as error:
            raise self._misfit(given) from error
        if len(given) != len(self._names):
            raise self._misfit(given)
        return names, sent

    def _bind_keys(self, keys: Keys, given: Mapping[str, Any]) -> list[str]:
        prefix = keys.prefix_of(keys)
        fixed = self._fixed_names.get(prefix)
        if fixed is None:
            names = (keys.namer(key.attribute)() for key in self.fixed)
            fixed = self._fixed_names[prefix] = [name for each in names for name in each]
        made = fixed.copy()
        for composed in self.composed:
            namer = keys.namer(composed.key.attribute)
            for element in given[composed.key.list_name] if composed.key.list_name else _ONCE:
                made += namer(*[read(element, given) for read in composed.readers])
        return made

    def _misfit(self, given: Mapping[str, Any]) -> ScriptError:
        return ScriptError(f"{self.name} takes {sorted(self._names)}, not {sorted(given)}")

    def _take_pool_keys(self) -> frozenset[str]:
        """The keys that come with whole pools, if the script has such; they need no declaration."""
        declared = self._declared.keys
        if not any(key.attribute == _WHOLE_POOL for key in declared.values()):
            return frozenset()
        pool = PoolKeys.declared(_WHOLE_POOL)
        fields = frozenset(pool.fields) if isinstance(pool, Struct) else frozenset()
        for name in fields & declared.keys():
            del declared[name]
        return fields

    # --- checks -----------------------------------------------------------------------

    def _check(self, text: str) -> None:
        for key in self._keys:
            self._check_key(key)
        whole = "\n".join([*self._declared.parts.values(), text])
        code = "\n".join(line for line in whole.splitlines() if not line.lstrip().startswith("--"))
        for kind, declared in (("keys", self._declared.keys), ("args", self._declared.args)):
            used = set(re.findall(rf"\b{kind}\.(\w+)", code))
            used -= self._of_pools if kind == "keys" else frozenset()
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


#: Gives a part of a key's name; of the list's element, if there is one, or of the arguments.
_PartReader: TypeAlias = Callable[[Any, Mapping[str, Any]], str]
_ONCE = (None,)


@dataclass(frozen=True)
class _Composed:
    """A key made of arguments."""

    key: DeclaredKey
    readers: tuple[_PartReader, ...]

    @classmethod
    def read(cls, key: DeclaredKey) -> _Composed:
        return cls(key, tuple(map(_part_reader, key.parts)))


def _part_reader(part: str) -> _PartReader:
    if part.startswith('"'):
        word = part.strip('"')
        return lambda _element, _given: word
    if part.endswith("*"):
        return lambda element, _given: str(element)
    _, dot, name = part.partition(".")
    if dot:
        return lambda element, _given: str(element[name])
    return lambda _element, given: str(given[part] or "")


def leaves(shape: Shape) -> Iterator[str]:
    """The names in a shape, in its order."""
    if isinstance(shape, str):
        yield shape
    else:
        for inner in shape.values():
            yield from leaves(inner)


def _listed(argument: Argument, value: Sequence[Any]) -> list[Any]:
    if argument.type == "list":
        return [len(value), *value]
    fields = [_sent(inner, element[inner.name]) for element in value for inner in argument.fields]
    return [len(value), *fields]


def _sent(argument: Argument, value: Any) -> Any:
    if argument.type == "flag":
        return "1" if value else ""
    return "" if value is None else value


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
            readers = ", ".join(map(_field_reader, argument.fields))
            yield (
                f"args.{argument.name}, place_in_args = read_list(place_in_args, {{ {readers} }})"
            )

    def _keys(self) -> Iterator[str]:
        sample = _Sample()
        composed = [each.key for each in self._script.composed]
        yield "local keys = {"
        for key in [*self._script.fixed, *composed]:
            if not key.list_name:
                yield f"  {key.alias} = {self._table(sample.shape_of(key), '')},"
        yield "}"
        listed = [key for key in composed if key.list_name]
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


def _field_reader(field: Argument) -> str:
    value = f"function(text) return {_reader(field, 'text')} end"
    return f'{{ name = "{field.name}", value = {value} }}'


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
