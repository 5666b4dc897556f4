"""Pools: their policy and what they hold."""

from __future__ import annotations

from relay.domain.pool import NumberStatus, Pool, PoolFigures
from relay.store import keys as names
from relay.store.connection import Client, unavailable_when_away
from relay.store.keys import PoolKeys

_DURATIONS = ("default_ttl", "max_ttl", "candidate_cooldown", "recruiter_cooldown")


class Pools:
    def __init__(self, client: Client) -> None:
        self._client = client

    def put(self, pool: Pool) -> bool:
        """Creates the pool or changes its policy; True when it is new. Raises Unavailable."""
        with unavailable_when_away():
            self._client.hset(
                PoolKeys(pool.name).pool,
                mapping={
                    "country": pool.country,
                    **{name: getattr(pool, name) for name in _DURATIONS},
                    "access_codes": int(pool.access_codes),
                    "allowed_countries": ",".join(pool.allowed_countries),
                },
            )
            return bool(self._client.sadd(names.POOLS, pool.name))

    def get(self, name: str) -> Pool | None:
        """Raises Unavailable."""
        with unavailable_when_away():
            policy = self._client.hgetall(PoolKeys(name).pool)
        if "country" not in policy:
            return None
        return Pool(
            name=name,
            country=policy["country"],
            **{duration: int(policy[duration]) for duration in _DURATIONS},
            access_codes=policy["access_codes"] == "1",
            allowed_countries=tuple(filter(None, policy["allowed_countries"].split(","))),
        )

    def names(self) -> list[str]:
        with unavailable_when_away():
            return sorted(self._client.smembers(names.POOLS))

    def all(self) -> list[Pool]:
        return [pool for name in self.names() if (pool := self.get(name))]

    def figures(self, name: str) -> PoolFigures:
        """What the pool holds now. Raises Unavailable."""
        keys = PoolKeys(name)
        with unavailable_when_away():
            numbers = self._client.hkeys(keys.numbers)
            with self._client.pipeline(transaction=False) as pipe:
                pipe.hget(keys.pool, "open_sessions")
                pipe.zcard(keys.cooling)
                pipe.zrange(keys.degrees, 0, 0, desc=True, withscores=True)
                for number in numbers:
                    pipe.hget(keys.number(number), "status")
                open_sessions, cooling, busiest, *statuses = pipe.execute()
        return PoolFigures(
            numbers={status: statuses.count(status) for status in NumberStatus},
            open_sessions=int(open_sessions or 0),
            cooling_bindings=cooling,
            bound=int(busiest[0][1]) if busiest else 0,
        )
