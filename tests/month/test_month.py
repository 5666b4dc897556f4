"""A smaller board's month; `make month` has the full one."""

from __future__ import annotations

import pytest
from rich.console import Console

from tests.month.days import live_through
from tests.month.plan import SHORT
from tests.month.summary import show


@pytest.mark.slow
@pytest.mark.real_redis
@pytest.mark.timeout(400)
def test_a_month_breaks_no_promise(tmp_path):
    """P1, P2, P6; a pool that runs itself inside its budget."""
    month = live_through(SHORT, tmp_path)
    show(Console(), month)  # with what pytest keeps of a failed test
    assert len(month.diary.days) == SHORT.days
