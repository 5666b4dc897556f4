"""What a claim draws, and how a pool says no."""

import re

from relay.domain.allocation import ExhaustedReason, draw_session_id
from relay.domain.session import pool_of


def test_a_session_id_carries_its_pool():
    session_id = draw_session_id("us-west")

    assert pool_of(session_id) == "us-west"
    assert re.fullmatch(r"us-west\.[0-9a-hjkmnp-tv-z]{12}", session_id)


def test_every_reason_has_its_sentence():
    assert all(reason.sentence.endswith(".") for reason in ExhaustedReason)
