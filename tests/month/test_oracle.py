"""The month is worth what its oracle sees: a relay that connects wrongly must not get past it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.pool import Pool
from relay.domain.routing import AskAccessCode, Bridge, CodeQuestion, Decline, Refusal
from relay.domain.session import Session
from tests.month.oracle import GRACE, Oracle, Talk, WrongPerson
from tests.world import CARL, DAN, NOW, NUMBER, RITA, make_world

DAY = 24 * 3600
POOL = Pool(name="us", country="US", candidate_cooldown=3 * DAY, recruiter_cooldown=DAY)
ASKED = AskAccessCode(question=CodeQuestion.SEVERAL, digits=6, attempt=1)
DECLINED = Decline(refusal=Refusal.NO_LONGER_CONNECTED)


class Scene:
    """Rita talks with Carl and with Dan on one number."""

    def __init__(self) -> None:
        world = make_world()
        self.oracle = Oracle(POOL)
        self.sessions = [world.open("rita", "carl"), world.open("rita", "dan")]
        self.with_carl, self.with_dan = (
            self.oracle.opened(session, {Role.RECRUITER: RITA, Role.CANDIDATE: phone})
            for session, phone in zip(self.sessions, (CARL, DAN), strict=True)
        )

    def bridge(self, session: Session, to: str) -> Bridge:
        return Bridge(
            session=session, caller=Role.RECRUITER, counterpart=PhoneNumber(to), is_guarded=False
        )

    def by_code(self, talk: Talk, decision: Bridge) -> None:
        expected = self.oracle.expect_code(NUMBER, talk.code, NOW)
        self.oracle.check(decision, expected, Role.RECRUITER)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_right_code_leads_to_its_candidate(scene):
    scene.by_code(scene.with_dan, scene.bridge(scene.sessions[1], DAN))


def test_another_session_is_the_wrong_person(scene):
    with pytest.raises(WrongPerson):
        scene.by_code(scene.with_dan, scene.bridge(scene.sessions[0], CARL))


def test_another_phone_is_the_wrong_person(scene):
    with pytest.raises(WrongPerson):
        scene.by_code(scene.with_dan, scene.bridge(scene.sessions[1], CARL))


def test_nothing_is_guessed_for_a_recruiter_of_several_sessions(scene):
    expected = scene.oracle.expect_call(RITA, NUMBER, NOW)
    scene.oracle.check(ASKED, expected, None)
    with pytest.raises(WrongPerson):
        scene.oracle.check(scene.bridge(scene.sessions[0], CARL), expected, None)


def test_a_candidate_is_never_asked(scene):
    expected = scene.oracle.expect_call(CARL, NUMBER, NOW)
    with pytest.raises(AssertionError):
        scene.oracle.check(ASKED, expected, None)
    right = replace(scene.bridge(scene.sessions[0], RITA), caller=Role.CANDIDATE)
    scene.oracle.check(right, expected, Role.CANDIDATE)


def test_a_stranger_is_connected_with_nobody(scene):
    expected = scene.oracle.expect_call("+12125550149", NUMBER, NOW)
    scene.oracle.check(DECLINED, expected, None)
    with pytest.raises(WrongPerson):
        scene.oracle.check(scene.bridge(scene.sessions[0], CARL), expected, None)


def test_a_cooling_side_is_told_so_until_it_has_cooled(scene):
    scene.oracle.close(scene.with_carl, NOW)
    during = scene.oracle.expect_call(CARL, NUMBER, NOW + 3 * DAY - 1)
    assert (during.bridge, during.ask, during.decline) == (None, False, True)
    after = scene.oracle.expect_call(CARL, NUMBER, NOW + 3 * DAY + GRACE)
    assert (after.bridge, after.ask, after.decline) == (None, True, True)


def test_one_session_is_left_to_a_recruiter_once_the_other_has_cooled(scene):
    scene.oracle.close(scene.with_carl, NOW)
    assert scene.oracle.expect_call(RITA, NUMBER, NOW + DAY - 1).bridge is None
    assert scene.oracle.expect_call(RITA, NUMBER, NOW + DAY + GRACE).bridge is scene.with_dan


def test_the_phone_that_was_given_up_leads_nowhere(scene):
    scene.oracle.moved(scene.with_carl, Role.CANDIDATE, "+12125550110", scene.sessions[0], NOW)
    assert scene.oracle.expect_call(CARL, NUMBER, NOW + 1).bridge is None
    assert scene.oracle.expect_call("+12125550110", NUMBER, NOW + 1).bridge is scene.with_carl
