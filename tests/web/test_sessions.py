"""``/v1/sessions``, as ``docs/api.md`` has it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relay.domain.pool import Pool
from tests.web.api import CANDIDATE, PAIR, RECRUITER, make_api, pointers
from tests.world import CARL, DAN, NORA, NUMBER, OTHER_NUMBER, RITA

WEEK = 604_800
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def import_number(api, number=OTHER_NUMBER, pool="us"):
    assert api.post("/v1/numbers", {"phone_number": number, "pool": pool}).status_code == 201


# --- POST -------------------------------------------------------------------------------


def test_a_new_pair_gets_a_number(api):
    answer = api.post("/v1/sessions", PAIR | {"context": "Backend engineer, Acme"})

    assert answer.status_code == 201
    session = answer.json
    assert re.fullmatch(r"\d{6}", session.pop("access_code"))
    assert answer.headers["Location"] == f"/v1/sessions/{session['id']}"
    assert session.pop("id").startswith("us.")
    assert session == {
        "status": "open",
        "virtual_number": NUMBER,
        "code_needed": False,
        "dial": f"tel:{NUMBER}",
        "recruiter": "r-1001",
        "candidate": "c-77",
        "pool": "us",
        "channels": ["voice", "sms"],
        "context": "Backend engineer, Acme",
        "created_at": "2026-11-23T12:00:00Z",
        "expires_at": "2026-11-30T12:00:00Z",
        "closed_at": None,
        "closed_reason": None,
        "last_interaction_at": None,
        "sms_suspended": False,
        "warnings": [],
    }


def test_a_pair_with_an_open_session_gets_that_one_back(api, clock):
    first = api.open_session(context="first")
    clock.shift(60)

    answer = api.post(
        "/v1/sessions",
        {"recruiter": "r-1001", "candidate": "c-77", "channels": ["sms"], "context": "second"},
    )

    assert answer.status_code == 200
    assert answer.json == first | {"context": "second", "channels": ["sms"]}


def test_a_repeated_post_moves_the_expiry_later_and_never_earlier(api):
    api.open_session(ttl=1000)

    later = api.post("/v1/sessions", PAIR | {"ttl": 2000})
    earlier = api.post("/v1/sessions", PAIR | {"ttl": 500})

    assert later.json["expires_at"] == "2026-11-23T12:33:20Z"
    assert earlier.json["expires_at"] == later.json["expires_at"]


def test_a_patch_may_shorten_a_session(api):
    session = api.open_session(ttl=1000)

    answer = api.patch(f"/v1/sessions/{session['id']}", {"ttl": 500})

    assert answer.json["expires_at"] < session["expires_at"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"recruiter": "r 1"}, "/recruiter"),
        ({"recruiter": ""}, "/recruiter"),
        ({"recruiter": "x" * 65}, "/recruiter"),
        ({"recruiter": None}, "/recruiter"),
        ({"recruiter": "r-unknown"}, "/recruiter"),
        ({"candidate": "c-unknown"}, "/candidate"),
        ({"recruiter": RECRUITER | {"phone": "call me"}}, "/recruiter/phone"),
        ({"recruiter": RECRUITER | {"phone": "310 555 0127"}}, "/recruiter/phone"),
        ({"recruiter": RECRUITER | {"phone": "+1 911"}}, "/recruiter/phone"),
        ({"recruiter": RECRUITER | {"phone": "+19005550127"}}, "/recruiter/phone"),
        ({"recruiter": RECRUITER | {"phone": "+266696687"}}, "/recruiter/phone"),
        ({"recruiter": RECRUITER | {"phone": NUMBER}}, "/recruiter/phone"),
        ({"recruiter": RECRUITER | {"name": f"Rita {RITA}"}}, "/recruiter/name"),
        ({"recruiter": RECRUITER | {"nmae": "Rita"}}, "/recruiter/nmae"),
        ({"candidate": CANDIDATE | {"phone": RITA}}, "/candidate"),
        ({"candidate": CANDIDATE | {"locale": "English"}}, "/candidate/locale"),
        ({"candidate": CANDIDATE | {"time_zone": "Mars/Base"}}, "/candidate/time_zone"),
        ({"pool": "US"}, "/pool"),
        ({"pool": "nowhere"}, "/pool"),
        ({"ttl": 0}, "/ttl"),
        ({"ttl": 1.5}, "/ttl"),
        ({"ttl": "60"}, "/ttl"),
        ({"ttl": True}, "/ttl"),
        ({"ttl": 90 * 86_400 + 1}, "/ttl"),
        ({"ttl": 10**30}, "/ttl"),
        ({"channels": []}, "/channels"),
        ({"channels": ["voice", "voice"]}, "/channels"),
        ({"channels": ["fax"]}, "/channels/0"),
        ({"context": "x" * 201}, "/context"),
        ({"context": "two\nlines"}, "/context"),
        ({"context": "tab\tbed"}, "/context"),
        ({"context": "nul\0"}, "/context"),
        ({"context": f"or call {CARL}"}, "/context"),
        ({"context": "(310) 555-0127"}, "/context"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_what_is_not_valid_gets_422_with_its_place(api, changes, pointer):
    answer = api.post("/v1/sessions", PAIR | changes)

    assert answer.status_code == 422, answer.text
    assert answer.json["code"] == "invalid"
    assert pointer in pointers(answer)


def test_a_pool_is_needed_where_none_is_of_the_candidates_country(api):
    british = PAIR | {"candidate": CANDIDATE | {"phone": "+447911123456"}}

    answer = api.post("/v1/sessions", british)

    assert answer.status_code == 422
    assert answer.json["code"] == "pool_required"
    assert pointers(answer) == ["/pool"]


def test_a_pool_is_needed_where_several_are_of_the_candidates_country(api):
    api.put("/v1/pools/us-east", {"country": "US"})

    assert api.post("/v1/sessions", PAIR).json["code"] == "pool_required"
    assert api.post("/v1/sessions", PAIR | {"pool": "us"}).status_code == 201


def test_a_pair_stays_in_the_pool_where_it_has_a_session(api):
    first = api.open_session()
    api.put("/v1/pools/us-east", {"country": "US"})

    assert api.post("/v1/sessions", PAIR).json["id"] == first["id"]


def test_a_pair_that_is_open_in_another_pool_gets_a_409_that_names_the_session(api):
    first = api.open_session()
    api.put("/v1/pools/us-east", {"country": "US"})

    answer = api.post("/v1/sessions", PAIR | {"pool": "us-east"})

    assert answer.status_code == 409
    assert answer.json["code"] == "pair_in_another_pool"
    assert answer.json["sessions"] == [first["id"]]


@pytest.mark.parametrize(
    "phone",
    [
        "+442079460123",
        # +1, and another country each: Canada, Jamaica, Puerto Rico
        "+12045550101",
        "+18765550101",
        "+17875550101",
    ],
)
def test_a_country_that_the_pool_does_not_admit_gets_422(api, phone):
    api.put("/v1/pools/us", {"country": "US"})

    answer = api.post("/v1/sessions", PAIR | {"recruiter": RECRUITER | {"phone": phone}})

    assert answer.status_code == 422
    assert pointers(answer) == ["/recruiter"]


def test_a_session_across_countries_warns_of_the_caller_id(api):
    api.put("/v1/pools/us", {"country": "US", "allowed_countries": ["US", "GB"]})
    british = PAIR | {"recruiter": RECRUITER | {"phone": "+442079460123"}}

    session = api.post("/v1/sessions", british).json

    assert session["warnings"] == ["caller_id_may_differ"]
    path = f"/v1/sessions/{session['id']}"
    assert api.get(path).json["warnings"] == ["caller_id_may_differ"]
    assert api.delete(path).json["warnings"] == []


def test_an_exhausted_pool_says_why(api):
    api.open_session()

    answer = api.post("/v1/sessions", PAIR | {"recruiter": {"ref": "r-2", "phone": NORA}})

    assert answer.status_code == 409
    assert answer.json["code"] == "pool_exhausted"
    assert answer.json["reason"] == "candidate_on_every_number"
    assert answer.json["title"] == "No virtual number left for this pair"


# --- GET --------------------------------------------------------------------------------


def test_a_session_can_be_read(api):
    session = api.open_session()

    assert api.get(f"/v1/sessions/{session['id']}").json == session


@pytest.mark.parametrize("session_id", ["us.000000000000", "nowhere.000000000000", "x", "."])
def test_an_unknown_session_gets_404(api, session_id):
    for answer in (
        api.get(f"/v1/sessions/{session_id}"),
        api.patch(f"/v1/sessions/{session_id}", {"ttl": 60}),
        api.delete(f"/v1/sessions/{session_id}"),
        api.get(f"/v1/sessions/{session_id}/interactions"),
    ):
        assert answer.status_code == 404
        assert answer.json["code"] == "not_found"


def test_an_expired_session_reads_closed_though_no_worker_has_been_there(api, clock):
    """P3: expired means closed."""
    session = api.open_session(ttl=60)
    clock.shift(60)

    expired = api.get(f"/v1/sessions/{session['id']}").json

    assert expired["status"] == "closed"
    assert expired["closed_reason"] == "expired"
    assert expired["closed_at"] == expired["expires_at"] == "2026-11-23T12:01:00Z"
    assert api.get("/v1/sessions?status=open").json["data"] == []
    assert [s["id"] for s in api.get("/v1/sessions?status=closed").json["data"]] == [session["id"]]


def test_sessions_are_found_by_person_number_and_status(api):
    import_number(api)
    first = api.open_session()
    second = api.open_session(candidate={"ref": "c-2", "phone": DAN})
    api.delete(f"/v1/sessions/{first['id']}")

    def ids(query):
        return {session["id"] for session in api.get(f"/v1/sessions?{query}").json["data"]}

    assert ids("") == {first["id"], second["id"]}
    assert ids("recruiter=r-1001") == {first["id"], second["id"]}
    assert ids("candidate=c-2") == {second["id"]}
    assert ids("recruiter=r-1001&candidate=c-77") == {first["id"]}
    assert ids("recruiter=nobody") == set()
    assert ids("status=open") == {second["id"]}
    assert ids("recruiter=r-1001&status=closed") == {first["id"]}
    assert ids("virtual_number=%2B14155550192") == {first["id"]}
    assert ids("virtual_number=%2B1 (415) 555-0193&recruiter=r-1001") == {second["id"]}
    assert ids("virtual_number=%2B14155550199") == set()
    assert ids("virtual_number=nonsense") == set()
    assert ids("virtual_number=+14155550192") == {first["id"]}
    assert ids("recruiter=&candidate=c-2&status=&virtual_number=&limit=&cursor=") == {second["id"]}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("status=half-open", "/status"),
        ("recruiter=r 1", "/recruiter"),
        ("colour=red", "/colour"),
        ("cursor=x", "/cursor"),
        ("cursor=e30.x", "/cursor"),
        ("cursor=%C3%BC.%C3%BC", "/cursor"),
    ],
)
def test_a_query_that_is_not_valid_gets_422(api, query, pointer):
    answer = api.get(f"/v1/sessions?{query}")

    assert answer.status_code == 422
    assert pointers(answer) == [pointer]


@pytest.mark.parametrize("query", ["", "recruiter=r-1001&"])
def test_pages_hold_each_session_once(api, query):
    for last_digits in range(150, 175):
        number = f"+14155550{last_digits}"
        api.carrier.numbers.owned.add(number)
        import_number(api, number)
    opened = {
        api.open_session(candidate={"ref": f"c-{i}", "phone": f"+1310555{i:04}"})["id"]
        for i in range(100, 125)
    }
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = api.get(f"/v1/sessions?{query}limit=4&cursor={cursor}").json
        assert len(page["data"]) <= 4
        seen += [session["id"] for session in page["data"]]
        cursor = page["next_cursor"]

    assert sorted(seen) == sorted(opened)


def test_a_cursor_of_another_list_is_refused(api):
    import_number(api)
    cursor = api.get("/v1/numbers?limit=1").json["next_cursor"]

    assert api.get(f"/v1/numbers?cursor={cursor}").status_code == 200
    assert api.get(f"/v1/sessions?cursor={cursor}").status_code == 422


def test_a_stop_shows_as_suspended_texting_until_start(api):
    session = api.open_session()
    services = api.world.services
    indexes = services.vault.indexes_of(CARL)
    now = START.timestamp()

    services.store.suppressions.stop(indexes, NUMBER, since=now, cause="SM1")
    assert api.get(f"/v1/sessions/{session['id']}").json["sms_suspended"] is True

    api.delete(f"/v1/sessions/{session['id']}")
    assert api.get(f"/v1/sessions/{session['id']}").json["sms_suspended"] is False
    session = api.open_session()
    assert session["sms_suspended"] is True

    services.store.suppressions.resume(indexes, NUMBER, since=now + 1, cause="SM2")
    assert api.get(f"/v1/sessions/{session['id']}").json["sms_suspended"] is False


SERVICE = "MG" + "1" * 32


@pytest.mark.parametrize("service", ["", SERVICE])
def test_p2_a_stop_from_before_somebody_was_put_on_record_is_told_to_nobody(service):
    """It would say of a guessed phone that it has been somebody's, erased or of another board."""
    api = make_api(TWILIO_MESSAGING_SERVICE_SID=service)
    suppressions = api.world.services.store.suppressions
    carl, rita = (api.world.services.vault.indexes_of(phone) for phone in (CARL, RITA))
    before = START.timestamp() - 1
    for indexes in (carl, rita):
        suppressions.stop(indexes, NUMBER, since=before, cause="SM1")

    session = api.open_session()
    assert session["virtual_number"] == NUMBER
    assert session["sms_suspended"] is False
    assert suppressions.is_stopped(carl, NUMBER), "it holds all the same"


