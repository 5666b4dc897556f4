"""The backlog: what is not sent yet, by what the scripts have noted (``lua/shared/unsent.lua``)."""

from __future__ import annotations

from relay.domain.texts import Backlog
from relay.store.connection import Client
from relay.store.keys import BoardKeys


def read_backlog(client: Client, keys: BoardKeys) -> Backlog:
    """Of a board. One round trip. Raises Unavailable."""
    with client.pipeline(transaction=False) as pipe:
        pipe.zcard(keys.unsent)
        pipe.zrange(keys.unsent, 0, 0, withscores=True)
        pipe.zcard(keys.unreported)
        unsent, oldest, unreported = pipe.execute()
    return Backlog(
        unsent=unsent,
        oldest_since=float(oldest[0][1]) if oldest else None,
        unreported=unreported,
    )
