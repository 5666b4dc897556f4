"""The jobs: each calls one workflow. Arguments are ids; everything else is read from the store."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import ParamSpec

import structlog

from config.queues import TEXTS
from config.settings import load_settings
from relay.bootstrap import build_deployment
from relay.domain.participant import Role
from relay.queues import connect_queues, open_queue
from relay.store.alarms import Alarm
from relay.store.clock import ClockGuard
from relay.workflows.ask_outcomes import ask_outcomes as ask_for_outcomes
from relay.workflows.buy_numbers import buy_numbers as work_on_purchase
from relay.workflows.delete_old_records import delete_old_records as delete_old_carrier_records
from relay.workflows.deployment import Deployment
from relay.workflows.end_ringing_calls import end_ringing_calls as end_calls_that_ring
from relay.workflows.erase_at_carrier import erase_at_carrier as erase_at_the_carrier
from relay.workflows.forecast_pool import sample_pools as sample_all_pools
from relay.workflows.keep_headroom import keep_headroom as keep_pools_headroom
from relay.workflows.pass_over_failures import for_each_board, pass_over_failures
from relay.workflows.reconcile_inbound import reconcile_inbound as reconcile_texts
from relay.workflows.reconcile_numbers import reconcile_numbers as compare_and_mend
from relay.workflows.recycle import recycle as recycle_sessions
from relay.workflows.release_numbers import release_numbers as release_pools_numbers
from relay.workflows.renew_board_seals import renew_board_seals
from relay.workflows.renew_signatures import renew_signatures as renew_all_signatures
from relay.workflows.rest_numbers import rest_numbers as rest_tired_numbers
from relay.workflows.resume_purchases import resume_purchases as resume_begun_purchases
from relay.workflows.rewrite_files import rewrite_files as rewrite_all_files
from relay.workflows.send_text import send_text
from relay.workflows.services import Services
from workers.drain import Drain
from workers.hints import HintQueue
from workers.known_job import job
from workers.lane_plan import Hint

log = structlog.get_logger()

#: Set when this process is to begin nothing new.
turn_ends = threading.Event()

Arguments = ParamSpec("Arguments")


@cache
def deployment() -> Deployment:
    """Of this process; a worker builds it before it forks, and its children share the work."""
    return build_deployment(load_settings())


@cache
def _clock() -> ClockGuard:
    return ClockGuard(deployment().client)


def _now() -> float:
    """The moment. Raises Unavailable when this machine's clock is wrong: it would close sessions
    that are open and give numbers away that still cool (P3, P5)."""
    _clock().check()
    return time.time()


def refuse_job(job_id: str, why: str) -> None:
    """Says that a job is none of ours: it may be anybody's who can write to Redis (P9)."""
    log.error("job refused", job=job_id, why=why)
    deployment().main.store.alarms.count(Alarm.JOB)


def _each_board(work: Callable[[Services], object]) -> None:
    """Does the work for one board after the other, in any order: where a job ends before the last
    board's turn, the next one begins with another. Raises Unavailable when the store is away."""
    _clock().check()
    boards = deployment().boards()
    random.shuffle(boards)
    for_each_board(boards, work)


def _each_account(work: Callable[[Sequence[Services]], object]) -> None:
    """The same, for all boards together that use one carrier account."""
    _clock().check()
    accounts = deployment().accounts()
    random.shuffle(accounts)
    for boards in accounts:
        names = ",".join(services.board.name for services in boards)
        with pass_over_failures(boards[0].store, boards=names, account=boards[0].account.sid):
            work(boards)


def _measured(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The job, and at its end, which may be its process's, what its requests took is written."""

    @wraps(function)
    def measured(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            function(*args, **kwargs)
        finally:
            deployment().carrier_times.flush()

    return measured


def _periodic(function: Callable[[], None]) -> Callable[[], None]:
    """A measured job that notes when it has ended well, under the schedule's name for it."""
    name = function.__name__.replace("_", "-")

    @_measured
    @wraps(function)
    def noted() -> None:
        function()
        deployment().successes.note(name, now=time.time())

    return noted


def _send(services: Services, message_id: str) -> str:
    return send_text(services, message_id, clock=_now)


def _end_calls(services: Services, person: str) -> str:
    role, _, ref = person.partition(".")
    end_calls_that_ring(services, frozenset({(Role(role), ref)}))
    return ""


#: What may be asked for in the queue of texts.
_WORKS = {"send_texts": _send, "end_calls": _end_calls}


def _turn(first: Hint) -> None:
    """Works on this hint and on what comes into its queue meanwhile."""
    parent = os.getppid()
    turn = Drain(
        deployment(),
        HintQueue(open_queue(TEXTS, connect_queues(load_settings())), _WORKS, refuse_job),
        _WORKS,
        is_over=lambda: turn_ends.is_set() or os.getppid() != parent,
    )
    turn.run(first)


@job
@_measured
def send_texts(board: str, message_id: str) -> None:
    _turn(Hint("send_texts", board, message_id))


@job
@_measured
def buy_numbers(board: str, job_id: str) -> None:
    work_on_purchase(deployment().of_board(board), job_id, clock=_now)


@job
@_measured
def end_calls(board: str, person: str) -> None:
    _turn(Hint("end_calls", board, person))


@job
@_periodic
def recycle() -> None:
    _each_board(lambda board: recycle_sessions(board, now=_now()))


@job
@_periodic
def resume_purchases() -> None:
    _each_board(lambda board: resume_begun_purchases(board, now=_now()))


@job
@_periodic
def keep_headroom() -> None:
    _each_board(lambda board: keep_pools_headroom(board, clock=_now))


@job
@_periodic
def release_numbers() -> None:
    _each_board(lambda board: release_pools_numbers(board, clock=_now))


@job
@_periodic
def rest_numbers() -> None:
    _each_board(lambda board: rest_tired_numbers(board, now=_now()))


@job
@_periodic
def sample_pools() -> None:
    _each_board(lambda board: sample_all_pools(board, now=_now()))


@job
@_periodic
def ask_outcomes() -> None:
    _each_board(lambda board: ask_for_outcomes(board, clock=_now))


@job
@_periodic
def reconcile_inbound() -> None:
    _each_account(lambda boards: reconcile_texts(boards, clock=_now))


@job
@_periodic
def erase_at_carrier() -> None:
    _each_board(lambda board: erase_at_the_carrier(board, clock=_now))


@job
@_periodic
def delete_old_records() -> None:
    _each_board(lambda board: delete_old_carrier_records(board, clock=_now))


@job
@_periodic
def reconcile_numbers() -> None:
    _each_account(lambda boards: compare_and_mend(boards, clock=_now))


@job
@_periodic
def renew_signatures() -> None:
    _clock().check()
    renew_all_signatures(deployment())
    renew_board_seals(deployment())


@job
@_periodic
def rewrite_files() -> None:
    _clock().check()
    rewrite_all_files(deployment(), now=time.time())
