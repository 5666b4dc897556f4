"""A policy is written down once, as a frozen dataclass; all else about its fields is derived.

    rest_for: Annotated[Seconds, "How long a tired number rests at least"] = DAY

From this come its place in storage, its field in the API's bodies and answers, its option on the
command line and its line in ``docs/policy.md``. A new field of a policy is one edit here, and one
more where it acts. A field that no sentence is said about is no part of the policy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import NoneType
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Unit:
    """What a value counts, and the bounds it is in (both included)."""

    name: str
    least: float | None = None
    most: float | None = None


DAY = 24 * 3600
#: A century: longer than anything lives, and a number that every layer can hold.
LONGEST_DURATION = 100 * 365 * DAY

MONEY = Unit("money", 0, 1_000_000_000)

Seconds = Annotated[int, Unit("seconds", 1, LONGEST_DURATION)]
Count = Annotated[int, Unit("number", 0, 100_000)]
Limit = Annotated[int, Unit("number", 1, 1_000_000)]
Share = Annotated[float, Unit("share", 0, 1)]
#: Of the carrier account's currency. People read and write it in whole units.
Cents = Annotated[int, MONEY]
#: A code of ISO 3166.
Country = Annotated[str, Unit("country")]
#: The carrier's id of something of the account.
Sid = Annotated[str, Unit("sid")]


@dataclass(frozen=True, kw_only=True)
class Term:
    """One field of a policy. ``kind`` is the type of its value, or of each of several
    (``is_list``), or another policy (``is_nested``)."""

    name: str
    about: str
    kind: type[Any]
    unit: Unit | None
    is_optional: bool
    is_list: bool
    #: ``dataclasses.MISSING`` where it has to be given.
    default: Any

    @property
    def is_money(self) -> bool:
        return self.unit == MONEY

    @cached_property
    def is_nested(self) -> bool:
        return dataclasses.is_dataclass(self.kind)


def terms_of(policy: type[Any]) -> tuple[Term, ...]:
    """The fields of a policy, in their order."""
    return _terms_of(cast(Hashable, policy))


@cache
def _terms_of(policy: Any) -> tuple[Term, ...]:
    hints = get_type_hints(policy, include_extras=True)
    terms = (_term(field, hints[field.name]) for field in dataclasses.fields(policy))
    return tuple(one for one in terms if one.about)


def _term(field: dataclasses.Field[Any], hint: Any) -> Term:
    hint, notes = _taken_apart(hint)
    is_optional = NoneType in get_args(hint)
    if is_optional:
        hint, more = _taken_apart(next(one for one in get_args(hint) if one is not NoneType))
        notes += more
    is_list = get_origin(hint) is tuple
    if is_list:
        hint, more = _taken_apart(get_args(hint)[0])
        notes += more
    return Term(
        name=field.name,
        about=next((note for note in notes if isinstance(note, str)), ""),
        kind=hint,
        unit=next((note for note in notes if isinstance(note, Unit)), None),
        is_optional=is_optional,
        is_list=is_list,
        default=field.default,
    )


def _taken_apart(hint: Any) -> tuple[Any, list[Any]]:
    """A type, and what ``Annotated`` notes about it."""
    if get_origin(hint) is not Annotated:
        return hint, []
    kind, *notes = get_args(hint)
    return kind, notes


def flat_terms(policy: type[Any]) -> tuple[Term, ...]:
    """All terms, those of a nested policy behind its name: ``reputation_rest_for``."""
    return _flat_terms(cast(Hashable, policy))


@cache
def _flat_terms(policy: Any) -> tuple[Term, ...]:
    flat: list[Term] = []
    for one in terms_of(policy):
        nested = flat_terms(one.kind) if one.is_nested else ()
        flat += [replace(inner, name=f"{one.name}_{inner.name}") for inner in nested] or [one]
    return tuple(flat)


def flatten(policy: Any, prefix: str = "") -> dict[str, Any]:
    """The values of a policy by the names of ``flat_terms``."""
    flat: dict[str, Any] = {}
    for one in terms_of(type(policy)):
        value = getattr(policy, one.name)
        flat |= (
            flatten(value, f"{prefix}{one.name}_") if one.is_nested else {prefix + one.name: value}
        )
    return flat


def unflatten(policy: type[Any], values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The arguments that make the policy of such values; what is not among them takes its
    default."""
    found: dict[str, Any] = {}
    for one in terms_of(policy):
        name = prefix + one.name
        if one.is_nested:
            found[one.name] = one.kind(**unflatten(one.kind, values, f"{name}_"))
        elif name in values:
            found[one.name] = values[name]
    return found