def test_p2_a_new_phone_tells_nothing_of_its_stops(api):
    session = api.open_session()
    path = f"/v1/sessions/{session['id']}"
    services, now = api.world.services, START.timestamp()
    services.store.suppressions.stop(
        services.vault.indexes_of(NORA), NUMBER, since=now - 1, cause="SM1"
    )

    api.put("/v1/candidates/c-77", {"phone": NORA})
    assert api.get(path).json["sms_suspended"] is False

    services.store.suppressions.resume(
        services.vault.indexes_of(NORA), NUMBER, since=now - 1, cause="SM2"
    )
    services.store.suppressions.stop(services.vault.indexes_of(NORA), NUMBER, since=now, cause="SM")
    assert api.get(path).json["sms_suspended"] is True
    api.put("/v1/candidates/c-77", {"phone": NORA, "locale": "zh-CN"})
    assert api.get(path).json["sms_suspended"] is True, "the same phone as before"


# --- PATCH ------------------------------------------------------------------------------


def test_a_session_can_be_changed(api):
    session = api.open_session()

    answer = api.patch(f"/v1/sessions/{session['id']}", {"channels": ["voice"], "context": "new"})

    assert answer.status_code == 200
    assert answer.json == session | {"channels": ["voice"], "context": "new"}


@pytest.mark.parametrize(
    ("change", "expires_at"),
    [
        ({"ttl": 60}, "2026-11-23T12:01:00Z"),
        ({"ttl": 90 * 86_400}, "2027-02-21T12:00:00Z"),
        ({"expires_at": "2026-11-23T13:00:00Z"}, "2026-11-23T13:00:00Z"),
        ({"expires_at": "2026-11-23T13:00:00.25Z"}, "2026-11-23T13:00:01Z"),
        ({"expires_at": "2026-11-23T15:00:00+02:00"}, "2026-11-23T13:00:00Z"),
    ],
)
def test_an_expiry_can_be_moved_either_way(api, change, expires_at):
    session = api.open_session()

    answer = api.patch(f"/v1/sessions/{session['id']}", change)

    assert answer.json["expires_at"] == expires_at


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({}, ""),
        ({"ttl": None}, ""),
        ({"ttl": 90 * 86_400 + 1}, "/ttl"),
        ({"ttl": 60, "expires_at": "2026-11-23T13:00:00Z"}, "/ttl"),
        ({"expires_at": "2026-11-23T12:00:00Z"}, "/expires_at"),
        ({"expires_at": "2026-11-23T13:00:00"}, "/expires_at"),
        ({"expires_at": "2099-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+23:59"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
        ({"expires_at": 1_900_000_000}, "/expires_at"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"context": f"at {CARL}"}, "/context"),
        ({"channels": []}, "/channels"),
        ({"status": "closed"}, "/status"),
    ],
)
def test_a_change_that_is_not_valid_gets_422(api, change, pointer):
    session = api.open_session()

    answer = api.patch(f"/v1/sessions/{session['id']}", change)

    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]
    assert api.get(f"/v1/sessions/{session['id']}").json == session


