"""The keys of the REST API and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    SESSIONS = "sessions"
    PARTICIPANTS = "participants"
    NUMBERS = "numbers"
    AUDIT = "audit"
    #: ``/metrics``; a deployment key may have it, too.
    METRICS = "metrics"
    ADMIN = "admin"
    #: Of a deployment key, which belongs to no board; no key of a board has it.
    BOARDS = "boards"


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key as the store knows it: ``id`` is the beginning of its hash, never of the key."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: int

    def may(self, scope: Scope) -> bool:
        """Whether the key reaches what needs ``scope``. ``admin`` reaches all of its board, and
        ``boards`` the metrics of all."""
        if scope is Scope.METRICS and Scope.BOARDS in self.scopes:
            return True
        return scope in self.scopes or (Scope.ADMIN in self.scopes and scope is not Scope.BOARDS)
