"""A real cluster of three masters on loopback, whose processes die with ours.

It runs what ``RELAY_TEST_REDIS_SERVER`` names (``valkey-server``, say), else what the sandbox runs.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.retry import Retry

from relay.domain.errors import Unavailable
from relay.embedded_redis import _answers, _die_with_parent, _wait_until, find_server
from relay.store.cluster import ClusterClient
from relay.store.connection import connect
from tests.server_process import ServerProcess

#: Ten boards; three masters have some of them each (``test_ten_boards_are_spread``).
BOARDS = tuple(f"b{number}" for number in range(10))
_SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))
#: The nodes talk to each other on a port this much higher.
_BUS = 10_000
_PORTS = range(20_000, 22_700)


def server_binary() -> Path:
    """Raises FileNotFoundError when the one that was asked for is not there."""
    named = os.environ.get("RELAY_TEST_REDIS_SERVER")
    if not named:
        return find_server()
    found = shutil.which(named)
    if found is None:
        raise FileNotFoundError(f"RELAY_TEST_REDIS_SERVER: there is no {named}")
    return Path(found)


class NotStarted(Exception):
    """Somebody else took the port first, for one."""


class Master(ServerProcess):
    """One server of the cluster, in a directory and on a port that stay its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.port = _free_port_pair()
        self.client = redis.Redis(
            "127.0.0.1",
            self.port,
            decode_responses=True,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 1),
        )

    def start(self) -> None:
        """Starts it again after ``kill``, too."""
        if self._process is not None:
            return
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "dir": self.directory,
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "cluster-enabled": "yes",
            "cluster-node-timeout": 2000,
            "cluster-require-full-coverage": "no",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [server_binary(), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - two system calls, no lock taken
            )
        process = self._process
        _wait_until(lambda: process.poll() is not None or _answers(self.port, process.pid), 20)
        if not _answers(self.port, process.pid):
            self.kill()
            raise NotStarted((self.directory / "log").read_text()[-2000:])

    def cluster(self, command: str, *args: Any) -> Any:
        return self.client.execute_command(f"CLUSTER {command}", *args)

    @property
    def id(self) -> str:
        return str(self.cluster("MYID"))


class Cluster:
    def __init__(self, masters: list[Master]) -> None:
        self.masters = masters

    @property
    def url(self) -> str:
        first, *others = (f"127.0.0.1:{master.port}" for master in self.masters)
        return f"redis://{first}/0?cluster=true&nodes={','.join(others)}"

    def connect(self) -> WholeCluster:
        return connect_whole(self.url)

    def master_of(self, key: str) -> Master:
        """Who has the key's slot now."""
        slot = key_slot(key.encode())
        return next(m for m in self.masters if m.port == self._port_of(slot))

    def boards_of(self, master: Master) -> list[str]:
        return [board for board in BOARDS if self.master_of(f"{{{board}}}") is master]

    def move(self, key: str, to: Master) -> None:
        """Moves the slot of a key, key by key, as ``redis-cli --cluster reshard`` does."""
        with self.moving(key, to) as move_keys:
            move_keys()

    @contextmanager
    def moving(self, key: str, to: Master) -> Iterator[Callable[[], None]]:
        """Gives what moves the slot's keys; at the end the slot is ``to``'s in any case."""
        slot, source = key_slot(key.encode()), self.master_of(key)
        if source is to:
            yield lambda: None
            return

        def move_keys() -> None:
            while keys := source.cluster("GETKEYSINSLOT", slot, 100):
                source.client.migrate("127.0.0.1", to.port, keys, 0, 5000)

        to.cluster("SETSLOT", slot, "IMPORTING", source.id)
        source.cluster("SETSLOT", slot, "MIGRATING", to.id)
        try:
            yield move_keys
        finally:
            move_keys()
            for master in (to, source, *self.masters):
                master.cluster("SETSLOT", slot, "NODE", to.id)
            # Who has not heard of the new owner's epoch takes a late word of the old one for newer,
            # and throws the slot's keys away: with the next move at once, one in some hundred.
            assert _wait_until(self.is_agreed, 20), "the masters do not agree on who has what"

    def is_agreed(self) -> bool:
        """Whether all masters say the same of each: which slots it has, and in which epoch."""
        first, *others = (
            {(one["node_id"], one["epoch"], str(one["slots"])) for one in view.values()}
            for view in (master.cluster("NODES") for master in self.masters)
        )
        return all(other == first for other in others)

    def is_whole(self) -> bool:
        return all(_sees_a_whole_cluster(master) for master in self.masters)

    def _port_of(self, slot: int) -> int:
        for master in self.masters:
            try:
                ranges = master.cluster("SLOTS")
            except redis.RedisError:
                continue
            return next(owner[1] for first, last, owner, *_ in ranges if first <= slot <= last)
        raise AssertionError("no master answers")


