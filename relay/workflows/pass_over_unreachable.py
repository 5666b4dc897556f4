"""Goes on with the other boards when one cannot be reached: a cluster has lost its master.

What is passed over stays as it is, and periodic work comes again within a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from relay.domain.errors import Unavailable
from relay.store.connection import master_of
from relay.workflows.services import Services

log = structlog.get_logger()

Answer = TypeVar("Answer")


def for_each_board(boards: Iterable[Services], work: Callable[[Services], Answer]) -> list[Answer]:
    """Returns what the work answered for each board that could be reached.

    Finding a master lost takes nearly a second. So its other boards are skipped: a hundred of them
    would keep the reachable ones waiting for a minute and more.
    """
    lost, answers = set(), []
    for services in boards:
        keys = services.store.keys
        with pass_over_unreachable(board=keys.board):
            master = master_of(services.store.client, keys.never)
            if master in lost:
                raise Unavailable("The master of this board has just been found lost.")
            lost.add(master)  # until the work is done
            answers.append(work(services))
            lost.discard(master)
    return answers


@contextmanager
def pass_over_unreachable(**what: str) -> Iterator[None]:
    """Ends the block at an Unavailable, and says so once with the ids of ``what``."""
    try:
        yield
    except Unavailable:
        log.warning("passed over what the store does not reach", **what)
