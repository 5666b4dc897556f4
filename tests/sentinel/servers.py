"""Three Redis and three sentinels on loopback, whose processes die with ours.

The first server, the master at the start, is reached through a cable that can be cut between it
and the other side: the replicas and the sentinels (``cable.py``).
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from relay.embedded_redis import _die_with_parent, _free_port
from tests.cluster.servers import server_binary
from tests.e2e.stage import eventually
from tests.replicas import count_replicas
from tests.sentinel import cable
from tests.server_process import ServerProcess

SERVICE = "relay"
_QUORUM = 2
#: Milliseconds of silence after which a sentinel takes the master for lost.
_DOWN_AFTER = 1500
_FAILOVER_TIMEOUT = 6000


def sentinel_binary() -> str | None:
    return shutil.which("redis-sentinel")


class Process(ServerProcess):
    """A server or a sentinel, in a directory and on a port that stay its own."""

    def __init__(
        self, binary: Path | str, directory: Path, settings: Mapping[str, Any], port: int = 0
    ) -> None:
        self.port = port or _free_port()
        self._command = [str(binary), str(directory / "conf")]
        self._log = directory / "log"
        directory.mkdir(parents=True)
        lines = {
            "bind": "127.0.0.1",
            "bind-source-addr": cable.FAR,
            "port": self.port,
            "dir": directory,
            "protected-mode": "no",
            **settings,
        }
        (directory / "conf").write_text(
            "".join(f"{name} {value}\n" for name, value in lines.items())
        )
        self.client = redis.Redis(
            "127.0.0.1",
            self.port,
            decode_responses=True,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 1),
        )

    def start(self) -> None:
        """Starts it again after ``kill``, too, as what it was: what it has written stays."""
        if self._process is not None:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - two system calls, no lock taken
            )
        eventually(self._answers)

    def _answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.client.ping())
        return False


class Group:
    """Three servers of one service, the sentinels that watch it, and the cable of the first."""

    def __init__(self, directory: Path) -> None:
        first_port = _free_port()
        self._cable = subprocess.Popen(
            [sys.executable, cable.__file__, str(first_port)],
            stdout=subprocess.PIPE,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 - the same
        )
        assert self._cable.stdout
        self._cable_port = int(self._cable.stdout.readline())
        first = _server(directory / "server0", first_port, announced=self._cable_port)
        self.servers = [first, *(_server(directory / f"server{n}") for n in (1, 2))]
        self.sentinels = [self._sentinel(directory / f"sentinel{n}") for n in range(3)]

    def _sentinel(self, directory: Path) -> Process:
        return Process(
            sentinel_binary() or "redis-sentinel",
            directory,
            {
                "sentinel announce-ip": "127.0.0.1",
                "sentinel monitor": f"{SERVICE} 127.0.0.1 {self._cable_port} {_QUORUM}",
                "sentinel down-after-milliseconds": f"{SERVICE} {_DOWN_AFTER}",
                "sentinel failover-timeout": f"{SERVICE} {_FAILOVER_TIMEOUT}",
            },
        )

    @property
    def url(self) -> str:
        addresses = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{addresses}/{SERVICE}?db=0"

    def start(self) -> None:
        first, *others = self.servers
        for server in self.servers:
            server.start()
        for server in others:
            server.client.replicaof("127.0.0.1", str(self._cable_port))
        # The servers' min-replicas-to-write lets nobody write before.
        eventually(lambda: count_replicas(first.client) == 2)
        for sentinel in self.sentinels:
            sentinel.start()
        eventually(self.is_whole)

    def is_whole(self) -> bool:
        """Whether all sentinels know of each other, and of one master that has both replicas."""
        states = [sentinel.client.sentinel_master(SERVICE, return_responses=True)
                  for sentinel in self.sentinels]  # fmt: skip
        return (
            all(
                state["num-slaves"] == 2 and state["num-other-sentinels"] == 2
                and state["flags"] == "master"
                for state in states
            )
            and len({state["port"] for state in states}) == 1
            and count_replicas(self.master.client) == 2
        )  # fmt: skip

    @property
    def master(self) -> Process:
        """Who it is, by the sentinels."""
        told = self.sentinels[0].client.sentinel_master(SERVICE, return_responses=True)
        ports = {server.port: server for server in self.servers}
        return {**ports, self._cable_port: self.servers[0]}[int(told["port"])]

    def cut_off_the_first(self) -> None:
        """From the other side; we are on its own."""
        self._cable.send_signal(signal.SIGUSR1)

    def mend(self) -> None:
        """Does no harm to a cable that is whole."""
        self._cable.send_signal(signal.SIGUSR2)

    def stop(self) -> None:
        for process in (*self.sentinels, *self.servers):
            process.kill()
        self._cable.kill()
        self._cable.communicate()


def _server(directory: Path, port: int = 0, announced: int = 0) -> Process:
    """``announced`` is the port by which the others find it, 0 for its own."""
    return Process(
        server_binary(),
        directory,
        {
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "repl-diskless-sync-delay": 0,
            "repl-ping-replica-period": 1,
            "replica-announce-ip": "127.0.0.1",
            "replica-announce-port": announced,
            # As docs/deploy.md says: who is cut off takes no more.
            "min-replicas-to-write": 1,
            "min-replicas-max-lag": 2,
        },
        port,
    )


@contextmanager
def running_group(directory: Path) -> Iterator[Group]:
    group = Group(directory)
    try:
        group.start()
        yield group
    finally:
        group.stop()
