"""What is derived from a policy that is written down once."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import Annotated

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


@dataclass(frozen=True, kw_only=True)
class Rest:
    most: Annotated[Share | None, "At most this share"] = 0.5
    least: Annotated[Limit, "At least so many"] = 3


@dataclass(frozen=True, kw_only=True)
class Policy:
    name: str
    country: Annotated[Country, "Where"]
    others: Annotated[tuple[Country, ...], "Where else"] = ()
    rent: Annotated[Cents, "A month"] = 115
    rest: Annotated[Rest, "When it rests"] = field(default_factory=Rest)


def test_a_field_without_a_sentence_is_no_term() -> None:
    assert [one.name for one in terms_of(Policy)] == ["country", "others", "rent", "rest"]


def test_a_term_knows_its_type_unit_and_default() -> None:
    country, others, rent, rest = terms_of(Policy)
    assert (country.kind, country.default, country.about) == (str, MISSING, "Where")
    assert (others.kind, others.is_list, others.is_optional) == (str, True, False)
    assert (rent.kind, rent.is_money, rent.default) == (int, True, 115)
    assert (rest.kind, rest.is_nested) == (Rest, True)
    most, least = terms_of(Rest)
    assert (most.is_optional, most.unit and most.unit.most) == (True, 1)
    assert (least.is_optional, least.unit and least.unit.least) == (False, 1)


def test_a_nested_policys_terms_stand_behind_its_name() -> None:
    names = ["country", "others", "rent", "rest_most", "rest_least"]
    assert [one.name for one in flat_terms(Policy)] == names


@pytest.mark.parametrize(
    "policy",
    [
        Policy(name="x", country="US"),
        Policy(name="x", country="DE", others=("FR",), rent=1, rest=Rest(most=None, least=1)),
    ],
)
def test_a_policy_is_made_again_of_its_flat_values(policy: Policy) -> None:
    assert Policy(name="x", **unflatten(Policy, flatten(policy))) == policy


def test_what_is_not_given_takes_its_default() -> None:
    made = Policy(name="x", **unflatten(Policy, {"country": "US", "rest_least": 7}))
    assert made == Policy(name="x", country="US", rest=Rest(least=7))
