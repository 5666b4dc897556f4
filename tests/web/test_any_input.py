"""The API against thousands of odd requests made up from its own OpenAPI document: never a 5xx,
and every answer has the form that the document promises."""

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.api import make_api

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def lived_in_api():
    """One in which the made-up requests find something."""
    api = make_api(API_REQUESTS_PER_MINUTE="1000000")
    api.open_session()
    return api


# Here and not in a fixture: each operation of the document is a test of its own.
API = lived_in_api()
schema = schemathesis.openapi.from_wsgi("/openapi.json", API.http.application)


@schema.parametrize()
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_breaks_the_api(case):
    case.call_and_validate(headers={"Authorization": f"Bearer {API.key}"}, checks=CHECKS)
