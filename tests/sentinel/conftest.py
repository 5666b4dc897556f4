from __future__ import annotations

import pytest

from tests.sentinel.servers import sentinel_binary


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/sentinel" in str(item.path) and sentinel_binary() is None:
            item.add_marker(pytest.mark.skip(reason="there is no redis-sentinel: make sentinel"))
