"""Replicas of a real Redis, as their master counts them."""

from __future__ import annotations

from typing import Any

import redis

from tests.e2e.stage import eventually


def count_replicas(master: Any) -> int:
    """Those that say what they have: on these WAIT can count. A replica says that its link is up
    while its master still sends to it, and a master that one is online while it still reads."""
    try:
        told = master.info("replication")
    except redis.RedisError:
        return 0
    replicas = (value for value in told.values() if isinstance(value, dict) and "offset" in value)
    return sum(one["state"] == "online" and one["offset"] > 0 for one in replicas)


def make_replica(replica: Any, master: redis.Redis) -> None:
    """The first of its master, which is on this machine."""
    for server in (replica, master):
        be_quick(server)
    replica.replicaof("127.0.0.1", str(master.connection_pool.connection_kwargs["port"]))
    eventually(lambda: count_replicas(master) == 1)


def be_quick(server: Any) -> None:
    """As a master it waits for no second replica, and has a word to acknowledge every second."""
    server.config_set("repl-diskless-sync-delay", 0)
    server.config_set("repl-ping-replica-period", 1)
