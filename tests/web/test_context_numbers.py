"""Somebody writes the pair's own numbers into a context, or tries out numbers in it (P2)."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.api_key import Scope
from relay.domain.guesses import CONTEXTS, TOO_MANY_GUESSES
from relay.domain.participant import Role
from tests.web.api import PAIR, Api
from tests.world import CARL, RITA

OWN = [f"Ref {phone[-7:]}, backend" for phone in (RITA, CARL)]
NOBODYS = "Ref 5550175, backend"
HOLDS = [{"pointer": "/context", "detail": "must not contain a phone number"}]


@pytest.mark.parametrize("context", OWN)
def test_p2_a_number_of_the_pair_is_refused_and_no_words_are_named(api: Api, context: str) -> None:
    refused = api.post("/v1/sessions", PAIR | {"context": context})
    assert (refused.status_code, refused.json["errors"]) == (422, HOLDS)
    session = api.open_session()
    refused = api.patch(f"/v1/sessions/{session['id']}", {"context": context})
    assert (refused.status_code, refused.json["errors"]) == (422, HOLDS)


def test_p2_a_phone_in_a_context_is_told_by_its_beginning_and_end(api: Api) -> None:
    body = PAIR | {"context": f"call {CARL} now"}
    refused = api.post("/v1/sessions", body, headers={"Idempotency-Key": "k-1"})
    assert refused.json["errors"] == [
        {"pointer": "/context", "detail": 'must not contain a phone number: "+13…27"'}
    ]
    (kept,) = api.redis.scan_iter("{main}:idempotency:*")
    assert CARL[-7:] not in str(api.redis.hgetall(kept)), "nor in what is kept of the answer"


def test_p2_a_context_is_no_way_to_try_numbers(api: Api) -> None:
    session = api.open_session()
    path, key = f"/v1/sessions/{session['id']}", api.key_with(Scope.SESSIONS)
    for guess in range(CONTEXTS[Role.CANDIDATE].of):
        changed = api.patch(path, {"context": f"Ref 77{guess:03d}13"}, key=key)
        assert changed.status_code == 200
    pair = {"recruiter": "r-1001", "candidate": "c-77"}
    answers = [
        answer
        for context in (*OWN, NOBODYS)
        for answer in (
            api.patch(path, {"context": context}, key=key),
            api.post("/v1/sessions", pair | {"context": context}, key=key),
        )
    ]
    assert {(answer.status_code, answer.json["detail"]) for answer in answers} == {
        (429, TOO_MANY_GUESSES)
    }
    assert api.patch(path, {"context": "Backend engineer"}, key=key).status_code == 200


def test_to_say_the_same_again_is_no_guess(api: Api) -> None:
    body: dict[str, Any] = PAIR | {"context": NOBODYS}
    for _ in range(CONTEXTS[Role.CANDIDATE].of + 5):
        assert api.post("/v1/sessions", body).status_code in {200, 201}


def test_to_say_two_things_by_turns_is_no_guess(api: Api) -> None:
    path = f"/v1/sessions/{api.open_session()['id']}"
    for turn in range(CONTEXTS[Role.CANDIDATE].of + 5):
        context = ("Req 1234567", "Req 7654321, night shift")[turn % 2]
        assert api.patch(path, {"context": context}).status_code == 200
    assert api.patch(path, {"context": OWN[0]}).status_code == 422


def test_p2_digits_that_something_explains_are_no_free_question(api: Api) -> None:
    """Each of these texts has the same unexplained digits, and another number beside them."""
    path = f"/v1/sessions/{api.open_session()['id']}"
    answers = [
        api.patch(path, {"context": f"Req 1234567, {1950 + year} 120000"}).status_code
        for year in range(CONTEXTS[Role.CANDIDATE].of + 1)
    ]
    assert answers == [200] * (len(answers) - 1) + [429]


def test_a_recruiters_day_is_longer_than_a_candidates(api: Api) -> None:
    """The same reference for many candidates, and one of its own for each."""
    for candidate in range(CONTEXTS[Role.CANDIDATE].of + 5):
        someone = PAIR["candidate"] | {"ref": f"c-{candidate}", "phone": f"+1310555{candidate:04d}"}
        for context in ("Req 1234567", f"Req 77{candidate:03d}13"):
            body = PAIR | {"candidate": someone, "context": context}
            assert api.post("/v1/sessions", body).status_code in {200, 201}


def test_redis_keeps_no_digits_of_a_context_that_was_compared(api: Api) -> None:
    assert api.post("/v1/sessions", PAIR | {"context": OWN[0]}).status_code == 422
    kept = [api.redis.smembers(key) for key in api.redis.scan_iter("{main}:compared-with:*")]
    assert [len(fingerprints) for fingerprints in kept] == [1, 1]
    assert RITA[-7:] not in str(kept)


def test_many_long_numbers_are_refused_outright(api: Api) -> None:
    refused = api.post("/v1/sessions", PAIR | {"context": "Ref 7700001, 7700002"})
    assert refused.json["errors"][0]["detail"] == "too many long numbers"
