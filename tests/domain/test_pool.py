"""A pool's policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.pool import Pool

US = Pool(name="us", country="US")


@pytest.mark.parametrize("country", ["CA", "JM", "PR", "GB", "ZZ", "001", ""])
def test_a_pool_without_a_list_admits_its_own_country_alone(country: str) -> None:
    assert US.admits("US")
    assert not US.admits(country)


def test_a_pool_with_a_list_admits_what_is_on_it() -> None:
    pool = replace(US, allowed_countries=("CA", "MX"))
    assert pool.admits("CA")
    assert not pool.admits("US")
