"""Two Redis behind one address, as rented ones are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from tests.replicas import make_replica


class Switch:
    """Passes each new connection on to the server that it points to at that moment."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()

    def close(self) -> None:
        self._listener.close()


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with source, suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_RDWR)


class Pair:
    """``old`` is the master at first, and ``new`` its replica."""

    def __init__(self, old: str, new: str) -> None:
        self.old = redis.Redis.from_url(old, decode_responses=True)
        self.new = redis.Redis.from_url(new, decode_responses=True)
        self.switch = Switch(port_of(self.old))
        self.client = connect(self.switch.url)

    def replicate(self) -> None:
        make_replica(self.new, self.old)

    def fail_over(self) -> None:
        """As an operator does it, or who rents the servers out: no connection is closed."""
        self.new.replicaof("NO", "ONE")
        self.switch.target = port_of(self.new)
        self.old.replicaof("127.0.0.1", str(port_of(self.new)))


def port_of(client: redis.Redis) -> int:
    return int(client.connection_pool.connection_kwargs["port"])


@contextmanager
def running_pair(directory: Path) -> Iterator[Pair]:
    with EmbeddedRedis(directory / "old") as old, EmbeddedRedis(directory / "new") as new:
        pair = Pair(old.url, new.url)
        yield pair
        for client in (pair.client, pair.old, pair.new):
            client.close()
        pair.switch.close()
