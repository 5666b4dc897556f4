"""The API's bodies and answers for a policy, made from its terms (``domain/policy.py``).

Money is in the carrier account's currency here, and in cents within.
"""

from __future__ import annotations

from dataclasses import MISSING, replace
from typing import Annotated, Any

from pydantic import Field, create_model

from relay.domain.policy import Term, terms_of
from relay.web.schemas.base import Answer, Body, Country

#: Entries of a list at most.
_LONGEST_LIST = 300
_LONGEST_SID = 34


def body_of(policy: type[Any]) -> type[Body]:
    """What a client sends: every field within its bounds; what is left out takes its default."""
    fields = {one.name: (_asked(one), _default(one)) for one in terms_of(policy)}
    body: type[Body] = create_model(
        f"{policy.__name__.removesuffix('Policy')}Body",
        __base__=Body,
        __doc__="What is left out takes its default; null switches a limit off.",
        **fields,
    )  # type: ignore[call-overload]
    return body


def change_of(policy: type[Any]) -> type[Body]:
    """What a client sends to change some fields: what is left out stays as it is."""
    left_out = Field(default_factory=_nothing)
    fields = {one.name: (_changed(one), left_out) for one in terms_of(policy)}
    body: type[Body] = create_model(
        f"{policy.__name__.removesuffix('Policy')}Change",
        __base__=Body,
        __doc__="What is left out stays as it is; null switches a limit off.",
        **fields,
    )  # type: ignore[call-overload]
    return body


def answer_of(policy: type[Any]) -> type[Answer]:
    """What we send: every field, as it is."""
    fields = {one.name: (_answered(one), ...) for one in terms_of(policy)}
    name = f"{policy.__name__}Answer"
    answer: type[Answer] = create_model(name, __base__=Answer, **fields)  # type: ignore[call-overload]
    return answer


def as_asked(policy: type[Any], body: Body) -> dict[str, Any]:
    """The arguments that make the policy which a body of ``body_of`` asks for."""
    return {one.name: _from_body(one, getattr(body, one.name)) for one in terms_of(policy)}


def as_changed(policy: Any, body: Body) -> Any:
    """The policy with what a body of ``change_of`` names."""
    named = body.model_fields_set
    values = {
        one.name: _from_change(one, getattr(policy, one.name), getattr(body, one.name))
        for one in terms_of(type(policy))
        if one.name in named
    }
    return replace(policy, **values)


def as_answered(policy: Any) -> dict[str, Any]:
    """The fields of the policy's answer."""
    return {one.name: _to_answer(one, getattr(policy, one.name)) for one in terms_of(type(policy))}


# --- types ----------------------------------------------------------------------------


def _asked(one: Term) -> Any:
    if one.is_nested:
        return Annotated[body_of(one.kind), Field(description=one.about)]
    if one.is_list:
        return Annotated[list[Country], Field(description=one.about, max_length=_LONGEST_LIST)]
    if one.kind is str:
        return _text(one)
    bounds: dict[str, Any] = {}
    if one.unit:
        bounds = {"ge": _whole(one, one.unit.least), "le": _whole(one, one.unit.most)}
    about = Field(description=_with_unit(one), **bounds)
    kind = float if one.is_money else one.kind
    return Annotated[kind | None if one.is_optional else kind, about]


def _changed(one: Term) -> Any:
    if one.is_nested:
        return Annotated[change_of(one.kind), Field(description=one.about)]
    return _asked(one)


def _nothing() -> None:
    """In place of a field that was left out: a schema says no default by it."""


def _answered(one: Term) -> Any:
    if one.is_nested:
        return answer_of(one.kind)
    if one.is_list:
        return list[Country]
    if one.kind is str:
        return _text(one)
    kind = float if one.is_money else one.kind
    return Annotated[kind | None if one.is_optional else kind, Field(description=_with_unit(one))]


def _text(one: Term) -> Any:
    if one.unit and one.unit.name == "country":
        return Country
    return Annotated[str | None, Field(description=one.about, max_length=_LONGEST_SID)]


def _with_unit(one: Term) -> str:
    if one.is_money:
        return f"{one.about}; in the carrier account's currency"
    if one.unit and one.unit.name == "seconds":
        return f"{one.about}; seconds"
    return f"{one.about}; between 0 and 1" if one.kind is float else one.about


# --- values ---------------------------------------------------------------------------


def _default(one: Term) -> Any:
    if one.is_nested:
        return body_of(one.kind)()
    if one.default is MISSING:
        return ...
    return list(one.default) if one.is_list else _whole(one, one.default)


def _whole(one: Term, value: Any) -> Any:
    """Money in whole units."""
    return value / 100 if one.is_money and value is not None else value


def _from_body(one: Term, value: Any) -> Any:
    if one.is_nested:
        return one.kind(**as_asked(one.kind, value))
    if one.is_list:
        return tuple(dict.fromkeys(value))
    return round(value * 100) if one.is_money and value is not None else value


def _from_change(one: Term, before: Any, value: Any) -> Any:
    return as_changed(before, value) if one.is_nested else _from_body(one, value)


def _to_answer(one: Term, value: Any) -> Any:
    if one.is_nested:
        return as_answered(value)
    return list(value) if one.is_list else _whole(one, value)
