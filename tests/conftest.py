"""Which part of `make test` a test belongs to, and what begins first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.privacy import WATCH, watch_logs

#: Whose tests take every branch of relay/domain and relay/workflows, with a few that are marked.
#: The Makefile names them, too.
ROOMS_OF_THE_CORE = {"domain", "web", "workflows"}
#: Tests so marked wait or take long: those of the one mark begin before those of the next.
_LONG = ("kill", "e2e", "slow", "real_redis")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker(pytest.mark.e2e)
        if ROOMS_OF_THE_CORE & set(item.path.parts):
            item.add_marker(pytest.mark.traced)
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    marks = [item.get_closest_marker(name) is not None for name in _LONG]
    return marks.index(True) if True in marks else len(_LONG)


@pytest.fixture(autouse=True)
def _nobody_is_named(request: pytest.FixtureRequest) -> Iterator[None]:
    """P2: neither logs nor commands to Redis hold a person's number or words (privacy.py).
    And what is logged is well put (wording.py)."""
    watch_logs()
    WATCH.take()
    WATCH.take_ill_put()
    yield
    leaks, ill_put = WATCH.take(), WATCH.take_ill_put()
    assert not leaks or request.node.get_closest_marker("plants_numbers"), leaks
    assert not ill_put
