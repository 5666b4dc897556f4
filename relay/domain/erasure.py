"""An erasure is final when no file of Redis holds any longer what was erased, and the carrier has
deleted its records of the person's calls and texts. Redis's append-only file keeps what is deleted
until it is rewritten, and a snapshot until the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.participant import Role


class ErasureStatus(StrEnum):
    """``PENDING_PROVIDER``: whoever runs Redis does not let us rewrite its files.
    ``PENDING_CARRIER``: no file has it any more; a call or text of theirs is not over, or the
    carrier does not delete its record now."""

    PENDING = "pending"
    PENDING_PROVIDER = "pending_provider"
    PENDING_CARRIER = "pending_carrier"
    DONE = "done"


@dataclass(frozen=True)
class Erasure:
    """``moment`` is when, in milliseconds; no two of a board share one, and the later is larger."""

    role: Role
    ref: str
    moment: int
    status: ErasureStatus


class Progress(StrEnum):
    """How far the files of one server are."""

    AHEAD = "ahead"
    APPEND_ONLY_FILE = "append_only_file"
    SNAPSHOT = "snapshot"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"

    @property
    def is_last(self) -> bool:
        return self in {Progress.DONE, Progress.FAILED, Progress.REFUSED}


@dataclass(frozen=True)
class Rewriting:
    """One rewriting of the files of all servers, for all who had been erased when it began."""

    began_at: float
    #: Of each board, the moment of its latest erasure then.
    covers: Mapping[str, int]
    #: By the server's address and run id: one that has begun anew has forgotten what it was asked.
    servers: Mapping[str, Progress]

    @property
    def is_over(self) -> bool:
        return bool(self.servers) and all(each.is_last for each in self.servers.values())

    @property
    def has_succeeded(self) -> bool:
        return self.is_over and set(self.servers.values()) == {Progress.DONE}

    @property
    def refusing(self) -> list[str]:
        """The servers that refuse, or that cannot be reached."""
        return [name for name, each in self.servers.items() if each is Progress.REFUSED]
