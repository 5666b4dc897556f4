"""The jobs: each calls one workflow. Arguments are ids; everything else is read from the store."""

from __future__ import annotations

import time
from functools import cache

from config.settings import load_settings
from relay.bootstrap import build_services
from relay.store.clock import ClockGuard
from relay.workflows.reconcile_inbound import reconcile_inbound as reconcile_texts
from relay.workflows.recycle import recycle as recycle_sessions
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
