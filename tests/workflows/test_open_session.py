"""Opening a session: who, where, until when, and what stands in the way."""

import pytest

from relay.domain.errors import Conflict, Invalid, PoolExhausted
from relay.domain.participant import CandidateDetails, RecruiterDetails
from relay.domain.pool import Geo, Pool
from relay.domain.session import Channel, ClosedReason
from relay.workflows.close_session import close_session
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.open_session import Opened, open_session
from relay.workflows.register_participant import register_candidate
from relay.workflows.stamp_words import context_of
from tests.board import take_out
from tests.world import (
    ASKER,
    CARL,
    DAN,
    EVE,
    NORA,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    PHONES,
    RITA,
    make_world,
)

WEEK = 7 * 24 * 3600
RITA_AND_CARL = SessionRequest(recruiter=Someone(ref="rita"), candidate=Someone(ref="carl"))


@pytest.fixture
def world():
    return make_world()


def recruiter(ref, phone=None, **details):
    phone = phone or PHONES[ref]
    return Someone(ref=ref, details=RecruiterDetails(phone=phone, **details))


def candidate(ref, phone=None, **how):
    return Someone(ref=ref, details=CandidateDetails(phone=phone or PHONES[ref]), **how)


def ask(world, *, now=NOW, client_id=ASKER, recruiter=None, candidate=None, **request) -> Opened:
    wanted = SessionRequest(
        recruiter=recruiter or Someone(ref="rita"),
        candidate=candidate or Someone(ref="carl"),
        **request,
    )
    return open_session(world.services, wanted, client_id=client_id, now=now)


def add_pool(world, name, **policy):
    world.services.store.pools.put(Pool(name=name, country="US", **policy))


def add_number(world, number, pool="us"):
    world.services.store.numbers.add(
        number, pool, carrier_sid="PN" + "1" * 32, capabilities="vs", now=NOW
    )


def register(world, someone):
    register_candidate(
        world.services,
        someone.ref,
        someone.details,
        client_id="test",
        now=NOW,
    )


def pointers(refusal) -> list[str]:
    return [fault.pointer for fault in refusal.value.faults]


# --- who --------------------------------------------------------------------------------


def test_people_are_put_on_record_on_the_way(world):
    opened = ask(world, recruiter=recruiter("rita"), candidate=candidate("carl"))

    assert opened.is_new
    assert opened.session.virtual_number == NUMBER
    again = ask(world)
    assert again.session.id == opened.session.id
    assert not again.is_new


@pytest.mark.parametrize("role", ["recruiter", "candidate"])
def test_somebody_unknown_is_refused_with_their_place(world, role):
    world.open()

    with pytest.raises(Invalid) as refusal:
        ask(world, **{role: Someone(ref="nobody")})

    assert pointers(refusal) == [f"/{role}"]


def test_what_is_wrong_with_somebody_is_addressed_within_the_request(world):
    with pytest.raises(Invalid) as refusal:
        ask(world, recruiter=recruiter("rita", name="x" * 101), candidate=candidate("carl"))

    assert pointers(refusal) == ["/recruiter/name"]


def test_a_recruiter_and_a_candidate_cannot_have_one_phone(world):
    with pytest.raises(Invalid) as refusal:
        ask(world, recruiter=recruiter("rita"), candidate=candidate("carl", RITA))

    assert pointers(refusal) == ["/candidate"]


def test_a_candidate_whose_phone_was_taken_over_gets_no_session(world):
    add_number(world, OTHER_NUMBER)
    world.open()
    ask(world, candidate=candidate("dan", CARL, take_over=True))

    with pytest.raises(Conflict):
        ask(world)


def test_a_new_phone_on_the_way_moves_the_open_session(world):
    world.open()
    session = ask(world, candidate=candidate("carl", DAN)).session
    assert session.candidate.phone_index in world.services.vault.indexes_of(DAN)


# --- where ------------------------------------------------------------------------------


def test_the_one_pool_of_the_candidates_country_is_the_default(world):
    world.services.store.pools.put(Pool(name="gb", country="GB"))

    assert world.open().pool == "us"


def test_several_pools_of_a_country_need_a_name(world):
    add_pool(world, "us-east")

    with pytest.raises(Invalid) as refusal:
        world.open()

    assert refusal.value.code == "pool_required"
    assert pointers(refusal) == ["/pool"]


def test_no_pool_of_a_country_needs_a_name(world):
    with pytest.raises(Invalid) as refusal:
        ask(world, recruiter=recruiter("rita"), candidate=candidate("carl", "+447911123456"))

    assert refusal.value.code == "pool_required"


