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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from redis.exceptions import NoScriptError

from relay.domain.errors import Unavailable
from relay.store.connection import Client
from relay.store.key_declarations import Keys, Struct
from relay.store.keys import DeploymentKeys, PoolKeys
from relay.store.script_headers import LUA, Argument, Declared, DeclaredKey, ScriptError
from relay.store.script_prelude import Prelude

#: Milliseconds that replicas have; less than the client waits for an answer (``connection.py``).
_PATIENCE = 300

#: The attribute by which a script has all that it needs of a pool.
_WHOLE_POOL = "whole_pool"

Value: TypeAlias = "str | int | float | Sequence[Any] | None"


class Script:
    """One script: its text for Redis, and how a call of it is sent."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._declared = Declared(keys={"never": DeclaredKey("never", "never")})
        self._declared.read(text, name)
        self._of_pools = self._take_pool_keys()
        declared = list(self._declared.keys.values())
        args = sorted(self._declared.args.values(), key=lambda argument: argument.type == "flag")
        scalars = [argument for argument in args if not argument.is_list]
        self._lists = [argument for argument in args if argument.is_list]
        self._plain = [argument.name for argument in scalars if argument.type != "flag"]
        self._flags = [argument.name for argument in scalars if argument.type == "flag"]
        #: The names that a call gives.
        self.arguments = frozenset(self._declared.args)
        self._check(text)
        self._fixed = [key for key in declared if not key.parts]
        composed = [_Composed.read(key) for key in declared if key.parts]
        #: Keys made of arguments: single ones first, then those of lists.
        self._composed = sorted(composed, key=lambda each: bool(each.list_name))
        self._fixed_names: dict[str, list[str]] = {}
        self.keys = [*self._fixed, *(each.key for each in self._composed)]
        prelude = Prelude(scalars, self._lists, self.keys)
        self.text = "\n".join([prelude.text, *self._declared.parts.values(), text])
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    # --- Python's side ----------------------------------------------------------------

    def bind(self, keys: Keys, given: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
        """The keys and arguments of a call, in the order in which the script reads them. Raises
        ScriptError for a name that is missing or unknown."""
        try:
            sent = ["" if given[name] is None else given[name] for name in self._plain]
            sent += ["1" if given[name] else "" for name in self._flags]
            for argument in self._lists:
                sent += _listed(argument, given[argument.name])
            names = self._bind_keys(keys, given)
        except KeyError as error:
            raise self._misfit(given) from error
        if len(given) != len(self.arguments):
            raise self._misfit(given)
        return names, sent

    def _bind_keys(self, keys: Keys, given: Mapping[str, Any]) -> list[str]:
        prefix = keys.prefix_of(keys)
        fixed = self._fixed_names.get(prefix)
        if fixed is None:
            names = (keys.namer(key.attribute)() for key in self._fixed)
            fixed = self._fixed_names[prefix] = [name for each in names for name in each]
        made = fixed.copy()
        for composed in self._composed:
            namer = keys.namer(composed.key.attribute)
            for element in given[composed.list_name] if composed.list_name else _ONCE:
                made += namer(*[read(element, given) for read in composed.readers])
        return made

    def _misfit(self, given: Mapping[str, Any]) -> ScriptError:
        return ScriptError(f"{self.name} takes {sorted(self.arguments)}, not {sorted(given)}")

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
        for key in self._declared.keys.values():
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
            named = {part for key in self._declared.keys.values() for part in key.argument_names}
            idle = set(declared) - used - (named if kind == "args" else {"never"})
            if idle:
                raise ScriptError(f"{self.name} never uses its {kind} {sorted(idle)}")

    def _check_key(self, key: DeclaredKey) -> None:
        declared = PoolKeys.declared(key.attribute) or DeploymentKeys.declared(key.attribute)
        if declared is None:
            raise ScriptError(f"{self.name}: there is no key {key.attribute}")
        if len(declared.arguments) != len(key.parts):
            raise ScriptError(f"{self.name}: {key.attribute} is made of {declared.arguments}")
        unknown = set(key.argument_names) - self.arguments
        if unknown:
            raise ScriptError(f"{self.name}: {key.alias} is made of unknown {sorted(unknown)}")


#: Gives a part of a key's name; of the list's element, if there is one, or of the arguments.
_PartReader: TypeAlias = Callable[[Any, Mapping[str, Any]], str]
_ONCE = (None,)


@dataclass(frozen=True)
class _Composed:
    """A key made of arguments."""

    key: DeclaredKey
    readers: tuple[_PartReader, ...]
    #: The list argument that makes it several keys; "" where it is one.
    list_name: str

    @classmethod
    def read(cls, key: DeclaredKey) -> _Composed:
        return cls(key, tuple(map(_part_reader, key.parts)), key.list_name)


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


def _listed(argument: Argument, value: Sequence[Any]) -> list[Any]:
    if argument.type == "list":
        return [len(value), *value]
    fields = [_sent(inner, element[inner.name]) for element in value for inner in argument.fields]
    return [len(value), *fields]


def _sent(argument: Argument, value: Any) -> Any:
    if argument.type == "flag":
        return "1" if value else ""
    return "" if value is None else value


# --- running ------------------------------------------------------------------------------


class TooFewReplicas(Unavailable):
    """The write stands on the master, and on too few others: it may be lost with the master."""

    def __init__(self, answer: Any) -> None:
        super().__init__("Too few replicas of the store answered.")
        self.answer = answer


@cache
def script(name: str) -> Script:
    """By its file's name, whatever folder of ``lua/`` it is in."""
    (path,) = [path for path in LUA.glob(f"*/{name}.lua") if path.parent.name != "shared"]
    return Script(name, path.read_text())


class Scripts:
    """Runs scripts on one client; where it has replicas, an answer counts when they have what was
    written for it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def run(self, name: str, keys: Keys, /, *, durably: bool = True, **args: Value) -> Any:
        """The script's answer, in one round trip, with ``STORE_REPLICAS`` waited for. Not
        ``durably``: what it does is done again when a fail-over has lost it.

        Raises Unavailable; also, as TooFewReplicas, when too few have it in time: it stands on the
        master then, and the same request may be sent again.
        """
        called = script(name)
        names, values = called.bind(keys, args)
        return self.send(called.text, called.sha, names, values, durably=durably)

    def send(
        self, text: str, sha: str, keys: Sequence[str], args: Sequence[Any], *, durably: bool
    ) -> Any:
        """By the script's hash, and its text once when Redis lacks it."""
        try:
            return self._send("EVALSHA", sha, len(keys), *keys, *args, durably=durably)
        except NoScriptError:
            return self._send("EVAL", text, len(keys), *keys, *args, durably=durably)

    def write(self, *command: Any) -> Any:
        """A command's answer, as that of a script which needs its replicas."""
        return self._send(*command, durably=True)

    def _send(self, *command: Any, durably: bool) -> Any:
        if not durably or not self._client.replicas:
            return self._client.execute_command(*command)
        answer, reached = self._send_and_wait(command)
        # An old master that is cut off from its replicas knows nothing of a new one.
        if reached < self._client.replicas and self._client.has_moved():
            answer, reached = self._send_and_wait(command)
        if reached < self._client.replicas:
            raise TooFewReplicas(answer)
        return answer

    def _send_and_wait(self, command: Sequence[Any]) -> tuple[Any, int]:
        with self._client.pipeline(transaction=False) as pipe:
            pipe.execute_command(*command)
            pipe.wait(self._client.replicas, _PATIENCE)
            answer, reached = pipe.execute()
        return answer, reached
