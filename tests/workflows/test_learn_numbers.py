from __future__ import annotations

import fakeredis

from relay.workflows.learn_numbers import learn_numbers
from tests.fake_redis import FakeRedis
from tests.world import NUMBER, make_world


def test_a_process_that_has_learned_needs_the_map_no_more() -> None:
    world = make_world()
    store = world.services.store
    store.numbers.add(NUMBER, "us", carrier_sid="PN1", capabilities="vsm", now=1)

    learn_numbers(world.deployment)
    store.client.delete("{all_boards}:numbers")

    assert store.numbers.find_pool(NUMBER) == "us"


def test_a_process_starts_without_the_store() -> None:
    server = fakeredis.FakeServer()
    world = make_world(FakeRedis(server))
    server.connected = False

    learn_numbers(world.deployment)
