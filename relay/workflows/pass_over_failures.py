"""Goes on with the other boards when the work for one fails: its master is lost, what is stored
for it is damaged, the carrier refuses it, or we have made a mistake.

What is passed over stays as it is, and periodic work comes again within a minute. A failure counts
in ``relay_passed_over_total``, since its job ends well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog

from config.logging import log_failure
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.trouble import Scope
from relay.store.connection import Client, is_away, master_of
from relay.store.store import Store
from relay.workflows.services import Services

log = structlog.get_logger()

Answer = TypeVar("Answer")


def for_each_board(boards: Iterable[Services], work: Callable[[Services], Answer]) -> list[Answer]:
    """Returns what the work answered for each board for which it went well.

    Finding a master lost takes nearly a second. So its other boards are skipped: a hundred of them
    would keep the reachable ones waiting for a minute and more.
    """
    lost: dict[Client, BaseException | None] = {}
    answers = []
    for services in boards:
        keys = services.store.keys
        with pass_over_failures(services.store, board=keys.board):
            master = master_of(services.store.client, keys.never)
            if master in lost:
                raise Unavailable("Its master has just been found lost.") from lost[master]
            try:
                answers.append(work(services))
            except Unavailable as error:
                if is_away(error):
                    lost[master] = error.__cause__
                raise
    return answers


@contextmanager
def pass_over_failures(store: Store, **what: str) -> Iterator[None]:
    """Ends the block at any error, and says so once with the ids of ``what``. For what keeps boards
    apart, or one of them from what is no board's; inside a board a mistake of ours is to end its
    work."""
    try:
        with _pass_over_unavailable(store, what):
            yield
    except Exception as error:  # noqa: BLE001 - no other board's work may end with this one's
        log_failure(log, "passed over what failed", error, **what)
        store.passed_over.count(what.get("board", ""))


def pass_over_refusal(store: Store, error: CarrierError, event: str, **what: str) -> None:
    """Says once, with the ids of ``what``, that the carrier has refused the work. Where that is not
    over in a moment, it counts as a failure: the job ends well, and nobody else would notice."""
    log.warning(event, code=error.code, **what)
    if error.trouble.scope is not Scope.MOMENT:
        store.passed_over.count(what.get("board", ""))


@contextmanager
def pass_over_unavailable(services: Services, **what: str) -> Iterator[None]:
    """Ends the block when the store does not answer, or not what we can read, and says so once."""
    with _pass_over_unavailable(services.store, {"board": services.board.name, **what}):
        yield


@contextmanager
def _pass_over_unavailable(store: Store, what: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        if is_away(error):
            log.warning("passed over what the store does not reach", **what)
            return
        cause = type(error.__cause__).__name__
        log_failure(log, "passed over what failed", error, cause=cause, why=str(error), **what)
        store.passed_over.count(what.get("board", ""))
