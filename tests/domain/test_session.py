"""What the reason for which a session was closed takes back."""

import pytest

from relay.domain.session import ClosedReason

TAKING_BACK = {
    ClosedReason.BLOCKED,
    ClosedReason.SUSPENDED,
    ClosedReason.TAKEN_OVER,
    ClosedReason.ERASED,
}


@pytest.mark.parametrize("reason", list(ClosedReason))
def test_a_reason_that_takes_calls_back_takes_texts_back_too(reason: ClosedReason) -> None:
    assert reason.takes_back_texts is reason.revokes_calls is (reason in TAKING_BACK)


def test_only_an_erasure_takes_notices_back() -> None:
    assert [reason for reason in ClosedReason if reason.takes_back_notices] == [ClosedReason.ERASED]
