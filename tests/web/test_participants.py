"""``/v1/recruiters`` and ``/v1/candidates``, as far as HTTP goes; the rules have tests of their own
in tests/workflows."""

import time

import pytest

from relay.domain.api_key import Scope
from relay.domain.guesses import CONTEXTS
from relay.domain.participant import Role
from relay.workflows.erase_at_carrier import erase_at_carrier
from relay.workflows.open_seals import open_phone_of
from tests.web.api import pointers
from tests.world import CARL, DAN, NUMBER, RITA

RECRUITER = {"phone": RITA, "name": "Rita", "organization": "Acme", "locale": "en"}
CANDIDATE = {"phone": CARL, "locale": "zh-CN", "time_zone": "Asia/Shanghai"}


def test_a_recruiter_is_put_on_record_and_changed(api):
    new = api.put("/v1/recruiters/r-1", RECRUITER)
    changed = api.put("/v1/recruiters/r-1", {"phone": RITA, "name": "Rita R."})

    assert new.status_code == 201
    assert changed.status_code == 200
    assert changed.json == new.json | {
        "name": "Rita R.",
        "updated_at": changed.json["updated_at"],
    }
    assert api.get("/v1/recruiters/r-1").json == changed.json
    recruiter = new.json
    assert recruiter.pop("created_at") == recruiter.pop("updated_at")
    assert recruiter == {
        "ref": "r-1",
        "phone_hint": "+1 ••• ••• ••01",
        "name": "Rita",
        "organization": "Acme",
        "locale": "en",
        "screen_calls": False,
        "sms": "ok",
        "status": "active",
    }


def test_a_candidate_is_put_on_record(api):
    answer = api.put("/v1/candidates/c-1", CANDIDATE)

    assert answer.status_code == 201
    assert answer.json["phone_hint"] == "+1 ••• ••• ••27"
    assert answer.json["locale"] == "zh-CN"
    assert answer.json["time_zone"] == "Asia/Shanghai"
    assert api.get("/v1/candidates/c-1").json == answer.json


def test_a_candidates_guard_is_theirs_to_choose_and_stays(api):
    new = api.put("/v1/candidates/c-1", CANDIDATE).json
    assert (new["guard"], new["guard_style"]) == ("keys", "discreet")

    api.put("/v1/candidates/c-1", CANDIDATE | {"guard_style": "named"})
    off = api.put("/v1/candidates/c-1", CANDIDATE | {"guard": "none"}).json
    assert (off["guard"], off["guard_style"]) == ("none", "named")
    assert api.get("/v1/candidates/c-1").json == off
    again = api.put("/v1/candidates/c-1", CANDIDATE | {"guard": "keys"}).json
    assert (again["guard"], again["guard_style"]) == ("keys", "named")


def test_a_recruiters_guard_is_theirs_to_choose(api):
    recruiter = {"phone": RITA}
    assert api.put("/v1/recruiters/r-1", recruiter | {"screen_calls": True}).json["screen_calls"]
    assert api.put("/v1/recruiters/r-1", recruiter).json["screen_calls"]
    off = api.put("/v1/recruiters/r-1", recruiter | {"screen_calls": False})
    assert off.json["screen_calls"] is False


@pytest.mark.parametrize("kind", ["recruiters", "candidates"])
def test_somebody_unknown_gets_404(api, kind):
    assert api.get(f"/v1/{kind}/nobody").status_code == 404
    assert api.get(f"/v1/{kind}/not a ref").status_code == 404


@pytest.mark.parametrize("kind", ["recruiters", "candidates"])
@pytest.mark.parametrize(
    ("ref", "body", "pointer"),
    [
        ("r 1", {"phone": RITA}, "/ref"),
        ("x" * 65, {"phone": RITA}, "/ref"),
        (f"r-{RITA[1:]}", {"phone": RITA}, "/ref"),
        ("r-1", {}, "/phone"),
        ("r-1", {"phone": None}, "/phone"),
        ("r-1", {"phone": 12125550101}, "/phone"),
        ("r-1", {"phone": "911"}, "/phone"),
        ("r-1", {"phone": "anonymous"}, "/phone"),
        ("r-1", {"phone": NUMBER}, "/phone"),
        ("r-1", {"phone": "+" + "1" * 60}, "/phone"),
        ("r-1", {"phone": RITA, "locale": "english"}, "/locale"),
        ("r-1", {"phone": RITA, "renumber": "yes"}, "/renumber"),
        ("r-1", {"phone": RITA, "email": "rita@example.com"}, "/email"),
    ],
)
def test_what_is_not_valid_gets_422(api, kind, ref, body, pointer):
    answer = api.put(f"/v1/{kind}/{ref}", body)

    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]


