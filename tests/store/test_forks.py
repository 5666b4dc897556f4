"""A fork, which each job is, shares no connection with its parent."""

from __future__ import annotations

import multiprocessing
from multiprocessing.queues import SimpleQueue
from typing import Any

import pytest

from relay.store.connection import connect

pytestmark = pytest.mark.real_redis


def test_a_fork_has_connections_of_its_own(real_redis_url: str) -> None:
    client = connect(real_redis_url)
    ours = client.client_id()
    context = multiprocessing.get_context("fork")
    found: SimpleQueue[Any] = context.SimpleQueue()
    for _ in range(2):
        child = context.Process(target=lambda: found.put(client.client_id()))
        child.start()
        child.join()

    assert client.client_id() == ours
    assert len({ours, found.get(), found.get()}) == 3
