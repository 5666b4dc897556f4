"""What is derived from a policy that is written down once."""

from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, NamedTuple

import pytest

from relay.domain.policy import (
    Cents,
    Country,
    Limit,
    Share,
    flat_terms,
    flatten,
    terms_of,
    unflatten,
)

# What is derived from a policy is kept for as long as a process lives: so each test has its own.


class Kinds(NamedTuple):
    policy: type[Any]
    rest: type[Any]
    night: type[Any]


@pytest.fixture
def kinds() -> Kinds:
    @dataclass(frozen=True, kw_only=True)
    class Night:
        hours: Annotated[Limit, "How long it is"] = 8

    @dataclass(frozen=True, kw_only=True)
    class Rest:
        most: Annotated[Share | None, "At most this share"] = 0.5
        least: Annotated[Limit, "At least so many"] = 3
        night: Annotated[Night, "When it sleeps"] = field(default_factory=Night)

    @dataclass(frozen=True, kw_only=True)
    class Policy:
        name: str
        country: Annotated[Country, "Where"]
        others: Annotated[tuple[Country, ...], "Where else"] = ()
        never: Annotated[tuple[Country, ...] | None, "Where not"] = None
        rent: Annotated[Cents, "A month"] = 115
        rest: Annotated[Rest, "When it rests"] = field(default_factory=Rest)

    return Kinds(Policy, Rest, Night)


def test_a_field_without_a_sentence_is_no_term(kinds: Kinds) -> None:
    names = ["country", "others", "never", "rent", "rest"]
    assert [one.name for one in terms_of(kinds.policy)] == names


def test_a_term_knows_its_type_unit_and_default(kinds: Kinds) -> None:
    country, others, never, rent, resting = terms_of(kinds.policy)
    assert (country.kind, country.default, country.about) == (str, MISSING, "Where")
    assert (country.is_list, country.is_optional, country.is_nested) == (False, False, False)
    assert (others.kind, others.is_list, others.is_optional) == (str, True, False)
    assert (never.kind, never.is_list, never.is_optional) == (str, True, True)
    assert [one.unit and one.unit.name for one in (country, others, never)] == ["country"] * 3
    assert (rent.kind, rent.is_money, rent.default) == (int, True, 115)
    assert [one.is_money for one in (country, others, resting)] == [False] * 3
    assert (resting.kind, resting.is_nested, resting.unit) == (kinds.rest, True, None)
    most, least, _ = terms_of(kinds.rest)
    assert (most.kind, most.is_optional, most.about) == (float, True, "At most this share")
    assert (most.unit and most.unit.most, least.unit and least.unit.least) == (1, 1)
    assert not least.is_optional


def test_a_nested_policys_terms_stand_behind_its_name(kinds: Kinds) -> None:
    terms = {one.name: one for one in flat_terms(kinds.policy)}
    nested = ["rest_most", "rest_least", "rest_night_hours"]
    assert [*terms] == ["country", "others", "never", "rent", *nested]
    assert terms["rest_night_hours"].about == "How long it is"


def test_the_values_of_a_policy_have_the_names_of_its_terms(kinds: Kinds) -> None:
    values = flatten(kinds.policy(name="x", country="US"))
    assert [*values] == [one.name for one in flat_terms(kinds.policy)]
    assert values["rest_night_hours"] == 8


def test_a_policy_is_made_again_of_its_flat_values(kinds: Kinds) -> None:
    resting = kinds.rest(most=None, least=1, night=kinds.night(hours=2))
    for made in (
        kinds.policy(name="x", country="US"),
        kinds.policy(name="x", country="DE", others=("FR",), never=("DK",), rent=1, rest=resting),
    ):
        assert kinds.policy(name="x", **unflatten(kinds.policy, flatten(made))) == made


def test_what_is_not_given_takes_its_default(kinds: Kinds) -> None:
    given = {"country": "US", "rest_least": 7, "name": "y"}
    made = kinds.policy(name="x", **unflatten(kinds.policy, given))
    assert made == kinds.policy(name="x", country="US", rest=kinds.rest(least=7))