def test_two_candidates_cannot_have_one_phone_unless_it_is_taken_over(api):
    api.put("/v1/candidates/c-1", {"phone": CARL})

    refused = api.put("/v1/candidates/c-2", {"phone": CARL})
    taken = api.put("/v1/candidates/c-2", {"phone": CARL, "take_over": True})

    assert refused.status_code == 409
    assert refused.json["code"] == "phone_taken"
    assert taken.status_code == 201
    assert api.get("/v1/candidates/c-1").json["status"] == "without_phone"


def test_a_candidate_without_a_phone_gets_no_session(api):
    api.put("/v1/recruiters/r-1", RECRUITER)
    api.put("/v1/candidates/c-1", {"phone": CARL})
    api.put("/v1/candidates/c-2", {"phone": CARL, "take_over": True})

    answer = api.post("/v1/sessions", {"recruiter": "r-1", "candidate": "c-1"})

    assert answer.status_code == 409
    assert answer.json["code"] == "without_phone"


def test_a_new_phone_takes_over_the_open_sessions(api):
    session = api.open_session()

    answer = api.put("/v1/candidates/c-77", {"phone": DAN})

    assert answer.status_code == 200
    assert answer.json["phone_hint"] == "+1 ••• ••• ••38"
    assert api.get(f"/v1/sessions/{session['id']}").json["status"] == "open"


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.RECRUITER, "/v1/recruiters/r-1001"), (Role.CANDIDATE, "/v1/candidates/c-77")],
)
def test_an_erased_person_is_gone_and_their_sessions_are_closed(api, role, path):
    session = api.open_session()

    assert api.get(f"{path}/erasure").status_code == 404
    erased = api.delete(path)
    assert erased.status_code == 202
    assert erased.headers["Location"] == f"{path}/erasure"
    assert erased.json["status"] == "pending"
    assert api.get(f"{path}/erasure").json == erased.json
    assert api.delete(path).json == erased.json
    assert api.get(path).status_code == 404
    closed = api.get(f"/v1/sessions/{session['id']}").json
    assert closed["status"] == "closed"
    assert closed["closed_reason"] == "erased"
    assert api.world.services.store.people.get(role, path.rpartition("/")[2]) is None

    erasures = api.world.services.store.erasures
    erasures.note_final(erasures.latest_pending())
    assert api.get(f"{path}/erasure").json["status"] == "pending_carrier"
    assert api.delete(path).status_code == 202
    erase_at_carrier(api.world.services, clock=time.time)
    assert api.get(f"{path}/erasure").json["status"] == "done"
    assert api.delete(path).status_code == 204


def test_after_an_erasure_the_ended_session_stays_without_name_or_phone(api):
    session = api.open_session(context="Backend engineer")
    api.delete("/v1/recruiters/r-1001")

    (listed,) = api.get("/v1/sessions?recruiter=r-1001").json["data"]
    assert (listed["id"], listed["status"]) == (session["id"], "closed")
    assert listed["context"] == "Backend engineer"
    assert RECRUITER["name"] not in str(listed)


def test_an_erasure_is_told_of_when_the_ref_is_on_record_again(api):
    api.put("/v1/candidates/c-77", {"phone": CARL})
    erased = api.delete("/v1/candidates/c-77").json

    assert api.put("/v1/candidates/c-77", {"phone": DAN}).status_code == 201
    assert api.get("/v1/candidates/c-77/erasure").json == erased


# --- lists -------------------------------------------------------------------------------


