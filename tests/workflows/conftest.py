"""Texts on a stage, where the carrier does what a test tells it to."""

from __future__ import annotations

import pytest

from tests.workflows.texting import Stage


@pytest.fixture
def stage() -> Stage:
    """Rita and Carl have a session."""
    return Stage()


@pytest.fixture
def message(stage: Stage) -> str:
    """A text of Rita's that the carrier has taken."""
    message = stage.text().message
    stage.work()
    return message
