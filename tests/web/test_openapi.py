"""The OpenAPI document and the page to read it."""

import re

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

from relay.domain.api_key import Scope
from relay.web.auth import access_of
from tests.web.api import PAIR

HTTP = {"get", "put", "post", "patch", "delete"}


def document(api):
    answer = api.http.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_the_document_is_valid_openapi_3_1(api):
    spec = document(api)

    assert spec["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(spec).validate()


def test_every_operation_behind_a_key_is_in_it_with_its_scope(api):
    spec = document(api)
    app = api.http.application
    for rule in app.url_map.iter_rules():
        scope = access_of(app, rule.endpoint)
        if isinstance(scope, Scope):
            path = rule.rule.replace("<", "{").replace(">", "}")
            for method in {m.lower() for m in rule.methods} & HTTP:
                operation = spec["paths"][path][method]
                assert operation["security"] == [{"ApiKey": []}]
                assert f"`{scope}`" in operation["description"]
                assert operation["summary"]
                assert {"401", "403", "429", "503"} <= set(operation["responses"])


def test_nothing_of_the_carriers_is_in_it(api):
    assert not [path for path in document(api)["paths"] if path.startswith("/twilio")]


def test_every_reference_leads_somewhere_and_every_form_is_used(api):
    text = api.http.get("/openapi.json").text
    forms = set(document(api)["components"]["schemas"])

    assert set(re.findall(r"#/components/schemas/([\w.]+)", text)) == forms


def test_posts_take_an_idempotency_key(api):
    for operations in document(api)["paths"].values():
        if "post" in operations:
            names = {parameter["name"] for parameter in operations["post"]["parameters"]}
            assert "Idempotency-Key" in names


def test_the_example_of_the_contract_fits_the_document(api):
    spec = document(api)
    form = {"$ref": "#/components/schemas/SessionBody", "components": spec["components"]}
    example = {
        "recruiter": "r-1001",
        "candidate": "c-77",
        "pool": "us",
        "ttl": 604800,
        "channels": ["voice", "sms"],
        "context": "Backend engineer, Acme",
    }

    for body in (example, PAIR):
        jsonschema.validate(body, form)


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(api):
    answer = api.http.get("/docs")

    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    for path in document(api)["paths"]:
        assert f"<code>{path}</code>" in answer.text
    assert not re.search(r"<script|src=|@import|https?://", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert api.http.get("/docs").text == answer.text