@pytest.mark.parametrize(("many", "body"), [("recruiters", RECRUITER), ("candidates", CANDIDATE)])
def test_people_are_listed_page_by_page_without_their_numbers(api, many, body):
    phones = [f"+1310555{number:04}" for number in range(120, 125)]
    for place, phone in enumerate(phones):
        api.put(f"/v1/{many}/x-{place}", body | {"phone": phone})
    api.delete(f"/v1/{many}/x-3")

    seen, query = [], "?limit=2"
    while query:
        page = api.get(f"/v1/{many}{query}")
        assert not any(phone[-7:] in page.text for phone in phones)
        assert len(page.json["data"]) <= 2
        seen += page.json["data"]
        cursor = page.json["next_cursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""

    assert seen == [api.get(f"/v1/{many}/{ref}").json for ref in ("x-0", "x-1", "x-2", "x-4")]


def test_an_empty_list_is_a_list(api):
    assert api.get("/v1/recruiters").json == {"data": [], "next_cursor": None}


def test_a_cursor_of_the_other_list_is_refused(api):
    for place in range(2):
        api.put(f"/v1/recruiters/x-{place}", RECRUITER)
    cursor = api.get("/v1/recruiters?limit=1").json["next_cursor"]
    assert pointers(api.get(f"/v1/candidates?cursor={cursor}")) == ["/cursor"]


def test_a_key_for_sessions_lists_nobody(api):
    key = api.key_with(Scope.SESSIONS)
    assert api.get("/v1/recruiters", key=key).status_code == 403


# --- without the phone -------------------------------------------------------------------


def test_a_name_is_changed_without_the_phone(api):
    before = api.put("/v1/recruiters/r-1", RECRUITER | {"extension": ",,12"}).json

    changed = api.patch("/v1/recruiters/r-1", {"name": "Rita R."})

    assert changed.status_code == 200
    assert changed.json == before | {"name": "Rita R.", "updated_at": changed.json["updated_at"]}
    assert api.get("/v1/recruiters/r-1").json == changed.json


def test_open_sessions_follow_a_change_without_the_phone(api):
    session = api.open_session()
    api.patch("/v1/candidates/c-77", {"locale": "zh-CN", "guard_style": "named"})

    stored = api.world.services.store.sessions.get(session["id"])
    assert stored.candidate.locale == "zh-CN"
    assert api.get("/v1/candidates/c-77").json["guard_style"] == "named"


@pytest.mark.parametrize("path", ["/v1/recruiters/nobody", "/v1/candidates/+13105550127"])
def test_nobody_is_made_by_a_change(api, path):
    assert api.patch(path, {"locale": "en"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"phone": RITA}, "/phone"),
        ({"name": f"Rita {RITA}"}, "/name"),
        ({"name": f"Rita {RITA[-7:]}"}, "/name"),
        ({"organization": f"Acme {RITA[-7:]}"}, "/organization"),
        ({"name": "x" * 101}, "/name"),
        ({"locale": "english"}, "/locale"),
        ({"extension": "x"}, "/extension"),
    ],
)
def test_p2_a_change_without_the_phone_takes_no_number_of_theirs(api, body, pointer):
    before = api.put("/v1/recruiters/r-1", RECRUITER).json

    answer = api.patch("/v1/recruiters/r-1", body)

    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert RITA[-7:] not in answer.text
    assert api.get("/v1/recruiters/r-1").json == before


def test_p2_digits_in_a_name_are_counted_as_guesses(api):
    """Without a phone in the request they are compared with the one on record."""
    api.put("/v1/recruiters/r-1", RECRUITER)
    most = CONTEXTS[Role.RECRUITER].of
    key = api.world.services.store.keys.compared_with(Role.RECRUITER, "r-1")
    api.redis.sadd(key, *(f"other {place}" for place in range(most)))
    api.redis.expire(key, 60)

    for digits in ("5550101", "5550102"):
        answer = api.patch("/v1/recruiters/r-1", {"name": f"Rita {digits}"})
        assert answer.json["code"] == "rate_limited"


def test_an_extension_is_changed_without_the_phone(api):
    api.put("/v1/recruiters/r-1", RECRUITER)
    assert api.patch("/v1/recruiters/r-1", {"extension": ",,77"}).json["phone_hint"].endswith("•••")

    known = api.world.services.store.people.get(Role.RECRUITER, "r-1")
    phone = open_phone_of(api.world.services, known)
    assert (phone.reveal(), phone.extension) == (RITA, ",,77")


def test_a_candidate_without_a_phone_is_changed_and_stays_without(api):
    api.put("/v1/candidates/c-1", CANDIDATE)
    api.put("/v1/candidates/c-2", CANDIDATE | {"take_over": True})

    answer = api.patch("/v1/candidates/c-1", {"locale": "en"}).json

    assert (answer["status"], answer["locale"]) == ("without_phone", "en")
