"""Takes what was erased out of Redis's files: each server's append-only file is rewritten, and a
snapshot saved over the last one, whether it keeps such files now or did once.

One rewriting serves all who were erased before it began. Each run asks the next thing of each
server; the job comes every few seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from relay.domain.erasure import Progress, Rewriting
from relay.domain.errors import Unavailable
from relay.store.servers import Files, Server, servers
from relay.workflows.deployment import Deployment
from relay.workflows.pass_over_failures import for_each_board
from relay.workflows.services import Services

log = structlog.get_logger()

#: Seconds from one beginning to the next.
BETWEEN = 60


def rewrite_files(deployment: Deployment, *, now: float) -> None:
    """Safe side by side with itself: files are rewritten once more then. Raises Unavailable."""
    latest = deployment.rewritings.latest()
    refused_before = latest is not None and bool(latest.refusing)
    if latest is None or latest.is_over:
        pending = _pending(deployment)
        if not pending or (latest and now - latest.began_at < BETWEEN):
            return
        latest = Rewriting(began_at=now, covers=pending, servers={})
    _go_on(deployment, latest, refused_before=refused_before)


def _pending(deployment: Deployment) -> dict[str, int]:
    """Of each board that waits for one, the moment of its latest erasure."""

    def latest(services: Services) -> tuple[str, int | None]:
        return services.board.name, services.store.erasures.latest_pending()

    return {board: at for board, at in for_each_board(deployment.boards(), latest) if at}


def _go_on(deployment: Deployment, rewriting: Rewriting, *, refused_before: bool) -> None:
    known = rewriting.servers
    progress = dict(_ask_next(server, known) for server in servers(deployment.client))
    rewriting = Rewriting(rewriting.began_at, rewriting.covers, progress)
    deployment.rewritings.note(rewriting)
    if rewriting.refusing and not refused_before:
        log.warning("files cannot be rewritten: see doctor", servers=rewriting.refusing)
    if rewriting.is_over and Progress.FAILED in progress.values():
        log.warning("files could not be rewritten", servers=progress)
    if rewriting.has_succeeded:
        for_each_board(deployment.boards(), lambda board: _make_final(board, rewriting.covers))
        log.info("files rewritten", servers=len(progress))


def _make_final(services: Services, covers: Mapping[str, int]) -> None:
    moment = covers.get(services.board.name)
    if moment:
        services.store.erasures.note_final(moment)


def _ask_next(server: Server, known: Mapping[str, Progress]) -> tuple[str, Progress]:
    try:
        files = server.files()
        # A server that has begun anew has forgotten what it was asked.
        name = f"{server.name} {files.run_id}"
        return name, _ask(server, files, known.get(name, Progress.AHEAD))
    except Unavailable:
        return server.name, Progress.REFUSED


def _ask(server: Server, files: Files, progress: Progress) -> Progress:
    """Raises Unavailable when the server refuses, also where it has just begun by itself what it
    is asked for: that may have been before the erasure."""
    if progress.is_last or files.is_to_be_awaited:
        return progress
    match progress:
        case Progress.AHEAD if files.has_append_only_file:
            server.rewrite_append_only_file()
            # It may have to wait for somebody else's snapshot: then it is asked again.
            return progress if server.files().will_rewrite else Progress.APPEND_ONLY_FILE
        case Progress.APPEND_ONLY_FILE if not files.last_rewrite_went_well:
            return Progress.FAILED
        case Progress.AHEAD | Progress.APPEND_ONLY_FILE:
            server.save_snapshot()
            return Progress.SNAPSHOT
        case _:
            return Progress.DONE if files.last_snapshot_went_well else Progress.FAILED
