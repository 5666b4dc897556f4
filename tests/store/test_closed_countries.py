"""Countries that texts are refused to are known for a day."""

from __future__ import annotations

from relay.domain.policy import DAY
from relay.store.closed_countries import ClosedCountries
from relay.store.keys import BoardKeys
from tests.fake_redis import FakeRedis

KEYS = BoardKeys("main")


def test_a_country_is_known_for_a_day_and_rubbish_hides_none() -> None:
    client = FakeRedis()
    countries = ClosedCountries(client, KEYS)
    countries.note("DE", now=1000.5)
    countries.note("AT", now=2000)
    client.hset(KEYS.closed_countries, "XX", "rubbish")
    assert countries.lately(now=2000) == ["AT", "DE"]
    assert countries.lately(now=1000 + DAY) == ["AT"]
