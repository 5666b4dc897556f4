from __future__ import annotations

from relay.workflows.sweep_outbox import sweep_outbox
from tests.workflows.texting import TO_CARL, Stage
from tests.world import NOW


def test_nothing_is_swept_while_the_queue_is_backed_up_and_all_of_it_at_once_after_that() -> None:
    """P4: jobs do not pile up while no worker runs, and no text has to wait longer for it."""
    stage = Stage()
    message = stage.text().message
    stage.jobs.take()
    stage.jobs.backed_up = True
    for later in range(5, 600, 10):
        assert sweep_outbox(stage.services, now=NOW + later) == 0
    assert stage.jobs.noted == []
    stage.jobs.backed_up = False
    stage.now = NOW + 600
    assert sweep_outbox(stage.services, now=stage.now) == 1
    assert stage.jobs.noted == [message]
    stage.work()
    assert stage.arrived == [TO_CARL]
