"""Each Redis that keeps files of the store: its masters and their replicas."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from relay.domain.errors import Unavailable
from relay.store.connection import Client, address_of, client_at, masters_now

#: Seconds that a replica has to come up with its master.
_PATIENCE = 1.0
_PAUSE = 0.05
_COMMANDS = ("bgrewriteaof", "bgsave")


@dataclass(frozen=True)
class Files:
    """What a server says of its files."""

    run_id: str
    has_append_only_file: bool
    is_behind: bool
    is_rewriting: bool
    will_rewrite: bool
    is_saving: bool
    last_rewrite_went_well: bool
    last_snapshot_went_well: bool

    @property
    def is_to_be_awaited(self) -> bool:
        return self.is_behind or self.is_rewriting or self.will_rewrite or self.is_saving


@dataclass(frozen=True)
class Server:
    """Its methods raise Unavailable, with a ResponseError for its cause when it refuses."""

    name: str
    client: Client
    #: Of a replica.
    master: Client | None = None

    def files(self) -> Files:
        is_behind = not self._has_caught_up()
        told = self._told()
        try:
            return Files(
                run_id=str(told["run_id"]),
                has_append_only_file=told["aof_enabled"] == 1,
                is_behind=is_behind,
                is_rewriting=told["aof_rewrite_in_progress"] == 1,
                will_rewrite=told["aof_rewrite_scheduled"] == 1,
                is_saving=told["rdb_bgsave_in_progress"] == 1,
                last_rewrite_went_well=told["aof_last_bgrewrite_status"] == "ok",
                last_snapshot_went_well=told["rdb_last_bgsave_status"] == "ok",
            )
        except KeyError as untold:
            raise Unavailable("The store does not tell of its files.") from ResponseError(untold)

    def _has_caught_up(self) -> bool:
        """Whether it has all that its master had when this was asked."""
        if self.master is None:
            return True
        wanted = self.master.info("replication").get("master_repl_offset", 0)
        deadline = time.monotonic() + _PATIENCE
        while self._told().get("slave_repl_offset", 0) < wanted:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True

    def rewrite_append_only_file(self) -> None:
        self.client.bgrewriteaof()

    def save_snapshot(self) -> None:
        self.client.bgsave(schedule=False)

    def knows_how(self) -> bool:
        """Whether it has the commands at all, and our user may give them; True where it does not
        let us ask, False where it does not answer. Raises nothing."""
        try:
            known, user = self.client.command(), self.client.acl_whoami()
            return all(
                command in known and self.client.acl_dryrun(user, command) == "OK"
                for command in _COMMANDS
            )
        except Unavailable as error:
            return isinstance(error.__cause__, ResponseError)

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.info("default")
        return told


def servers(client: Client) -> Iterator[Server]:
    """As they are now. Raises Unavailable when a master does not answer."""
    for master in masters_now(client):
        yield from _with_replicas(master, None)


def _with_replicas(client: Client, master: Client | None) -> Iterator[Server]:
    yield Server(address_of(client), client, master)
    try:
        told = client.info("replication")
    except Unavailable as error:
        if master is None and not isinstance(error.__cause__, ResponseError):
            raise
        return  # whoever asks the server itself sees that it refuses, or is out of reach
    for key, replica in told.items():
        if key.startswith("slave") and isinstance(replica, dict):
            yield from _with_replicas(client_at(client, replica["ip"], replica["port"]), client)
