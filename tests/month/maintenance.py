"""The periodic work of ``config/schedule.py`` at its simulated times, none more often than once a
step of the month."""

from __future__ import annotations

from collections.abc import Callable

from config.schedule import PERIODIC_JOBS
from relay.domain.errors import Unavailable
from relay.workflows.ask_outcomes import ask_outcomes
from relay.workflows.delete_old_records import delete_old_records
from relay.workflows.deployment import Deployment
from relay.workflows.erase_at_carrier import erase_at_carrier
from relay.workflows.forecast_pool import sample_pools
from relay.workflows.keep_headroom import keep_headroom
from relay.workflows.reconcile_inbound import reconcile_inbound
from relay.workflows.reconcile_numbers import reconcile_numbers
from relay.workflows.recycle import recycle
from relay.workflows.release_numbers import release_numbers
from relay.workflows.renew_signatures import renew_signatures
from relay.workflows.rest_numbers import rest_numbers
from relay.workflows.resume_purchases import resume_purchases
from relay.workflows.rewrite_files import rewrite_files
from relay.workflows.services import Services
from relay.workflows.sweep_outbox import sweep_outbox
from tests.month.border import Killed
from tests.month.service import Service

Clock = Callable[[], float]
#: By name in the schedule, so that a new job is missed here.
_JOBS: dict[str, Callable[[Services, Clock], object]] = {
    "rest-numbers": lambda services, clock: rest_numbers(services, now=clock()),
    "sample-pools": lambda services, clock: sample_pools(services, now=clock()),
    "recycle": lambda services, clock: recycle(services, now=clock()),
    "ask-outcomes": lambda services, clock: ask_outcomes(services, clock=clock),
    "reconcile-inbound": lambda services, clock: reconcile_inbound([services], clock=clock),
    "resume-purchases": lambda services, clock: resume_purchases(services, now=clock()),
    "keep-headroom": lambda services, clock: keep_headroom(services, clock=clock),
    "release-numbers": lambda services, clock: release_numbers(services, clock=clock),
    "erase-at-carrier": lambda services, clock: erase_at_carrier(services, clock=clock),
    "delete-old-records": lambda services, clock: delete_old_records(services, clock=clock),
    "reconcile-numbers": lambda services, clock: reconcile_numbers([services], clock=clock),
}
_JOBS_OF_ALL: dict[str, Callable[[Deployment, Clock], object]] = {
    "renew-signatures": lambda deployment, _: renew_signatures(deployment),
    "rewrite-files": lambda deployment, clock: rewrite_files(deployment, now=clock()),
}


class Maintenance:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._due = {job.name: service.calendar.now for job in PERIODIC_JOBS}

    def run(self) -> None:
        """Everything that is due now, and what it asks the workers to do. What is killed, or finds
        Redis away for a moment, comes again, as it does with ``workers/jobs.py``."""
        now = self._service.calendar.now
        for job in PERIODIC_JOBS:
            if now >= self._due[job.name]:
                self._due[job.name] = now + job.every
                try:
                    self._run(job.name)
                except (Killed, Unavailable):
                    continue
        sweep_outbox(self._service.services, now=now)
        self._service.settle()

    def _run(self, job: str) -> None:
        if job in _JOBS_OF_ALL:
            _JOBS_OF_ALL[job](self._service.deployment, self._service.calendar)
        else:
            _JOBS[job](self._service.services, self._service.calendar)
