"""The OpenAPI document and the page to read it."""

import gzip
import re
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from relay.domain.allocation import ExhaustedReason
from relay.domain.api_key import Scope
from relay.domain.guesses import PHONES
from relay.web import docs
from relay.web.auth import access_of
from relay.web.problem_codes import PROBLEM_CODES
from tests.web.api import PAIR
from tests.world import DAN

NEXT_PAIR = PAIR | {"candidate": {"ref": "c-78", "phone": DAN}}
PAGE = Path(docs.__file__).parent / "docs_page"
HTTP = {"get", "put", "post", "patch", "delete"}
#: What the method of a generated client begins with, by the method of HTTP.
VERBS = {
    "get": {"get", "list", "check"},
    "put": {"put"},
    "post": {"create", "add"},
    "patch": {"update"},
    "delete": {"delete", "close", "erase", "lift", "release"},
}


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


def test_every_operation_has_a_name_of_its_own_that_reads_as_a_method(api):
    """``@….doc(operation_id="create_session")``: a verb of the table above, and what it is done to.
    Clients are generated under these names: they never change."""
    found = [
        (method, operation.get("operationId", f"{method} {path} has no operation_id"))
        for path, operations in document(api)["paths"].items()
        for method, operation in operations.items()
    ]
    unlike = [
        name
        for method, name in found
        if not re.fullmatch(rf"({'|'.join(VERBS[method])})(_[a-z]+)+", name)
    ]
    names = [name for _, name in found]

    assert not unlike
    assert len(names) == len({*names})


def test_nothing_of_the_carriers_is_in_it(api):
    assert not [path for path in document(api)["paths"] if path.startswith("/twilio")]


def test_every_reference_leads_somewhere_and_every_form_is_used(api):
    text = api.http.get("/openapi.json").text
    forms = set(document(api)["components"]["schemas"])

    assert set(re.findall(r"#/components/schemas/([\w.]+)", text)) == forms


def test_a_problem_declares_every_member_that_is_sent(api):
    spec = document(api)
    form = spec["components"]["schemas"]["Problem"] | {"additionalProperties": False}
    api.open_session()
    api.put("/v1/pools/empty", {"country": "US", "max_numbers": 1})
    order = {"pool": "empty", "buy": {"country": "US"}, "count": 2}
    problems = {
        "exhausted": api.post("/v1/sessions", NEXT_PAIR | {"pool": "empty"}),
        "elsewhere": api.post("/v1/sessions", PAIR | {"pool": "empty"}),
        "order": api.post("/v1/numbers", order),
        "faults": api.post("/v1/sessions", {}),
    }

    for answer in problems.values():
        jsonschema.validate(answer.json, form | {"components": spec["components"]})
    assert problems["exhausted"].json["reason"] == "no_numbers"
    assert problems["order"].json["reason"] == "max_numbers"
    assert len(problems["elsewhere"].json["sessions"]) == 1
    assert set(spec["components"]["schemas"]["ExhaustedReason"]["enum"]) == {*ExhaustedReason}


@pytest.mark.parametrize("path", ["/v1/recruiters/{ref}", "/v1/candidates/{ref}"])
def test_putting_somebody_on_record_names_the_budget_of_phones(api, path):
    said = " ".join(document(api)["paths"][path]["put"]["description"].split())

    assert f"{PHONES.of} times a day" in said
    assert f"{PHONES.by}" in said
    assert f"each {PHONES.registered_a_guess} phones" in said


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


def test_the_page_loads_nothing_from_elsewhere(api):
    answer = api.http.get("/docs")

    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert re.findall(r'src="([^"]+)"', answer.text) == [
        "/docs/scalar-1.76.0.js",
        "/docs/start.js",
    ]
    assert not re.search(r"@import|https?://|<style|style=|\bon\w+=", answer.text)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert re.findall(r"[\w-]+ 'unsafe-inline'", policy) == ["style-src 'unsafe-inline'"]


def test_the_pages_scripts_are_our_own_copies(api):
    readme = (PAGE / "README.md").read_text()
    [version] = re.findall(r"^\| version \| ([\d.]+) \|$", readme, re.MULTILINE)
    [digest] = re.findall(r"^\| sha256 of the file \| `(\w+)` \|$", readme, re.MULTILINE)
    packed = api.http.get(f"/docs/scalar-{version}.js")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "immutable" in packed.headers["Cache-Control"]
    assert sha256(gzip.decompress(packed.data)).hexdigest() == digest
    ours = api.http.get("/docs/start.js")
    assert ours.data == (PAGE / "start.js").read_bytes()
    assert {ours.mimetype, packed.mimetype} == {"text/javascript"}
    assert api.http.get("/docs/README.md").status_code == 404


def test_the_document_begins_with_the_key_and_all_codes(api):
    beginning = document(api)["info"]["description"]

    assert "Authorization: Bearer" in beginning
    assert "curl" in beginning
    assert all(f"\n- `{code}` (" in beginning for _, code, _ in PROBLEM_CODES)


def test_nothing_in_the_document_points_to_a_file_that_its_reader_has_not(api):
    text = api.http.get("/openapi.json").text

    assert not re.findall(r"[\w/-]+\.md\b|\bdocs/\w+", text)
    assert not re.findall(r"\]\((?!https://|#)[^)]*\)", text)


def test_a_default_is_said_in_words(api):
    """``default`` makes generated clients ask for the field, or send it unasked."""
    text = api.http.get("/openapi.json").text
    forms = document(api)["components"]["schemas"]

    assert not re.findall(r'"default":', text)
    assert forms["PoolBody"]["properties"]["default_ttl"]["description"].endswith(
        "seconds. Default: `604800`."
    )
    [limit] = [
        parameter
        for parameter in document(api)["paths"]["/v1/pools"]["get"]["parameters"]
        if parameter["name"] == "limit"
    ]
    assert limit["schema"]["description"] == "How many at most. Default: `50`."


def test_every_body_has_an_example_that_fits_it(api):
    spec = document(api)
    for operations in spec["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                form = operation["requestBody"]["content"]["application/json"]["schema"]
                schema = spec["components"]["schemas"][form["$ref"].rpartition("/")[2]]
                jsonschema.validate(
                    schema["examples"][0], form | {"components": spec["components"]}
                )
