"""``/healthz`` for platforms, ``/readyz`` for people and deploys."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from relay.web.auth import public
from relay.web.current import deployment
from relay.web.schemas.health import Alive, CheckAnswer, Ready
from relay.workflows.check_readiness import check_readiness

health = APIBlueprint("health", __name__)

_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready; `checks` says why"}}


@health.get("/healthz")
@public
@health.output(Alive)
@health.doc(operation_id="check_health")
def healthz() -> Alive:
    """Is the process up?

    The one that platforms check: it asks nothing of the store, so that callers still hear a
    sentence when that is away.
    """
    return Alive(status="ok")


@health.get("/readyz")
@public
@health.output(Ready)
@health.doc(operation_id="check_readiness", responses=_NOT_READY)
def readyz() -> tuple[Ready, int]:
    """Can the service do its work?

    Not for routers: they would take every process away when the store is.
    """
    found = check_readiness(deployment())
    answer = Ready(
        status="ready" if found.is_ready else "not_ready",
        checks=[
            CheckAnswer(name=check.name, status=check.verdict, detail=check.detail)
            for check in found.checks
        ],
    )
    return answer, 200 if found.is_ready else 503
