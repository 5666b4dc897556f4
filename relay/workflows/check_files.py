"""Looks whether what is erased goes out of Redis's files."""

from __future__ import annotations

from collections.abc import Iterator

from relay.store.servers import Server, servers
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.deployment import Deployment

_NAME = "erasures"
_LINK = "docs/deploy.md#erasures-and-backups"


def check_files(deployment: Deployment) -> Iterator[Check]:
    """A finding for each server that refuses, or one that none does. Raises Unavailable."""
    latest = deployment.rewritings.latest()
    refused = {name.partition(" ")[0] for name in latest.refusing} if latest else set()
    refusing = [server for server in servers(deployment.client) if _refuses(server, refused)]
    for server in refusing:
        yield Check(
            _NAME,
            Verdict.WARNING,
            f"{server.name} refuses BGREWRITEAOF or BGSAVE, or is out of reach, so that its files"
            f" keep who is erased and their erasure stays pending_provider: {_LINK}",
        )
    if not refusing:
        yield Check(_NAME, Verdict.OK, "Redis rewrites its files after them")


def _refuses(server: Server, refused: set[str]) -> bool:
    return server.name in refused or not server.knows_how()
