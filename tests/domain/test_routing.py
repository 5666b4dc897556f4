"""What becomes of a call, for everything the store can find."""

from typing import Any

import pytest

from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.routing import (
    AskAccessCode,
    Bridge,
    CallDecision,
    CodeQuestion,
    Decline,
    Refusal,
    Route,
    RouteState,
    decide,
)
from relay.domain.session import Channel, Party, Seals, Session, SessionStatus

CARL = PhoneNumber("+13105550127")
SEALS = Seals("sealed-rita", "sealed-carl")
SESSION = Session(
    id="us.7k2m9x4v0q1z",
    status=SessionStatus.OPEN,
    virtual_number="+14155550192",
    ordinal=0,
    recruiter=Party(ref="rita", phone_index="r", locale="en"),
    candidate=Party(ref="carl", phone_index="c", locale="zh-CN"),
    created_at=1_000,
    expires_at=2_000,
    access_code="482913",
    channels=frozenset(Channel),
)


def reach(session: Session, caller: Role) -> PhoneNumber:
    assert (session, caller) in [(SESSION, role) for role in Role]
    return CARL


def never_reach(session: Session, caller: Role) -> PhoneNumber:
    pytest.fail("a number was unsealed for a call that is not connected")


def decided(route: Route, **more: Any) -> CallDecision:
    return decide(route, guard=lambda _, side: side.default_guard, **more)


def test_a_recruiters_call_is_bridged_behind_the_guard():
    route = Route(
        state=RouteState.CONNECT,
        session=SESSION,
        caller=Role.RECRUITER,
        seals=SEALS,
    )

    assert decided(route, reach=reach) == Bridge(
        session=SESSION, caller=Role.RECRUITER, counterpart=CARL, is_guarded=True
    )


def test_a_candidates_call_is_bridged_without_a_guard():
    route = Route(
        state=RouteState.CONNECT,
        session=SESSION,
        caller=Role.CANDIDATE,
        seals=SEALS,
    )

    decision = decided(route, reach=reach)

    assert isinstance(decision, Bridge)
    assert not decision.is_guarded


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (RouteState.UNKNOWN_NUMBER, Refusal.NOT_CONNECTED),
        (RouteState.STRANGER, Refusal.NOT_CONNECTED),
        (RouteState.CLOSED, Refusal.NO_LONGER_CONNECTED),
        (RouteState.EXPIRED, Refusal.NO_LONGER_CONNECTED),
        (RouteState.NO_VOICE, Refusal.TEXTS_ONLY),
        (RouteState.REPLAYED, Refusal.CALL_AGAIN),
        (RouteState.TRIED_OUT, Refusal.CODE_TRIED_OUT),
    ],
)
def test_every_other_state_has_its_refusal_and_unseals_nothing(state, refusal):
    assert decided(Route(state=state), reach=never_reach) == Decline(refusal=refusal)


def test_a_refusal_is_said_in_the_callers_language():
    route = Route(state=RouteState.EXPIRED, session=SESSION, caller=Role.CANDIDATE)

    decision = decided(route, reach=never_reach)

    assert decision == Decline(refusal=Refusal.NO_LONGER_CONNECTED, locale="zh-CN")


def test_a_code_is_counted_from_the_first_of_the_call():
    attempts = [{}, {"attempts": 2}]
    asked = [decided(Route(state=RouteState.WRONG), reach=never_reach, **one) for one in attempts]

    assert [question.attempt for question in asked] == [1, 3]


@pytest.mark.parametrize(
    "known", [{}, {"session": SESSION}, {"caller": Role.CANDIDATE}], ids=["none", "one", "other"]
)
def test_a_call_to_connect_without_its_session_and_side_is_a_mistake_of_ours(known):
    with pytest.raises(ValueError, match="session"):
        decided(Route(state=RouteState.CONNECT, **known), reach=never_reach)


@pytest.mark.parametrize(
    ("state", "is_withheld", "question", "unanswered"),
    [
        (RouteState.SEVERAL, False, CodeQuestion.SEVERAL, Refusal.CODE_MISSING),
        (RouteState.STRANGER_WITH_CODE, False, CodeQuestion.STRANGER, Refusal.NOT_CONNECTED),
        (RouteState.STRANGER_WITH_CODE, True, CodeQuestion.WITHHELD, Refusal.CALLER_WITHHELD),
        (RouteState.WRONG, False, CodeQuestion.AGAIN, Refusal.CODE_MISSING),
    ],
)
def test_who_may_have_a_code_is_asked_for_it(state, is_withheld, question, unanswered):
    route = Route(state=state, digits=7, known_locale="zh-CN")

    decision = decided(route, reach=never_reach, is_withheld=is_withheld, attempts=1)

    assert decision == AskAccessCode(question=question, digits=7, attempt=2, locale="zh-CN")
    assert question.unanswered is unanswered


@pytest.mark.parametrize("state", [RouteState.STRANGER, RouteState.UNKNOWN_NUMBER])
def test_a_withheld_caller_is_told_that_they_are(state):
    decision = decided(Route(state=state), reach=never_reach, is_withheld=True)

    assert decision == Decline(refusal=Refusal.CALLER_WITHHELD)


@pytest.mark.parametrize("state", RouteState)
def test_every_state_has_an_outcome(state):
    route = Route(state=state, session=SESSION, caller=Role.RECRUITER, seals=SEALS)

    assert decided(route, reach=reach)
