"""A clerk with an API key tries to find out who has which phone (P2)."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.api_key import Scope
from relay.domain.guesses import MOST_NEW_COUNTERPARTS, PHONES, TOO_MANY_GUESSES
from relay.domain.participant import Role
from relay.store.keys import BoardKeys
from tests.web.api import PAIR, Api
from tests.world import CARL, DAN, NORA, RITA

GUESS = "+13105550128"
SESSIONS_ONLY = "A phone in the body needs the scope participants; name the ref alone."


def of(side: str, **changes: Any) -> dict[str, Any]:
    return PAIR | {side: PAIR[side] | changes}


@pytest.fixture
def known(api: Api) -> Api:
    """Rita and Carl are on record."""
    api.open_session()
    return api


@pytest.mark.parametrize(
    "body",
    [
        of("candidate", phone=CARL),
        of("candidate", phone=GUESS),
        of("candidate", phone=RITA),
        of("candidate", phone="12"),
        of("candidate", phone=""),
        of("candidate", phone=12),
        of("candidate", ref="probe", phone=CARL, take_over=True),
        of("candidate", ref="probe", phone=GUESS, take_over=True),
        of("recruiter", phone=RITA),
        of("recruiter", phone=NORA),
        of("recruiter", ref="probe", phone=CARL) | {"candidate": "c-77"},
        of("recruiter", ref="probe", phone=GUESS) | {"candidate": "c-77"},
        of("recruiter", ref="probe", phone=GUESS) | {"candidate": "nobody"},
    ],
)
def test_p2_a_key_without_the_scope_learns_the_same_from_every_phone(
    known: Api, body: dict[str, Any]
) -> None:
    key = known.key_with(Scope.SESSIONS)
    answer = known.post("/v1/sessions", body, key=key)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert answer.json["detail"] == SESSIONS_ONLY


def test_a_key_without_the_scope_is_told_to_name_the_ref_when_it_leaves_the_phone_out(
    known: Api,
) -> None:
    body = {"recruiter": {"ref": "r-1001", "name": "Rita R"}, "candidate": "c-77"}
    answer = known.post("/v1/sessions", body, key=known.key_with(Scope.SESSIONS))
    assert (answer.status_code, answer.json["detail"]) == (403, SESSIONS_ONLY)


TWICE = b'{"recruiter": "r-1001", "candidate": "c-77", "candidate": {"ref": "c-77", "phone": "+1"}}'


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 422), (b'{"candidate": 7}', 422), (TWICE, 403)]
)
def test_a_key_without_the_scope_learns_what_is_wrong_with_any_other_body(
    known: Api, body: bytes, status: int
) -> None:
    key = known.key_with(Scope.SESSIONS)
    answer = known.ask("POST", "/v1/sessions", data=body, content_type="application/json", key=key)
    assert answer.status_code == status


def test_an_unknown_ref_names_the_scope_that_puts_people_on_record(known: Api) -> None:
    pair = {"recruiter": "r-1001", "candidate": "nobody"}
    answer = known.post("/v1/sessions", pair, key=known.key_with(Scope.SESSIONS))
    assert answer.json["errors"] == [
        {
            "pointer": "/candidate",
            "detail": "no candidate has this ref; "
            "a key with the scope participants puts people on record",
        }
    ]


def test_a_key_without_the_scope_opens_sessions_for_refs(known: Api) -> None:
    pair = {"recruiter": "r-1001", "candidate": "c-77"}
    assert known.post("/v1/sessions", pair, key=known.key_with(Scope.SESSIONS)).status_code == 200


def test_p2_a_known_persons_phone_is_not_found_by_trying(known: Api) -> None:
    key = known.key_with(Scope.PARTICIPANTS, Scope.SESSIONS)
    path = "/v1/candidates/c-77"
    for guess in range(PHONES.of):
        changed = known.put(path, {"phone": f"+131055501{30 + guess}"}, key=key)
        assert changed.status_code == 200
    right = f"+131055501{30 + PHONES.of - 1}"
    answers = [
        known.put(path, {"phone": right}, key=key),
        known.put(path, {"phone": GUESS}, key=key),
        known.post("/v1/sessions", of("candidate", phone=right), key=key),
        known.post("/v1/sessions", of("candidate", phone=GUESS), key=key),
    ]
    assert {(answer.status_code, answer.json["detail"]) for answer in answers} == {
        (429, TOO_MANY_GUESSES)
    }
    assert all(int(answer.headers["Retry-After"]) > 86_000 for answer in answers)


@pytest.mark.parametrize("take_over", [False, True])
def test_p2_registered_phones_are_not_found_by_probing(known: Api, take_over: bool) -> None:
    key = known.key_with(Scope.PARTICIPANTS)
    for probe in range(PHONES.by):
        body = {"phone": CARL, "take_over": take_over}
        answer = known.put(f"/v1/candidates/probe{probe}", body, key=key)
        assert answer.status_code == (201 if take_over else 409)
    hit, miss = (
        known.put("/v1/candidates/probe", {"phone": phone, "take_over": take_over}, key=key)
        for phone in (CARL, GUESS)
    )
    assert hit.status_code == miss.status_code == 429
    assert hit.json == miss.json
    assert hit.json["detail"] == TOO_MANY_GUESSES


def test_what_one_key_has_guessed_counts_for_no_other_key_and_no_other_person(known: Api) -> None:
    key, other = (known.key_with(Scope.PARTICIPANTS, name=name) for name in ("one", "other"))
    for probe in range(PHONES.by + 1):
        last = known.put(f"/v1/candidates/probe{probe}", {"phone": CARL}, key=key)
    assert last.status_code == 429
    assert known.put("/v1/candidates/anew", {"phone": GUESS}, key=other).status_code == 201

    for guess in range(PHONES.of + 1):
        last = known.put("/v1/candidates/c-77", {"phone": f"+131055501{30 + guess}"}, key=other)
    assert last.status_code == 429
    assert known.put("/v1/candidates/anew", {"phone": CARL}, key=other).status_code == 200


def test_p2_phone_changes_beside_a_session_do_not_find_the_other_sides_phone(known: Api) -> None:
    counted = BoardKeys("main").new_counterparts(Role.CANDIDATE, "c-77")
    known.redis.set(counted, "a-phone: " * MOST_NEW_COUNTERPARTS[Role.CANDIDATE], ex=86_400)
    hit, miss = (known.put("/v1/recruiters/r-1001", {"phone": phone}) for phone in (CARL, GUESS))
    assert hit.status_code == miss.status_code == 429
    assert hit.json == miss.json
    known.redis.delete(counted)
    assert known.put("/v1/recruiters/r-1001", {"phone": CARL}).json["code"] == "phone_taken"


def test_a_take_over_is_told_to_both_holders(
    known: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    known.put("/v1/candidates/c-78", {"phone": CARL, "take_over": True})
    told = [line for line in capsys.readouterr().out.splitlines() if "phone" in line]
    assert any("phone taken over" in line and "ref=c-78" in line for line in told)
    assert any("phone lost to another" in line and "ref=c-77" in line for line in told)
    assert CARL not in "".join(told)


def test_one_s_own_request_may_be_repeated(known: Api) -> None:
    for _ in range(PHONES.of + 5):
        assert known.post("/v1/sessions", PAIR).status_code == 200
        assert known.put("/v1/candidates/c-77", {"phone": CARL}).status_code == 200
        assert known.put("/v1/candidates/c-78", {"phone": DAN}).status_code in {200, 201}
