"""A session that is refused leaves nobody on record, and changes nobody who is."""

import pytest
from structlog.testing import capture_logs

from relay.domain.errors import (
    Conflict,
    Invalid,
    PhoneTaken,
    PoolExhausted,
    RateLimited,
    RelayError,
    Unavailable,
)
from relay.domain.guesses import MOST_NEW_COUNTERPARTS, PHONES
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.domain.pool import Pool
from relay.domain.session import Channel
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.open_session import open_session
from relay.workflows.register_participant import register_candidate
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
    RITA,
    make_world,
)

#: What is counted of requests, refused ones too, and kept a day.
COUNTED = ("guesses-of", "guesses-by", "new-counterparts", "compared-with")
FAR = "+442079460127"


@pytest.fixture
def world():
    return make_world()


def content(world):
    """All that is in Redis but what is counted."""
    client = world.services.store.client
    readers = {
        "hash": client.hgetall,
        "string": client.dump,
        "set": lambda key: sorted(client.smembers(key)),
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    return {
        key: readers[client.type(key)](key)
        for key in client.scan_iter("*")
        if not key.partition(":")[2].startswith(COUNTED)
    }


def recruiter(ref="rita", phone=RITA, **details):
    return Someone(ref=ref, details=RecruiterDetails(phone=phone, **details))


def candidate(ref="carl", phone=CARL, *, locale=None, **how):
    return Someone(ref=ref, details=CandidateDetails(phone=phone, locale=locale), **how)


def ask(world, *, recruiter=None, candidate=None, client_id=ASKER, now=NOW, **request):
    wanted = SessionRequest(
        recruiter=recruiter or Someone(ref="rita"),
        candidate=candidate or Someone(ref="carl"),
        **request,
    )
    return open_session(world.services, wanted, client_id=client_id, now=now).session


def refused(world, error, **request):
    """Asks in vain, and sees that nothing is left of it."""
    before = content(world)
    with pytest.raises(error) as refusal:
        ask(world, **request)
    assert content(world) == before
    return refusal.value


BOTH = {"recruiter": recruiter(), "candidate": candidate()}


def test_a_pool_without_a_number(world):
    take_out(world.services.store, NUMBER)

    refused(world, PoolExhausted, **BOTH)

    # The phone is as free as before.
    register_candidate(
        world.services, "other", CandidateDetails(phone=CARL), client_id=ASKER, now=NOW
    )


def test_a_country_that_the_pool_is_not_for(world):
    assert (
        refused(world, Invalid, recruiter=recruiter(phone=FAR), candidate=candidate(), pool="us")
        .faults[0]
        .pointer
        == "/recruiter"
    )


def test_no_pool_of_the_candidates_country(world):
    error = refused(world, Invalid, recruiter=recruiter(), candidate=candidate(phone=FAR))
    assert error.code == "pool_required"


@pytest.mark.parametrize(
    "request_",
    [{"pool": "nowhere"}, {"ttl": 10**9}, {"context": "call 415 555 0101"}],
    ids=["pool", "ttl", "context"],
)
def test_a_value_that_is_not_allowed(world, request_):
    refused(world, Invalid, **BOTH, **request_)


def test_somebody_who_is_not_on_record(world):
    refused(world, Invalid, recruiter=recruiter(), candidate=Someone(ref="nobody"))


def test_a_candidate_with_a_bad_phone_beside_a_good_recruiter(world):
    error = refused(world, Invalid, recruiter=recruiter(), candidate=candidate(phone="+1911"))
    assert [fault.pointer for fault in error.faults] == ["/candidate/phone"]


def test_one_phone_for_both(world):
    refused(world, Invalid, recruiter=recruiter(), candidate=candidate(phone=RITA))


def test_a_phone_that_another_candidate_has(world):
    world.open("nora", "dan")
    refused(world, PhoneTaken, recruiter=recruiter(name="New"), candidate=candidate(phone=DAN))


def test_too_many_guesses(world):
    world.open("nora", "dan")
    for _ in range(PHONES.of):
        refused(world, PhoneTaken, recruiter=recruiter(), candidate=candidate(phone=DAN))
    refused(world, RateLimited, recruiter=recruiter(), candidate=candidate())


def test_too_many_new_counterparts(world):
    world.open("nora", "carl")
    store = world.services.store
    mark = "x" * 8 + " "
    key = store.keys.new_counterparts(Role.CANDIDATE, "carl")
    store.client.set(key, mark * MOST_NEW_COUNTERPARTS[Role.CANDIDATE], ex=60)
    refused(world, RateLimited, recruiter=recruiter(), candidate=Someone(ref="carl"))


def test_an_open_session_that_cannot_do_what_is_asked_keeps_its_people_as_they_were(world):
    take_out(world.services.store, NUMBER)
    world.services.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN" + "1" * 32, capabilities="v", now=NOW
    )
    world.open(channels=frozenset({Channel.VOICE}))
    refused(
        world,
        Conflict,
        recruiter=recruiter(name="Somebody Else"),
        candidate=candidate(locale="zh-CN"),
        channels=frozenset({Channel.SMS}),
    )


