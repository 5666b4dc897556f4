"""What the workers tidy up; lookups do without it (P3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.pool import Pool
from relay.workflows import recycle as recycling
from relay.workflows.recycle import Recycled, recycle
from tests.invariants import audit_pool
from tests.world import NOW, World, make_world

COOLDOWN = 100


@pytest.fixture
def world() -> World:
    world = make_world()
    world.services.store.pools.put(
        Pool(name="us", country="US", candidate_cooldown=COOLDOWN, recruiter_cooldown=COOLDOWN)
    )
    return world


def test_an_expired_pair_is_closed_then_released_then_forgotten(world: World) -> None:
    world.open(ttl=60)
    assert recycle(world.services, now=NOW + 59) == Recycled()
    assert recycle(world.services, now=NOW + 61) == Recycled(closed=1)
    done = recycle(world.services, now=NOW + 61 + COOLDOWN)
    assert done == Recycled(looked_at_cooling=2)
    retention = world.services.settings.record_retention
    assert recycle(world.services, now=NOW + 200 + COOLDOWN + retention) == Recycled(purged=1)
    assert audit_pool(world.services.store.client, "us") == {}


def test_a_number_that_was_recycled_is_given_to_the_next_pair(world: World) -> None:
    first = world.open("rita", "carl", ttl=60)
    recycle(world.services, now=NOW + 61)
    recycle(world.services, now=NOW + 61 + COOLDOWN)
    assert world.open("rita", "dan", now=NOW + 200).virtual_number == first.virtual_number


def test_more_than_a_batch_is_done_in_one_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "BATCH", 1)
    world.open("rita", "carl", ttl=60)
    world.open("nora", "dan", ttl=60)
    done = recycle(world.services, now=NOW + 61)
    assert done == Recycled(closed=2)
    done = recycle(world.services, now=NOW + 61 + COOLDOWN)
    assert replace(done, purged=0) == Recycled(looked_at_cooling=4)
    later = NOW + 200 + COOLDOWN + world.services.settings.record_retention
    assert recycle(world.services, now=later) == Recycled(purged=2)


def test_a_pool_without_a_policy_is_left_alone(world: World) -> None:
    world.services.store.client.sadd("{main}:pools", "ca")

    assert recycle(world.services, now=NOW) == Recycled()
