"""What an operator is told of a request that failed."""

from __future__ import annotations

import pytest

from relay.carrier.advice import advice_on, is_about_the_key
from relay.carrier.codes import NO_ANSWER, NO_SID, TEXTS_LOST_IN_SERVICE, UNREADABLE_ANSWER
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble


def of(code: int) -> str:
    return advice_on(code, credentials="TWILIO_AUTH_TOKEN")


@pytest.mark.parametrize("code", [NO_ANSWER, UNREADABLE_ANSWER, 500, 503, 20500, 20429, 429])
def test_what_is_not_about_the_credentials_names_none(code: int) -> None:
    assert "TWILIO_AUTH_TOKEN" not in of(code)
    assert not is_about_the_key(CarrierError(Trouble.LATER, code))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (NO_ANSWER, "does not answer"),
        (20003, "TWILIO_AUTH_TOKEN"),
        (401, "TWILIO_AUTH_TOKEN"),
        (20005, "not active"),
        (20006, "give the key that permission"),
        (403, "give the key that permission"),
        (21663, "TWILIO_REGION"),
        (503, "status.twilio.com"),
        (302, "what is on the way"),
        (TEXTS_LOST_IN_SERVICE, "doctor --fix"),
        (12345, "https://www.twilio.com/docs/api/errors/12345"),
    ],
)
def test_each_trouble_has_its_advice(code: int, said: str) -> None:
    assert said in of(code)


@pytest.mark.parametrize("code", [NO_ANSWER, UNREADABLE_ANSWER, NO_SID, TEXTS_LOST_IN_SERVICE])
def test_a_code_that_nobody_can_look_up_is_not_shown(code: int) -> None:
    assert "error" not in of(code)
    assert "https" not in of(code)
    assert of(20003).endswith("(error 20003)")
    assert of(302) == f"{of(UNREADABLE_ANSWER)} (error 302)"


def test_a_permission_is_about_the_key() -> None:
    assert is_about_the_key(CarrierError(Trouble.NEVER, 20403))
    assert is_about_the_key(CarrierError(Trouble.ACCOUNT, 20003))