def test_an_unknown_pool_is_refused_before_anybody_is_put_on_record(world):
    with pytest.raises(Invalid) as refusal:
        ask(world, recruiter=recruiter("rita"), candidate=candidate("carl"), pool="nowhere")

    assert pointers(refusal) == ["/pool"]
    with pytest.raises(Invalid):
        ask(world)


def test_a_pair_stays_where_it_is(world):
    first = world.open()
    add_pool(world, "us-east")

    assert ask(world).session.id == first.id


def test_a_pair_that_comes_back_goes_where_it_was_last(world):
    add_pool(world, "us-east")
    add_number(world, OTHER_NUMBER, "us-east")
    for place, pool in enumerate(("us-east", "us")):
        session = world.open(pool=pool, now=NOW + place)
        close_session(world.services, session.id, now=NOW + place)

    assert ask(world, now=NOW + 10).session.pool == "us"


def test_a_pair_that_is_open_elsewhere_is_not_opened_twice(world):
    first = world.open()
    add_pool(world, "us-east")

    with pytest.raises(Conflict) as refusal:
        ask(world, pool="us-east")

    assert refusal.value.sessions == (first.id,)


def test_a_pair_may_go_elsewhere_when_its_session_is_over(world):
    world.open(ttl=60)
    add_pool(world, "us-east")
    add_number(world, OTHER_NUMBER, "us-east")

    assert ask(world, pool="us-east", now=NOW + 61).session.virtual_number == OTHER_NUMBER


@pytest.mark.parametrize(
    ("people", "places"),
    [
        ({"recruiter": recruiter("rita", "+447911123456")}, ["/recruiter"]),
        ({"candidate": candidate("carl", "+447911123456")}, ["/candidate"]),
        (
            {
                "recruiter": recruiter("rita", "+447911123456"),
                "candidate": candidate("carl", "+447911123457"),
            },
            ["/recruiter", "/candidate"],
        ),
    ],
)
def test_both_phones_countries_must_be_allowed(world, people, places):
    add_pool(world, "us", allowed_countries=("US", "CA"))

    with pytest.raises(Invalid) as refusal:
        ask(
            world,
            **({"recruiter": recruiter("rita"), "candidate": candidate("carl")} | people),
            pool="us",
        )

    assert pointers(refusal) == places


# --- until when, and what ---------------------------------------------------------------


def test_a_session_lasts_as_long_as_the_pool_says(world):
    assert world.open().expires_at == int(NOW) + 1 + WEEK


def test_a_session_lasts_as_long_as_it_is_told(world):
    assert world.open(ttl=1).expires_at == int(NOW) + 2


def test_nothing_lasts_longer_than_the_pool_allows(world):
    with pytest.raises(Invalid) as refusal:
        world.open(ttl=90 * 24 * 3600 + 1)

    assert pointers(refusal) == ["/ttl"]


def test_a_session_follows_the_newer_request(world):
    world.open(context="old", channels=frozenset({Channel.VOICE}))

    session = ask(world, context="new", channels=frozenset({Channel.SMS})).session

    assert context_of(world.services, session) == "new"
    assert session.channels == {Channel.SMS}


@pytest.mark.parametrize(
    "context", ["x" * 201, "a\nb", "a\x00b", "a\u2028b", f"ask {NORA}", "310.555.0127 after six"]
)
def test_a_context_that_cannot_be_spoken_or_leaks_is_refused(world, context):
    with pytest.raises(Invalid) as refusal:
        world.open(context=context)

    assert pointers(refusal) == ["/context"]


@pytest.mark.parametrize("context", ["", "x" * 200, "后端工程师", "Team 7, 2nd round 👩‍💻"])
def test_any_other_context_is_kept(world, context):
    assert context_of(world.services, world.open(context=context)) == context


# --- the claim --------------------------------------------------------------------------


def test_an_exhausted_pool_says_why(world):
    world.open()

    with pytest.raises(PoolExhausted) as refusal:
        world.open(recruiter="nora")

    assert refusal.value.reason == "candidate_on_every_number"


class Overtaken:
    """A store's sessions: others change the pair just before each of the next few claims."""

    def __init__(self, sessions, acts):
        self.sessions = sessions
        self.acts = list(acts)

    def claim(self, *args, **kwargs):
        if self.acts:
            self.acts.pop(0)()
        return self.sessions.claim(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.sessions, name)


def overtake(world, *acts):
    """Another process on the same store acts before each of the next claims here."""
    others = make_world(world.services.store.client)
    world.services.store.sessions = Overtaken(
        world.services.store.sessions, [lambda act=act: act(others) for act in acts]
    )


