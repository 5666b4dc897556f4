"""``/v1/jobs``: what has become of work that takes longer than a request."""

from __future__ import annotations

from apiflask import APIBlueprint

from relay.domain.api_key import Scope
from relay.domain.errors import NotFound
from relay.web.auth import needs
from relay.web.current import services
from relay.web.ids import check_form
from relay.web.presenting import present_job
from relay.web.schemas.jobs import JobAnswer

jobs = APIBlueprint("jobs", __name__, url_prefix="/v1/jobs")


@jobs.get("/<job_id>")
@needs(Scope.NUMBERS)
@jobs.output(JobAnswer)
@jobs.doc(operation_id="get_job")
def get(job_id: str) -> JobAnswer:
    """Read a job: how far it is, and why it bought fewer numbers than wanted

    It is kept for 30 days after its end.
    """
    job = services().store.purchases.get(check_form(job_id))
    if job is None:
        raise NotFound("No job has this id.")
    return present_job(job)
