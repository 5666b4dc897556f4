import pytest

from tests.web.api import Api, make_api


@pytest.fixture
def api() -> Api:
    return make_api()
