"""Pools: their policy and what they hold.

A policy that we have not signed is none: it says what is bought, and who may be called (P9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from relay.domain.errors import BeingChanged, Conflict
from relay.domain.policy import Term, flat_terms, flatten, unflatten
from relay.domain.pool import NumberStatus, Pool, PoolFigures
from relay.signing import Signer
from relay.store.charges import PoolCharges
from relay.store.connection import Client
from relay.store.free_numbers import FreeNumberCount
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: How often a policy that others change at the same time is looked at again.
_ATTEMPTS = 4


class Pools:
    """``charges``: what the carrier charges their traffic by."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys, signer: Signer) -> None:
        self._signer = signer
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self.charges = PoolCharges(client, scripts, keys)
        self._free = FreeNumberCount(client, scripts, keys)

    def put(self, pool: Pool) -> bool:
        """Creates the pool or replaces its policy; True when it is new. Raises Conflict where the
        pool is in use and its country would change, Unavailable."""
        return bool(self._put(self.get(pool.name), pool))

    def amend(self, name: str, change: Callable[[Pool], Pool]) -> Pool | None:
        """The pool after the change, which is made of the policy on record, whoever else changes
        it; None when there is no such pool. Raises Conflict as ``put`` does, Unavailable."""
        for _ in range(_ATTEMPTS):
            before, signature = self._read(name)
            if before is None:
                return None
            after = change(before)
            if self._put(before, after, seen=signature) is not None:
                return after
        raise BeingChanged("The pool is being changed by others; try again.")

    def delete(self, name: str) -> bool:
        """Forgets a pool; False when there is none. Raises Conflict for one that has numbers, or
        sessions that are open or cooling, Unavailable."""
        outcome = self._scripts.run("delete_pool", self._keys.in_pool(name), pool=name)
        if outcome == "in_use":
            raise Conflict(
                "The pool has numbers, or sessions that are open or cooling: delete its numbers"
                " first, or set their status to draining.",
                code="pool_in_use",
            )
        return bool(outcome == "deleted")

    def get(self, name: str) -> Pool | None:
        """None also for one whose policy somebody else has written. Raises Unavailable."""
        return self._read(name)[0]

    def _read(self, name: str) -> tuple[Pool | None, str]:
        """The pool with the signature of its policy."""
        policy = self._client.hgetall(self._keys.in_pool(name).policy)
        pool = unpack_pool(self._signer, self._keys.board, name, policy)
        return pool, policy.get("signature", "")

    def _put(self, before: Pool | None, pool: Pool, *, seen: str = "") -> bool | None:
        """Whether it is new; None when its policy is not the one that was ``seen`` any more."""
        policy = _pack(pool)
        policy["signature"] = self._signer.sign(*_signed(self._keys.board, pool.name, policy))
        outcome = self._scripts.run(
            "put_pool",
            self._keys.in_pool(pool.name),
            pool=pool.name,
            policy=[part for field in policy.items() for part in field],
            seen=seen,
            moves=before is not None and before.country != pool.country,
        )
        if outcome == "in_use":
            raise Conflict(
                "The pool is in use, and its numbers are of its country: put another pool.",
                code="pool_in_use",
            )
        return None if outcome == "again" else bool(outcome == "created")

    def sign_anew(self) -> None:
        """Signs all policies of ours under the key that signs now. Raises Unavailable."""
        for name in self.names():
            keys = self._keys.in_pool(name)
            policy = self._client.hgetall(keys.policy)
            if unpack_pool(self._signer, self._keys.board, name, policy) is None:
                continue
            signature = self._signer.sign(*_signed(self._keys.board, name, policy))
            if signature != policy["signature"]:
                self._scripts.run(
                    "replace_stamped",
                    keys,
                    hash_name="policy",
                    field="signature",
                    seen=policy["signature"],
                    record=signature,
                )

    def count_unsigned(self) -> int:
        """Policies that somebody else has written. Raises Unavailable."""
        return sum(self.get(name) is None for name in self.names())

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
            free_for_new_pairs=free.for_new_pairs,
            headroom=free.fewest,
        )


def _pack(pool: Pool) -> dict[str, str]:
    return {name: _as_text(value) for name, value in flatten(pool).items()}


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def unpack_pool(signer: Signer, board: str, name: str, policy: Mapping[str, str]) -> Pool | None:
    """The pool of a policy's hash; None when there is none of this name, or it is not ours."""
    if not signer.is_genuine(policy.get("signature", ""), *_signed(board, name, policy)):
        return None
    values = {
        one.name: _as_value(one, policy[one.name]) for one in flat_terms(Pool) if one.name in policy
    }
    return Pool(name=name, **unflatten(Pool, values))


def _signed(board: str, name: str, policy: Mapping[str, str]) -> tuple[str, ...]:
    """What a policy's signature is over: all of its terms, in the order in which Pool has them."""
    terms = [one.name for one in flat_terms(Pool) if one.name in policy]
    return ("policy", board, name, *(part for term in terms for part in (term, policy[term])))


def _as_value(one: Term, text: str) -> Any:
    if one.is_list:
        return tuple(one.kind(part) for part in text.split(",") if part)
    if one.kind is bool:
        return text == "1"
    return None if one.is_optional and not text else one.kind(text)
