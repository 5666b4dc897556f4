"""Whether the store takes writes: one that answers may refuse them all."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from relay.domain.errors import Unavailable
from relay.store.connection import Client, master_of
from relay.store.keys import BoardKeys, DeploymentKeys

#: Seconds for which the key lives that is tried. While it is there, nothing is written, but Redis
#: refuses the command for the same reasons: who asks for ever writes once in so many seconds.
_TRIED_FOR = 60


class Refusal(StrEnum):
    """Why Redis takes no writes."""

    READ_ONLY = "READONLY"
    FAILING_DISK = "MISCONF"
    FULL = "OOM"
    NO_REPLICAS = "NOREPLICAS"
    OTHER = "another error"


def refusal_of_writes(client: Client, boards: Iterable[str] = ()) -> Refusal | None:
    """Why a write is refused; None when it is taken. Of a cluster each master is tried that holds
    one of these boards, or what all boards share. Raises Unavailable when one does not answer."""
    keys = [*(BoardKeys(board).tried_write for board in boards), DeploymentKeys().tried_write]
    one_of_each = {master_of(client, key): key for key in keys}
    for master, key in one_of_each.items():
        try:
            master.set(key, "1", nx=True, ex=_TRIED_FOR)
        except Unavailable as error:
            if not isinstance(error.__cause__, ResponseError):
                raise
            return _refusal_in(error.__cause__)
    return None


def _refusal_in(error: BaseException) -> Refusal:
    if isinstance(error, ReadOnlyError):
        return Refusal.READ_ONLY
    if isinstance(error, OutOfMemoryError):
        return Refusal.FULL
    code = str(error).partition(" ")[0]
    return next((refusal for refusal in Refusal if refusal == code), Refusal.OTHER)