def test_a_phone_that_changes_during_the_claim_is_the_sessions_phone(world):
    world.open("nora", "dan")
    add_number(world, OTHER_NUMBER)
    register(world, candidate("carl"))
    overtake(world, lambda others: register(others, candidate("carl", EVE)))

    session = ask(world, recruiter=recruiter("rita")).session

    assert session.candidate.phone_index in world.services.vault.indexes_of(EVE)


def test_a_pair_that_others_change_again_and_again_is_a_conflict_to_try_again(world):
    register(world, candidate("carl"))
    phones = [EVE, DAN, EVE, DAN]
    overtake(
        world,
        *(
            lambda others, phone=phone: register(others, candidate("carl", phone))
            for phone in phones
        ),
    )

    with pytest.raises(Conflict) as refusal:
        ask(world, recruiter=recruiter("rita"), candidate=Someone(ref="carl"))

    assert refusal.value.retry_after == 1


def test_p2_digits_that_are_compared_in_each_try_of_a_request_count_once(world):
    register(world, candidate("carl"))
    overtake(
        world,
        *(
            lambda others, phone=phone: register(others, candidate("carl", phone))
            for phone in (EVE, DAN, EVE)
        ),
    )

    ask(world, recruiter=recruiter("rita"), candidate=Someone(ref="carl"), context="Req 1234567")

    store = world.services.store
    assert store.client.get(store.keys.guesses_by("context", ASKER)) == "2", "one for each person"


def test_a_pair_opened_meanwhile_in_another_pool_is_not_opened_twice(world):
    """Both requests name no pool, and the pair has been in each of the two."""
    add_pool(world, "us-east")
    add_number(world, OTHER_NUMBER, "us-east")
    closed = world.open(pool="us")
    close_session(world.services, closed.id, now=NOW)
    opened = []
    overtake(world, lambda others: opened.append(others.open(pool="us-east", now=NOW + 1)))

    session = ask(world, now=NOW + 1).session

    assert (session.id, session.pool) == (opened[0].id, "us-east")


def test_a_pair_opened_meanwhile_elsewhere_is_a_conflict_for_who_named_a_pool(world):
    add_pool(world, "us-east")
    add_number(world, OTHER_NUMBER, "us-east")
    opened = []
    overtake(world, lambda others: opened.append(others.open(pool="us-east")))

    with pytest.raises(Conflict, match="another pool") as refusal:
        ask(world, recruiter=recruiter("rita"), candidate=candidate("carl"), pool="us")

    assert refusal.value.sessions == (opened[0].id,)


def test_a_closed_pair_gets_a_new_session(world):
    first = world.open()
    close_session(world.services, first.id, now=NOW, reason=ClosedReason.BLOCKED)

    opened = open_session(world.services, RITA_AND_CARL, client_id=ASKER, now=NOW + 1)

    assert opened.is_new
    assert opened.session.id != first.id


# --- which number ---------------------------------------------------------------------


def rent_number(world, number, capabilities="vsm"):
    world.services.store.numbers.add(
        number, "us", carrier_sid="PN", capabilities=capabilities, now=NOW
    )


def test_a_number_of_the_candidates_area_is_preferred_where_the_policy_says_so(world):
    """Carl's phone is in area 310, and the pool has a number there."""
    rent_number(world, "+13105550192")
    add_pool(world, "us", geo=Geo.AREA_CODE)
    assert world.open().virtual_number == "+13105550192"
    assert world.open("rita", "dan").virtual_number == NUMBER


def test_a_number_that_one_of_them_has_stopped_is_avoided_for_texts(world):
    rent_number(world, OTHER_NUMBER)
    indexes = world.services.vault.indexes_of(CARL)
    world.services.store.suppressions.stop(indexes, NUMBER, since=NOW, cause="SM1")
    assert world.open().virtual_number == OTHER_NUMBER
    calls_only = world.open("nora", "carl", channels=frozenset({Channel.VOICE}))
    assert calls_only.virtual_number == NUMBER


def test_an_open_session_cannot_ask_more_of_its_number_than_it_can(world):
    take_out(world.services.store, NUMBER)
    rent_number(world, NUMBER, "v")
    session = world.open(channels=frozenset({Channel.VOICE}))
    with pytest.raises(Conflict, match="cannot carry") as refused:
        world.open(channels=frozenset(Channel))
    assert (refused.value.code, refused.value.sessions) == ("channel_not_carried", (session.id,))