def test_a_closed_or_expired_session_cannot_be_changed(api, clock):
    closed = api.open_session()
    api.delete(f"/v1/sessions/{closed['id']}")
    expired = api.open_session(ttl=60)
    clock.shift(timedelta(seconds=61))

    for session in (closed, expired):
        answer = api.patch(f"/v1/sessions/{session['id']}", {"ttl": 600})
        assert answer.status_code == 409
        assert answer.json["code"] == "session_closed"


# --- DELETE -----------------------------------------------------------------------------


def test_a_session_can_be_closed_and_stays_as_it_was_closed_first(api, clock):
    session = api.open_session()

    closed = api.delete(f"/v1/sessions/{session['id']}")
    clock.shift(60)
    again = api.delete(f"/v1/sessions/{session['id']}")

    assert closed.status_code == again.status_code == 200
    assert closed.json == again.json
    assert closed.json["status"] == "closed"
    assert closed.json["closed_reason"] == "closed_by_api"
    assert closed.json["closed_at"] == "2026-11-23T12:00:00Z"


def test_a_pair_that_comes_back_gets_its_old_number(api):
    import_number(api)
    first = api.open_session()
    api.delete(f"/v1/sessions/{first['id']}")

    again = api.post("/v1/sessions", PAIR)

    assert again.status_code == 201
    assert again.json["id"] != first["id"]
    assert again.json["virtual_number"] == first["virtual_number"]


def test_a_pair_that_comes_back_gets_its_old_pool(api):
    first = api.open_session()
    api.delete(f"/v1/sessions/{first['id']}")
    api.world.services.store.pools.put(Pool(name="us-east", country="US"))

    assert api.post("/v1/sessions", PAIR).json["pool"] == "us"
