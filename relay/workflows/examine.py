"""Looks at everything a running relay needs, and says how to mend what is wrong: the ``doctor``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from config.settings import Settings
from relay.domain.board import Board
from relay.domain.errors import Unavailable
from relay.domain.pool import Pool
from relay.store.clock import largest_clock_difference
from relay.store.connection import Client, is_cluster
from relay.store.durability import (
    LEAST_VERSION,
    absent_masters,
    connected_replicas,
    durability,
    is_clustered,
    server_version,
    serves_partly,
)
from relay.store.writes import refusal_of_writes
from relay.vault import Unreadable
from relay.workflows.board_on_record import BoardOnRecord, read_board
from relay.workflows.check_files import check_files
from relay.workflows.check_former_keys import check_former_keys
from relay.workflows.check_keys import check_keys
from relay.workflows.check_readiness import (
    Check,
    Verdict,
    check_clock,
    check_durability,
    check_masters,
    check_writes,
    refusal_of_store,
)
from relay.workflows.check_signatures import check_signatures
from relay.workflows.check_texting import check_texting
from relay.workflows.deployment import Deployment
from relay.workflows.examine_account import (
    check_access,
    check_token,
    examine_account,
    examine_numbers,
)
from relay.workflows.survey import survey_queues, survey_scheduler

_PARTLY = "cluster-require-full-coverage no"
_LOCAL_HOSTS = ("http://localhost", "http://127.0.0.1")


def examine(deployment: Deployment, *, fix: bool = False) -> Iterator[Check]:
    """One finding after another; raises nothing. The first that is called ``store`` and has failed
    means that the rest could not be looked at. ``fix`` mends what loses texts at the carrier
    (``examine_services``)."""
    yield _check_address(deployment)
    yield from _check_board_name(deployment)
    try:
        yield from _check_store(deployment)
        refusal = refusal_of_store(deployment)
        yield check_writes("writes", refusal)
        if refusal is None:  # a key that is seen for the first time is noted
            yield from check_keys(deployment)
        yield from check_former_keys(deployment)
        yield from check_signatures(deployment)
        yield from check_files(deployment)
        yield _check_ticker(deployment)
        boards = [deployment.main.board, *deployment.registry.all()]
    except Unavailable:
        yield _store_is_away()
        return
    yield from _check_queues(deployment)
    for board, check in _check_boards(deployment, boards, fix=fix):
        # A deployment of one board does not say so.
        is_alone = len(boards) == 1
        yield check if is_alone else replace(check, name=f"{board}: {check.name}")


def _store_is_away() -> Check:
    return Check("store", Verdict.FAILED, "does not answer: see REDIS_URL, and whether it runs")


def _check_boards(
    deployment: Deployment, boards: Sequence[Board], *, fix: bool
) -> Iterator[tuple[str, Check]]:
    """Each finding with the name of the board that it is of, or that asked."""
    read: dict[str, list[BoardOnRecord]] = {}
    for board in boards:
        match _read_board(deployment, board):
            case Check() as trouble:
                yield board.name, trouble
            case found:
                read.setdefault(found.services.account.sid, []).append(found)
                yield from _of(board.name, _check_record(found))
    for sharing in read.values():
        yield from _check_account(deployment, sharing, fix=fix)


def _check_account(
    deployment: Deployment, sharing: Sequence[BoardOnRecord], *, fix: bool
) -> Iterator[tuple[str, Check]]:
    """Once for all the boards that use it, each with credentials that open it."""
    accesses: dict[tuple[str, str], Check] = {}
    for found in sharing:
        credentials = found.services.account.credentials
        if credentials not in accesses:
            accesses[credentials] = check_access(found.services)
            yield found.services.board.name, accesses[credentials]
    let_in = [
        found
        for found in sharing
        if accesses[found.services.account.credentials].verdict is not Verdict.FAILED
    ]
    if not let_in:
        return
    yield from _check_tokens(deployment, let_in)
    asking = let_in[0].services
    yield from _of(asking.board.name, examine_account(asking, sharing))
    for found in let_in:
        yield from _of(found.services.board.name, examine_numbers(found, fix=fix))


def _check_tokens(
    deployment: Deployment, sharing: Sequence[BoardOnRecord]
) -> Iterator[tuple[str, Check]]:
    """Those that have opened nothing yet, as an API key has."""
    asked = set()
    for found in sharing:
        account = found.services.account
        if account.key and account.tokens and account.tokens not in asked:
            asked.add(account.tokens)
            by_token = (
                deployment.carrier_of(replace(account, tokens=(token,), key=None))
                for token in account.tokens
            )
            yield from _of(found.services.board.name, check_token(found.services, by_token))


def _of(board: str, checks: Iterable[Check]) -> Iterator[tuple[str, Check]]:
    return ((board, check) for check in checks)


def _read_board(deployment: Deployment, board: Board) -> BoardOnRecord | Check:
    try:
        deployment.account_of(board)
    except Unreadable:
        detail = (
            "its auth token or API key cannot be read with RELAY_SEALING_KEYS: boards put it again"
        )
        return Check("account", Verdict.FAILED, detail)
    try:
        return read_board(deployment.of_board(board.name))
    except Unavailable:
        return _store_is_away()


def _check_record(found: BoardOnRecord) -> list[Check]:
    try:
        texting = list(check_texting(found, now=time.time()))
    except Unavailable:
        return [_store_is_away()]
    return [*map(_check_dialling, found.pools), *texting]


def _check_address(deployment: Deployment) -> Check:
    address = deployment.settings.public_base_url
    if address.startswith("https://") or address.startswith(_LOCAL_HOSTS):
        return Check("address", Verdict.OK, address)
    return Check("address", Verdict.WARNING, "PUBLIC_BASE_URL should begin with https://")


def _check_board_name(deployment: Deployment) -> Iterator[Check]:
    said = deployment.settings.board_name
    if said == Settings.model_fields["board_name"].default:
        detail = f"BOARD_NAME is not set: people hear and read that a call is from {said}"
        yield Check("board", Verdict.WARNING, detail)


def _check_store(deployment: Deployment) -> Iterator[Check]:
    client = deployment.client
    if absent := absent_masters(client):
        yield check_masters(absent)
        return
    yield from _check_cluster(client)
    difference = largest_clock_difference(client)
    yield _check_version(server_version(client))
    yield check_clock(difference)
    yield check_durability(durability(client), is_required=deployment.settings.require_durable)
    if deployment.settings.store_replicas:
        yield _check_replicas(deployment.settings.store_replicas, connected_replicas(client))


def _check_cluster(client: Client) -> Iterator[Check]:
    if not is_cluster(client):
        if is_clustered(client):
            detail = "is a node of a cluster: add ?cluster=true to REDIS_URL"
            yield Check("store", Verdict.FAILED, detail)
        return
    match serves_partly(client):
        case True:
            yield Check("cluster", Verdict.OK, "a lost master takes only its own slots with it")
        case False:
            yield Check("cluster", Verdict.FAILED, f"set {_PARTLY}, or one lost master stops all")
        case _:
            detail = f"cannot be seen: ask who runs the store for {_PARTLY}"
            yield Check("cluster", Verdict.WARNING, detail)


def _check_version(version: tuple[int, int] | None) -> Check:
    if version is None:
        return Check("store", Verdict.OK, "answers; its version cannot be seen")
    said = f"answers, version {version[0]}.{version[1]}"
    if version >= LEAST_VERSION:
        return Check("store", Verdict.OK, said)
    least = f"{LEAST_VERSION[0]}.{LEAST_VERSION[1]}"
    return Check("version", Verdict.FAILED, f"{said}: Relay needs Redis {least} or newer")


def _check_replicas(needed: int, connected: int | None) -> Check:
    if connected is None:
        detail = f"cannot be seen: ask who runs the store for {needed} (STORE_REPLICAS)"
        return Check("replicas", Verdict.WARNING, detail)
    if connected >= needed:
        return Check("replicas", Verdict.OK, f"{connected} connected, {needed} needed")
    return Check(
        "replicas",
        Verdict.FAILED,
        f"{connected} connected, STORE_REPLICAS={needed}: nothing is acknowledged, calls are"
        " refused and texts wait: connect more, or lower it",
    )


def _check_ticker(deployment: Deployment) -> Check:
    if survey_scheduler(deployment, now=time.time()).is_at_work:
        return Check("scheduler", Verdict.OK, "at work")
    return Check(
        "scheduler",
        Verdict.FAILED,
        "none is at work, so texts that were put off stay unsent, and no number is used again:"
        " start the Procfile's scheduler, python -m workers.ticker",
    )


def _check_queues(deployment: Deployment) -> Iterator[Check]:
    try:
        if is_clustered(deployment.queues):
            detail = "RQ cannot use a cluster: set QUEUE_REDIS_URL to one Redis of its own"
            yield Check("queue-cluster", Verdict.FAILED, detail)
            return
        queues = survey_queues(deployment, now=time.time())
        refusal = refusal_of_writes(deployment.queues)
    except Unavailable:
        detail = "do not answer, so texts go out late or not at all: see QUEUE_REDIS_URL"
        yield Check("queues", Verdict.FAILED, detail)
        return
    yield Check("queues", Verdict.OK, "answer")
    yield check_writes("queue-writes", refusal)
    unserved = [queue.name for queue in queues if not queue.workers]
    if unserved:
        yield Check(
            "workers",
            Verdict.FAILED,
            f"nobody serves {', '.join(unserved)}:"
            " start the Procfile's worker, python -m workers.supervisor",
        )
    else:
        yield Check("workers", Verdict.OK, "at work on every queue")


def _check_dialling(pool: Pool) -> Check:
    name = f"pool {pool.name}"
    return Check(name, Verdict.OK, f"dials {', '.join(pool.allowed_countries)} only")