def test_an_open_session_in_another_pool(world):
    world.open()
    world.services.store.pools.put(Pool(name="more", country="US"))
    refused(world, Conflict, recruiter=recruiter(name="Other"), candidate=candidate(), pool="more")


def test_people_on_record_are_not_renamed_by_a_session_that_is_refused(world):
    world.open("nora", "carl")
    refused(
        world,
        PoolExhausted,
        recruiter=recruiter("nora2", NORA, name="Nobody"),
        candidate=candidate(locale="zh-CN"),
    )


class Away:
    """A store's sessions: Redis goes away just before a claim, or its answer is lost."""

    def __init__(self, sessions, *, after):
        self.sessions = sessions
        self.after = after

    def claim(self, *args, **kwargs):
        if self.after:
            self.sessions.claim(*args, **kwargs)
        raise Unavailable("The store is away.")

    def __getattr__(self, name):
        return getattr(self.sessions, name)


def test_redis_lost_midway_leaves_nobody(world):
    world.services.store.sessions = Away(world.services.store.sessions, after=False)
    refused(world, Unavailable, **BOTH)


def test_an_answer_that_is_lost_is_found_by_the_next_request(world):
    sessions = world.services.store.sessions
    world.services.store.sessions = Away(sessions, after=True)
    with pytest.raises(Unavailable):
        ask(world, **BOTH)
    world.services.store.sessions = sessions

    assert ask(world, **BOTH).id == ask(world).id


# --- other phones ------------------------------------------------------------------------


def test_p2_a_guess_in_a_session_that_is_refused_is_counted_and_logged(world):
    world.open("nora", "carl")
    for _ in range(PHONES.of):
        with capture_logs() as lines:
            refused(world, PoolExhausted, recruiter=recruiter(), candidate=candidate(phone=DAN))
        assert [line["ref"] for line in lines if line["event"] == "another phone given"] == ["carl"]

    # Hit and miss are alike.
    for phone in (CARL, DAN):
        refused(world, RateLimited, recruiter=recruiter(), candidate=candidate(phone=phone))


def test_a_phone_is_not_changed_for_a_session_that_is_refused(world):
    world.open("nora", "carl")
    refused(
        world,
        PoolExhausted,
        recruiter=recruiter(name="New"),
        candidate=candidate(phone=DAN),
    )


def test_a_recruiters_phone_is_not_changed_for_a_session_that_is_refused(world):
    world.open("rita", "carl")
    world.services.store.pools.put(Pool(name="us", country="US", access_codes=False))

    error = refused(
        world, PoolExhausted, recruiter=recruiter(phone=NORA), candidate=candidate("dan", DAN)
    )

    assert error.reason == "access_codes_off"


def test_what_a_phone_change_would_bring_along_is_the_reason(world):
    """The one number is free for the new phone, until the open session has moved to it."""
    world.open("nora", "carl")
    error = refused(world, PoolExhausted, recruiter=recruiter(), candidate=candidate(phone=EVE))
    assert error.reason == "candidate_on_every_number"


