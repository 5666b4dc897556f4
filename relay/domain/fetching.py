"""Going through a list of the carrier that is longer than one run has time for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ListPlace:
    """Where a list goes on: the number of its next page, and the carrier's token for it."""

    page: int
    token: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look through a list, newest first, back to ``since``; in POSIX seconds. ``place`` is
    where the next run goes on with it. ``is_to_be_repeated``: something that was listed could not
    be taken on yet."""

    began_at: float
    since: float
    place: ListPlace | None = None
    is_to_be_repeated: bool = False
