"""How keys are declared: as attributes of a keys object, whose names scripts and Python share.

``keys.py`` declares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any, ClassVar, Literal, TypeAlias, overload

Kind = Literal["hash", "string", "sorted set", "set", "bitmap"]
#: What a script calls by one name: a key, or several under their own names.
Shape: TypeAlias = "str | dict[str, Shape]"
Name: TypeAlias = Callable[..., str]
Namer: TypeAlias = Callable[..., list[str]]


class Key:
    """An attribute of a keys object that answers a key's name."""

    arguments: tuple[str, ...] = ()

    def __init__(self, kind: Kind, holds: str, *, lives: str, name: str = "") -> None:
        self.kind, self.holds, self.lives, self.name = kind, holds, lives, name

    def __set_name__(self, owner: type[Keys], attribute: str) -> None:
        self.attribute = attribute
        self.name = self.name or attribute.replace("_", "-")
        self.owner = owner

    @overload
    def __get__(self, keys: None, owner: type[Keys]) -> Key: ...
    @overload
    def __get__(self, keys: Keys, owner: type[Keys]) -> str: ...

    def __get__(self, keys: Keys | None, owner: type[Keys]) -> Key | str:
        if keys is None:
            return self
        name = keys.__dict__[self.attribute] = self.owner.prefix_of(keys) + self.name
        return name

    @property
    def pattern(self) -> str:
        """The key as the document writes it."""
        return ":".join([self.owner.PREFIX + self.name, *(f"<{each}>" for each in self.arguments)])


class Family(Key):
    """Keys that end in values: an attribute that answers a function of these."""

    def __init__(
        self, kind: Kind, arguments: str, holds: str, *, lives: str, name: str = ""
    ) -> None:
        super().__init__(kind, holds, lives=lives, name=name)
        self.arguments = tuple(arguments.split())

    @overload  # type: ignore[override]  # a family answers a function where a key answers a name
    def __get__(self, keys: None, owner: type[Keys]) -> Family: ...
    @overload
    def __get__(self, keys: Keys, owner: type[Keys]) -> Name: ...

    def __get__(self, keys: Keys | None, owner: type[Keys]) -> Family | Name:
        if keys is None:
            return self
        prefix = f"{self.owner.prefix_of(keys)}{self.name}:"

        def name(*values: str) -> str:
            return prefix + ":".join(values)

        keys.__dict__[self.attribute] = name
        return name


class Struct:
    """Several keys that scripts call by one name: ``node.phone``, ``node.shared``.

    ``fields`` are the struct's names for attributes of the keys object, each of the same arguments.
    """

    def __init__(self, arguments: str = "", **fields: str) -> None:
        self.arguments = tuple(arguments.split())
        self.fields = fields

    def shape_of(self, keys: Keys, *values: str) -> Shape:
        return {field: keys.shape(attribute, *values) for field, attribute in self.fields.items()}

    def namer_in(self, keys: Any) -> Namer:
        namers = [keys.namer(attribute) for attribute in self.fields.values()]
        return lambda *values: [name for namer in namers for name in namer(*values)]


class OneOf(Struct):
    """One of several keys, by the name of its attribute: for a script that treats all alike."""

    def __init__(self, *attributes: str) -> None:
        super().__init__("attribute", **dict(zip(attributes, attributes, strict=True)))

    def shape_of(self, keys: Keys, *values: str) -> Shape:  # noqa: ARG002 - all have the same
        return values[0]

    def namer_in(self, keys: Any) -> Namer:
        return lambda attribute: keys.namer(self.fields[attribute])()


class InPool(Struct):
    """Keys of a pool that a script names itself, for scripts that touch several pools.

    The first argument is the pool's name. One attribute is that key or struct itself.
    """

    def __init__(self, arguments: str, *attributes: str) -> None:
        super().__init__(f"pool {arguments}", **dict(zip(attributes, attributes, strict=True)))

    def shape_of(self, keys: Any, *values: str) -> Shape:
        pool, *rest = values
        shape = super().shape_of(keys.in_pool(pool), *rest)
        return next(iter(shape.values())) if isinstance(shape, dict) and len(shape) == 1 else shape

    def namer_in(self, keys: Any) -> Namer:
        namer_in_pool = cache(lambda pool: super(InPool, self).namer_in(keys.in_pool(pool)))
        return lambda pool, *values: namer_in_pool(pool)(*values)


class Keys:
    """What the three kinds of keys objects share: names as attributes, and shapes for scripts."""

    PREFIX: ClassVar[str] = ""

    @classmethod
    def prefix_of(cls, keys: Any) -> str:
        raise NotImplementedError

    @classmethod
    def declared(cls, attribute: str) -> Key | Struct | None:
        """How an attribute is declared here or by a board; None when it is no key."""
        found = next((vars(c)[attribute] for c in cls.__mro__ if attribute in vars(c)), None)
        return found if isinstance(found, Key | Struct) else None

    @classmethod
    def own(cls) -> Iterator[Key]:
        """The keys declared by this very class, in order."""
        return (value for value in vars(cls).values() if isinstance(value, Key))

    def shape(self, attribute: str, *values: str) -> Shape:
        """What a script gets for a key, a family or a struct."""
        declared = self.declared(attribute)
        if isinstance(declared, Struct):
            return declared.shape_of(self, *values)
        name = getattr(self, attribute)
        return str(name(*values) if isinstance(declared, Family) else name)

    @cached_property
    def _namers(self) -> dict[str, Namer]:
        return {}

    def namer(self, attribute: str) -> Namer:
        """The names in the shape, in its order, as a function of its values: made once."""
        found = self._namers.get(attribute)
        if found is None:
            found = self._namers[attribute] = self._make_namer(attribute)
        return found

    def _make_namer(self, attribute: str) -> Namer:
        declared, name = self.declared(attribute), getattr(self, attribute)
        if isinstance(declared, Struct):
            return declared.namer_in(self)
        if isinstance(declared, Family):
            return lambda *values: [name(*values)]
        return lambda: [name]