def test_what_is_wrong_with_a_new_phone_is_addressed_within_the_request(world):
    """Another open session's pool is not for phones of its country."""
    store = world.services.store
    world.open("nora", "carl")
    store.pools.put(Pool(name="wide", country="US", allowed_countries=("US", "GB")))
    store.numbers.add(OTHER_NUMBER, "wide", carrier_sid="PN2", capabilities="vs", now=NOW)
    error = refused(
        world, Invalid, recruiter=recruiter(), candidate=candidate(phone=FAR), pool="wide"
    )
    assert [fault.pointer for fault in error.faults] == ["/candidate/phone"]


def test_a_phone_is_not_taken_over_for_a_session_that_is_refused(world):
    world.open("nora", "dan")
    refused(
        world,
        PoolExhausted,
        recruiter=recruiter("rita2", RITA),
        candidate=candidate(phone=DAN, take_over=True),
    )


def test_a_phone_change_that_is_refused_leaves_no_recruiter(world):
    world.open("nora", "carl")
    store = world.services.store
    for number in (OTHER_NUMBER, "+14155550194"):
        store.numbers.add(number, "us", carrier_sid="PN2", capabilities="vs", now=NOW)
    error = refused(world, RelayError, recruiter=recruiter(), candidate=candidate(phone=NORA))
    assert error.code == "phone_taken"


def test_a_repeated_phone_change_of_the_last_guess_still_opens_the_session(world):
    """The change is counted once, though it is followed by a second claim."""
    store = world.services.store
    store.numbers.add(OTHER_NUMBER, "us", carrier_sid="PN2", capabilities="vs", now=NOW)
    world.open("nora", "carl")
    world.open("nora", "dan")
    for _ in range(PHONES.of - 1):
        with pytest.raises(PhoneTaken):
            ask(world, recruiter=recruiter(), candidate=candidate(phone=DAN))

    session = ask(world, recruiter=recruiter(), candidate=candidate(phone=EVE))

    assert session.candidate.phone_index in world.services.vault.indexes_of(EVE)


def test_both_phones_change_on_the_way_to_a_session_that_is_possible(world):
    world.open()

    session = ask(world, recruiter=recruiter(phone=NORA), candidate=candidate(phone=DAN))

    indexes_of = world.services.vault.indexes_of
    assert session.recruiter.phone_index in indexes_of(NORA)
    assert session.candidate.phone_index in indexes_of(DAN)


# --- what is named ------------------------------------------------------------------------


def test_a_repeated_request_changes_only_what_it_names(world):
    session = ask(world, **BOTH, channels=frozenset({Channel.VOICE}), context="Cook")

    again = ask(world, **BOTH)
    assert (again.channels, again.stamped_context) == (session.channels, session.stamped_context)
    assert again.expires_at == session.expires_at

    texts = ask(world, channels=frozenset(Channel))
    assert (texts.channels, texts.stamped_context) == (frozenset(Channel), session.stamped_context)

    emptied = ask(world, context="")
    assert (emptied.channels, emptied.stamped_context) == (frozenset(Channel), "")


def test_a_repeated_request_that_names_no_channel_asks_nothing_of_the_number(world):
    """It was a number that texts when the session was opened."""
    session = ask(world, **BOTH)
    store = world.services.store
    store.client.setbit(store.keys.in_pool("us").no_sms, 0, 1)

    assert ask(world).id == session.id


def test_people_who_are_given_with_an_open_session_follow_the_request(world):
    ask(world, **BOTH)
    ask(world, recruiter=recruiter(name="Rita Reyes"), candidate=candidate(locale="zh-CN"))

    people = world.services.store.people
    assert people.get(Role.RECRUITER, "rita").name == "Rita Reyes"
    assert people.get(Role.CANDIDATE, "carl").locale == "zh-CN"
    assert ask(world).candidate.locale == "zh-CN"
