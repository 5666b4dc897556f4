"""Somebody writes the pair's own numbers into a context, or tries out numbers in it (P2)."""

from __future__ import annotations

from typing import Any

import pytest

from relay.domain.api_key import Scope
from relay.domain.guesses import CONTEXTS, TOO_MANY_GUESSES
from tests.web.api import PAIR, Api
from tests.world import CARL, RITA

OWN = [f"Ref {phone[-7:]}, backend" for phone in (RITA, CARL)]
NOBODYS = "Ref 5550149, backend"
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
    for guess in range(CONTEXTS.of):
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
    for _ in range(CONTEXTS.of + 5):
        assert api.post("/v1/sessions", body).status_code in {200, 201}


def test_many_long_numbers_are_refused_outright(api: Api) -> None:
    refused = api.post("/v1/sessions", PAIR | {"context": "Ref 7700001, 7700002"})
    assert refused.json["errors"][0]["detail"] == "too many long numbers"
