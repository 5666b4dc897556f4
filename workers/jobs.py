"""The jobs: each calls one workflow. Arguments are ids; everything else is read from the store."""

from __future__ import annotations

import time
from functools import cache

from config.settings import load_settings
from relay.bootstrap import build_services
from relay.store.clock import ClockGuard
from relay.workflows.buy_numbers import buy_numbers as work_on_purchase
from relay.workflows.forecast_pool import sample_pools as sample_all_pools
from relay.workflows.keep_headroom import keep_headroom as keep_pools_headroom
from relay.workflows.reconcile_inbound import reconcile_inbound as reconcile_texts
from relay.workflows.reconcile_numbers import reconcile_numbers as compare_numbers
from relay.workflows.recycle import recycle as recycle_sessions
from relay.workflows.release_numbers import release_numbers as release_pools_numbers
from relay.workflows.rest_numbers import rest_numbers as rest_tired_numbers
from relay.workflows.resume_purchases import resume_purchases as resume_begun_purchases
from relay.workflows.send_texts import send_texts as send_waiting_texts
from relay.workflows.services import Services


@cache
def services() -> Services:
    """Of this process; a worker builds them before it forks, and its children share the work."""
    return build_services(load_settings())


@cache
def _clock() -> ClockGuard:
    return ClockGuard(services().store.client)


def _now() -> float:
    """The moment. Raises Unavailable when this machine's clock is wrong: it would close sessions
    that are open and give numbers away that still cool (P3, P5)."""
    _clock().check()
    return time.time()


def send_texts(message_id: str) -> None:
    send_waiting_texts(services(), message_id, clock=_now)


def recycle() -> None:
    recycle_sessions(services(), now=_now())


def reconcile_inbound() -> None:
    reconcile_texts(services(), now=_now())


def buy_numbers(job_id: str) -> None:
    work_on_purchase(services(), job_id, clock=_now)


def resume_purchases() -> None:
    resume_begun_purchases(services(), now=_now())


def keep_headroom() -> None:
    keep_pools_headroom(services(), clock=_now)


def release_numbers() -> None:
    release_pools_numbers(services(), clock=_now)


def reconcile_numbers() -> None:
    compare_numbers(services(), clock=_now)


def rest_numbers() -> None:
    rest_tired_numbers(services(), now=_now())


def sample_pools() -> None:
    sample_all_pools(services(), now=_now())
