"""Command-line options for a policy, made from its terms (``domain/policy.py``).

Money is in the carrier account's currency here, and in cents within.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING
from enum import StrEnum
from typing import Any

import click

from relay.domain.policy import Term, flat_terms

#: Switches a limit off that has a default.
_NO_LIMIT = "none"


class _OrNone(click.ParamType[Any]):
    """A value, or the word that switches a limit off."""

    def __init__(self, value: click.ParamType[Any]) -> None:
        self._value = value
        self.name = value.name

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return None if value == _NO_LIMIT else self._value.convert(value, param, ctx)


class _Money(click.FloatRange):
    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        return round(super().convert(value, param, ctx) * 100)


def policy_options(policy: type[Any], *, all_optional: bool = False) -> Callable[[Any], Any]:
    """Gives a command an option for each field of the policy. Those that were not given are not
    among the command's arguments (``given``): they take their defaults. ``all_optional``: none has
    to be given."""

    def add(command: Any) -> Any:
        for one in reversed(flat_terms(policy)):
            command = _option(one, may_be_needed=not all_optional)(command)
        return command

    return add


def given(policy: type[Any], options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, by the names of ``flat_terms``."""
    ctx = click.get_current_context()
    return {
        one.name: _value(one, options[one.name])
        for one in flat_terms(policy)
        if ctx.get_parameter_source(one.name) is not click.core.ParameterSource.DEFAULT
    }


def _option(one: Term, *, may_be_needed: bool) -> Callable[[Any], Any]:
    flag = f"--{one.name.replace('_', '-')}"
    if one.kind is bool:
        both = f"{flag}/--no-{flag.removeprefix('--')}"
        return click.option(both, one.name, help=f"{one.about}.", default=one.default)
    return click.option(
        flag,
        one.name,
        help=f"{one.about}.",
        metavar=_metavar(one),
        required=may_be_needed and one.default is MISSING,
        multiple=one.is_list,
        type=_type(one),
    )


def _type(one: Term) -> click.ParamType[Any]:
    value = _plain_type(one)
    return _OrNone(value) if one.is_optional else value


def _plain_type(one: Term) -> click.ParamType[Any]:
    if issubclass(one.kind, StrEnum):
        # By the words that the API takes; click shows an enumeration's names.
        return click.Choice([word.value for word in one.kind])
    if one.unit is None or one.unit.least is None or one.unit.most is None:
        return click.STRING
    if one.is_money:
        return _Money(one.unit.least / 100, one.unit.most / 100)
    if one.kind is float:
        return click.FloatRange(one.unit.least, one.unit.most)
    return click.IntRange(int(one.unit.least), int(one.unit.most))


def _metavar(one: Term) -> str | None:
    """What a value counts; click's own words where it counts nothing."""
    if one.unit is None:
        return None
    return one.unit.name.upper() + (f"|{_NO_LIMIT}" if one.is_optional else "")


def _value(one: Term, value: Any) -> Any:
    if one.is_list:
        return tuple(value)
    return one.kind(value) if issubclass(one.kind, StrEnum) else value
