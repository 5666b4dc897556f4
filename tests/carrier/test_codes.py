"""What Twilio's codes mean for us."""

from __future__ import annotations

import pytest

from relay.carrier.codes import trouble_of
from relay.domain.trouble import Trouble


@pytest.mark.parametrize("code", [20003, 20429, 20500, 21611, 30001])
def test_what_passes_may_be_retried(code: int) -> None:
    assert trouble_of(code).passes


@pytest.mark.parametrize(
    "code", [21211, 21408, 21602, 21606, 21608, 21610, 21612, 21614, 21617, 30007, 30034]
)
def test_what_stays_is_final(code: int) -> None:
    assert not trouble_of(code).passes


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (20003, Trouble.ACCOUNT),
        (21422, Trouble.SOLD),
        (21610, Trouble.OPTED_OUT),
        (30003, Trouble.UNREACHABLE),
        (30007, Trouble.FILTERED),
        (30008, Trouble.UNREACHABLE),
        (31999, Trouble.NEVER),
    ],
)
def test_each_kind_has_its_own_answer(code: int, trouble: Trouble) -> None:
    assert trouble_of(code) is trouble
