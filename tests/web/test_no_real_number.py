"""P2: no answer to any key ever holds a real number."""

import re

from relay.web.auth import access_of
from tests.web.api import CANDIDATE, PAIR, RECRUITER
from tests.world import CARL, DAN, NORA, OTHER_NUMBER, RITA

REAL = [number[1:] for number in (RITA, CARL, NORA, DAN)]
#: How it would read in a form of its own country, and in a URL.
SPELLINGS = [
    *REAL,
    *(number[1:] for number in REAL),
    *(f"({n[1:4]}) {n[4:7]}-{n[7:]}" for n in REAL),
    *(f"{n[1:4]}-{n[4:7]}-{n[7:]}" for n in REAL),
]


def all_answers(api):
    """Requests that ask for everything, in every way that goes right and most that go wrong."""
    yield api.post("/v1/sessions", PAIR | {"context": "Backend engineer"})
    session = yield from id_of(api.post("/v1/sessions", PAIR))
    path = f"/v1/sessions/{session}"
    yield api.post("/v1/sessions", PAIR | {"recruiter": {"ref": "r-2", "phone": NORA}})
    yield api.post("/v1/sessions", PAIR | {"context": f"call {CARL}"})
    yield api.post("/v1/sessions", PAIR | {"recruiter": RECRUITER | {"name": RITA}})
    yield api.post("/v1/sessions", PAIR | {"candidate": CANDIDATE | {"phone": RITA}})
    yield api.post("/v1/sessions", {"recruiter": RITA, "candidate": CARL})
    yield api.patch(path, {"ttl": 600, "context": f"{DAN}"})
    yield api.patch(path, {"ttl": 600})
    for query in ("", "?recruiter=r-1001", f"?virtual_number={CARL}", f"?recruiter={CARL}"):
        yield api.get(f"/v1/sessions{query}")
    yield api.get(path)
    yield api.get(f"{path}/interactions")
    for query in ("", f"?number=%2B{CARL[1:]}", f"?recruiter={CARL}", "?candidate=c-77"):
        yield api.get(f"/v1/interactions{query}")
        yield api.get(f"/v1/interactions{query}", headers={"Accept": "text/csv"})
    for kind, ref in (("recruiters", "r-1001"), ("candidates", "c-77")):
        yield api.get(f"/v1/{kind}")
        yield api.get(f"/v1/{kind}/{ref}")
        yield api.get(f"/v1/{kind}/{CARL}")
        yield api.get(f"/v1/{kind}/{CARL}/erasure")
        yield api.get(f"/v1/{kind}/{ref}/suppressions")
        yield api.get(f"/v1/{kind}/{CARL}/suppressions")
        yield api.delete(f"/v1/{kind}/{ref}/suppressions/{CARL}")
        yield api.put(f"/v1/{kind}/{CARL}", {"phone": CARL})
        yield api.put(f"/v1/{kind}/{ref}", {"phone": DAN, "name": "x"})
        yield api.put(f"/v1/{kind}/{ref}", {"phone": DAN})
        yield api.put(f"/v1/{kind}/another", {"phone": DAN})
    yield api.post("/v1/numbers", {"phone_number": CARL, "pool": "us"})
    yield api.post("/v1/numbers", {"phone_number": OTHER_NUMBER, "pool": CARL})
    yield api.get(f"/v1/numbers/{CARL}")
    yield api.get("/v1/numbers")
    yield api.get(f"/v1/jobs/{CARL}")
    yield api.get("/v1/pools")
    yield api.get(f"/v1/pools/{CARL}")
    yield api.get("/v1/boards")
    yield api.get(f"/v1/boards/{CARL}")
    yield api.delete(path)
    yield api.delete("/v1/candidates/c-77")
    yield api.get("/v1/status")
    for everybody in (
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/docs/start.js",
        "/openapi.json",
        f"/{CARL}",
    ):
        yield api.get(everybody)


def id_of(answer):
    yield answer
    return answer.json["id"]


def test_no_answer_holds_a_real_number(api):
    asked = set()
    for answer in all_answers(api):
        said = answer.get_data(as_text=True) + str(answer.headers)
        for spelling in SPELLINGS:
            assert spelling not in said
        asked.add(answer.request.path)

    app = api.http.application
    rules = {rule.rule for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint)}
    ours = {re.sub(r"<[^>]+>", "[^/]+", rule) for rule in rules if not rule.startswith("/twilio")}
    assert {rule for rule in ours if not any(re.fullmatch(rule, path) for path in asked)} == set()


def test_no_real_number_stands_in_redis_afterwards(api):
    list(all_answers(api))

    kept = "".join(
        key + str(api.redis.hgetall(key) if api.redis.type(key) == "hash" else api.redis.dump(key))
        for key in api.redis.keys("*")
    )

    for number in REAL:
        assert number[1:] not in kept
