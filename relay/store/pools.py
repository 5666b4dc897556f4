"""Pools: their policy and what they hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from relay.domain.pool import Geo, NumberStatus, Pool, PoolFigures, Selection
from relay.domain.reputation import ReputationPolicy
from relay.store.connection import Client
from relay.store.free_numbers import FreeNumberCount
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

_NUMBERS = (
    "default_ttl",
    "max_ttl",
    "candidate_cooldown",
    "recruiter_cooldown",
    "min_headroom",
    "number_rent",
)
#: Empty where there is no limit.
_LIMITS = ("max_sessions_per_number", "max_numbers", "monthly_budget", "release_idle_after")
_FLAGS = ("access_codes", "strict_geo")
#: Of the reputation's policy.
_COUNTS = ("min_calls", "min_texts", "max_calls_per_minute", "max_calls_per_day", "rest_for")
_SHARES = ("min_answer_rate", "max_short_share", "max_filtered_share")


class Pools:
    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._free = FreeNumberCount(client, scripts, keys)

    def put(self, pool: Pool) -> bool:
        """Creates the pool or changes its policy; True when it is new. Raises Unavailable."""
        policy = [part for field in _pack(pool).items() for part in field]
        self._scripts.run("put_pool", self._keys.in_pool(pool.name), policy=policy)
        return bool(self._client.sadd(self._keys.pools, pool.name))

    def get(self, name: str) -> Pool | None:
        """Raises Unavailable."""
        policy = self._client.hgetall(self._keys.in_pool(name).policy)
        return _unpack(name, policy) if "country" in policy else None

    def names(self) -> list[str]:
        return sorted(self._client.smembers(self._keys.pools))

    def all(self) -> list[Pool]:
        return [pool for name in self.names() if (pool := self.get(name))]

    def figures(self, name: str) -> PoolFigures:
        """What the pool holds now. Raises Unavailable."""
        keys = self._keys.in_pool(name)
        counts = [f"numbers:{status}" for status in NumberStatus]
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hmget(keys.policy, ["open_sessions", "access_codes", *counts])
            pipe.zcard(keys.cooling)
            for degrees in (keys.recruiter_degrees, keys.candidate_degrees, keys.both_degrees):
                pipe.zrange(degrees, 0, 0, desc=True, withscores=True)
            pipe.zcard(keys.recruiter_degrees)
            pipe.zcard(keys.sharing)
            (sessions, codes, *numbers), cooling, *busiest, recruiters, on_codes = pipe.execute()
        most = [int(top[0][1]) if top else 0 for top in busiest]
        access_codes = codes == "1"
        free = self._free.of_pool(name, access_codes=access_codes)
        return PoolFigures(
            numbers={
                status: int(count or 0) for status, count in zip(NumberStatus, numbers, strict=True)
            },
            open_sessions=int(sessions or 0),
            cooling_bindings=cooling,
            bound=max(most),
            candidate_bound=most[1],
            recruiters=recruiters,
            on_codes=on_codes,
            access_codes=access_codes,
            usable=free.usable,
            headroom=free.fewest,
        )


def _pack(pool: Pool) -> dict[str, str | int]:
    return {
        "country": pool.country,
        "allowed_countries": ",".join(pool.allowed_countries),
        "selection": pool.selection,
        "geo": pool.geo,
        **{name: getattr(pool, name) for name in _NUMBERS},
        **{name: int(getattr(pool, name)) for name in _FLAGS},
        **{name: _or_empty(getattr(pool, name)) for name in _LIMITS},
        **_pack_reputation(pool.reputation),
    }


def _pack_reputation(policy: ReputationPolicy) -> dict[str, str | int]:
    return {
        f"reputation_{field.name}": _or_empty(getattr(policy, field.name))
        for field in fields(policy)
    }


def _unpack_reputation(policy: dict[str, str]) -> ReputationPolicy:
    read = {**dict.fromkeys(_COUNTS, int), **dict.fromkeys(_SHARES, float)}
    values: dict[str, Any] = {
        name: as_number(text) if (text := policy[f"reputation_{name}"]) else None
        for name, as_number in read.items()
        if f"reputation_{name}" in policy
    }
    return ReputationPolicy(**values)


def _or_empty(limit: float | None) -> str | int:
    return "" if limit is None else limit if isinstance(limit, int) else repr(limit)


def _unpack(name: str, policy: dict[str, str]) -> Pool:
    values: dict[str, Any] = {
        **{name: int(policy[name]) for name in _NUMBERS},
        **{name: policy[name] == "1" for name in _FLAGS},
        **{name: int(policy[name]) if policy[name] else None for name in _LIMITS},
    }
    return Pool(
        name=name,
        country=policy["country"],
        allowed_countries=tuple(filter(None, policy["allowed_countries"].split(","))),
        selection=Selection(policy["selection"]),
        geo=Geo(policy["geo"]),
        reputation=_unpack_reputation(policy),
        **values,
    )