class WholeCluster(ClusterClient):
    """What tests ask of one Redis, asked of every master."""

    def flushall(self) -> None:
        # On a busy machine its nodes may take longer than a caller waits for them.
        assert _wait_until(self._is_told_its_masters, 10), "no node says who the masters are"
        for master in self.masters():
            master.flushall()

    def _is_told_its_masters(self) -> bool:
        try:
            return bool(self.masters())
        except Unavailable:
            return False

    def keys(self, pattern: str = "*") -> list[str]:
        return [key for master in self.masters() for key in master.keys(pattern)]

    def scan_iter(self, *args: Any, **options: Any) -> Iterator[str]:
        for master in self.masters():
            yield from master.scan_iter(*args, **options)

    def config_set(self, name: str, value: Any) -> None:
        for master in self.masters():
            master.config_set(name, value)


def connect_whole(url: str) -> WholeCluster:
    client = connect(url)
    assert isinstance(client, ClusterClient)
    client.__class__ = WholeCluster
    return client


@contextmanager
def running_cluster(directory: Path) -> Iterator[Cluster]:
    """Three masters, each with a third of the slots."""
    masters: list[Master] = []
    try:
        while len(masters) < 3:
            masters.append(_start_one(directory / str(len(masters))))
        cluster = _join(masters)
        assert _wait_until(cluster.is_whole, 30), "the nodes do not find each other"
        yield cluster
    finally:
        for master in masters:
            master.kill()


def _start_one(directory: Path) -> Master:
    """On another port when somebody was quicker: test processes start clusters side by side."""
    for attempt in range(5):
        master = Master(directory / str(attempt))
        with suppress(NotStarted):
            master.start()
            return master
    raise AssertionError("no port stays free long enough")


def _free_port_pair() -> int:
    """A port that is free now, as is its bus port; both below Linux's ephemeral ports."""
    # Tests seed `random`, each process alike.
    for port in random.SystemRandom().sample(_PORTS, 200):
        if _is_free(port) and _is_free(port + _BUS):
            return port
    raise AssertionError(f"no free pair of ports in {_PORTS}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _join(masters: list[Master]) -> Cluster:
    for epoch, (master, (first, last)) in enumerate(zip(masters, _SLOTS, strict=True), 1):
        # Not ADDSLOTSRANGE, which came with Redis 7.
        master.cluster("ADDSLOTS", *range(first, last + 1))
        master.cluster("SET-CONFIG-EPOCH", epoch)
        master.cluster("MEET", "127.0.0.1", masters[0].port, masters[0].port + _BUS)
    return Cluster(masters)


def _sees_a_whole_cluster(master: Master) -> bool:
    try:
        about = master.client.execute_command("CLUSTER INFO")
    except redis.RedisError:
        return False
    said = (
        about
        if isinstance(about, dict)
        else dict(line.split(":") for line in about.split("\r\n") if line)
    )
    return (
        said["cluster_state"] == "ok"
        and int(said["cluster_slots_ok"]) == 16384
        and int(said["cluster_known_nodes"]) == 3
    )
