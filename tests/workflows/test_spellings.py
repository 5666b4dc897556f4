"""Two spellings of one line are one phone, wherever one is registered, shown or compared."""

from __future__ import annotations

import pytest

from relay.carrier.webhooks import read_inbound_call, read_inbound_text
from relay.domain.errors import Invalid, PhoneTaken
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.pool import Pool
from relay.domain.routing import Bridge
from relay.domain.texts import AcceptState
from relay.workflows.connect_call import connect_call
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.open_session import open_session
from relay.workflows.register_participant import register_candidate
from relay.workflows.relay_text import relay_text
from tests.world import ASKER, CARL, NOW, NUMBER, RITA, World, make_world

#: As it is registered, as it is registered again, as the carrier shows it, and as it is dialled.
_SPELLINGS = [
    ("+52 1 55 5555 0101", "+52 55 5555 0101", "+5215555550101", "+525555550101"),
    ("+52 55 5555 0101", "+52 044 55 5555 0101", "+525555550101", "+525555550101"),
    ("+54 11 15 5555 0101", "+54 9 11 5555 0101", "+541155550101", "+5491155550101"),
    ("+55 11 9555 0101", "+55 11 99555 0101", "+551195550101", "+5511995550101"),
    ("\u202a+1 310 555 0127\u202c", CARL, "13105550127", CARL),
    (CARL, CARL, "3105550127", CARL),
]


def each_spelling(names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(names, _SPELLINGS, ids=[case[2] for case in _SPELLINGS])


@pytest.fixture
def world() -> World:
    world = make_world()
    world.services.store.pools.put(
        Pool(name="us", country="US", allowed_countries=("US", "MX", "AR", "BR"))
    )
    return world


def register(world: World, ref: str, phone: str) -> None:
    register_candidate(world.services, ref, CandidateDetails(phone=phone), client_id=ASKER, now=NOW)


def open_with(world: World, phone: str) -> None:
    request = SessionRequest(
        recruiter=Someone(ref="rita", details=RecruiterDetails(phone=RITA)),
        candidate=Someone(ref="carl", details=CandidateDetails(phone=phone)),
        pool="us",
    )
    open_session(world.services, request, client_id=ASKER, now=NOW)


def call(world: World, shown: str, nth: int = 1) -> Bridge:
    form = {"CallSid": f"CA{nth:032}", "From": shown, "To": NUMBER}
    answered = connect_call(world.services, read_inbound_call(form), now=NOW)
    assert isinstance(answered.decision, Bridge)
    return answered.decision


@each_spelling(("written", "again", "shown", "dialled"))
def test_a_caller_is_known_and_dialled_however_the_number_is_spelled(
    world: World, written: str, again: str, shown: str, dialled: str
) -> None:
    open_with(world, written)

    assert call(world, shown).caller is Role.CANDIDATE
    assert call(world, RITA, nth=2).counterpart.reveal() == dialled


@each_spelling(("written", "again", "shown", "dialled"))
def test_a_text_is_known_however_the_number_is_spelled(
    world: World, written: str, again: str, shown: str, dialled: str
) -> None:
    open_with(world, written)
    form = {"MessageSid": f"SM{1:032}", "From": shown, "To": NUMBER, "Body": "hello"}

    answer = relay_text(world.services, read_inbound_text(form), now=NOW)

    assert answer.outcome == AcceptState.ACCEPTED


@each_spelling(("written", "again", "shown", "dialled"))
def test_another_spelling_is_no_other_phone(
    world: World, written: str, again: str, shown: str, dialled: str
) -> None:
    open_with(world, written)
    before = world.services.store.people.get(Role.CANDIDATE, "carl")

    register(world, "carl", again)

    after = world.services.store.people.get(Role.CANDIDATE, "carl")
    assert before is not None
    assert after is not None
    assert after.phone_indexes == before.phone_indexes
    with pytest.raises(PhoneTaken):
        register(world, "dan", again)


def test_the_spelling_that_was_put_last_is_dialled(world: World) -> None:
    """Whether ten Argentine digits are a mobile's, nobody but the board can know."""
    open_with(world, "+54 11 5555 0101")
    assert call(world, RITA).counterpart.reveal() == "+541155550101"

    register(world, "carl", "+54 9 11 5555 0101")

    assert call(world, RITA, nth=2).counterpart.reveal() == "+5491155550101"


@pytest.mark.parametrize(
    ("ours", "phone"),
    [
        ("+525555550151", "+52 1 55 5555 0151"),
        ("+5215555550151", "+52 55 5555 0151"),
        ("+5491155550151", "+54 11 5555 0151"),
        ("+541155550151", "+54 9 11 5555 0151"),
        ("+5511995550151", "+55 11 9555 0151"),
        ("+551195550151", "+55 11 99555 0151"),
    ],
)
def test_a_virtual_number_is_nobodys_phone_however_it_is_spelled(
    world: World, ours: str, phone: str
) -> None:
    world.services.store.numbers.add(
        ours, "us", carrier_sid="PN" + "1" * 32, capabilities="vsm", now=NOW
    )

    with pytest.raises(Invalid) as refused:
        register(world, "carl", phone)
    assert "virtual numbers" in refused.value.faults[0].detail
