"""What is known of somebody is changed without their phone, whoever else changes them."""

import pytest

from relay.domain.errors import BeingChanged, NotFound, RateLimited
from relay.domain.guesses import CONTEXTS
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.workflows.amend_participant import amend_participant
from relay.workflows.erase_participant import erase_participant
from relay.workflows.register_participant import register_recruiter
from tests.world import ASKER, DAN, EVE, NORA, NOW, RITA, make_world


@pytest.fixture
def world():
    world = make_world()
    world.open()
    return world


def amend(world, details, ref="rita"):
    return amend_participant(world.services, ref, details, client_id=ASKER, now=NOW + 5)


class Overtaken:
    """A store's people: others act just before each of the next changes."""

    def __init__(self, people, acts):
        self.people = people
        self.acts = list(acts)

    def amend(self, *args, **kwargs):
        if self.acts:
            self.acts.pop(0)()
        return self.people.amend(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.people, name)


def overtake(world, *acts):
    others = make_world(world.services.store.client)
    world.services.store.people = Overtaken(
        world.services.store.people, [lambda act=act: act(others) for act in acts]
    )


def give_phone(phone):
    def act(others):
        details = RecruiterDetails(phone=phone)
        register_recruiter(others.services, "rita", details, client_id=ASKER, now=NOW)

    return act


def test_a_phone_that_changes_meanwhile_stays(world):
    overtake(world, give_phone(NORA))

    changed = amend(world, RecruiterDetails(name="Rita Reyes"))

    assert changed.name == "Rita Reyes"
    assert changed.phone_indexes == world.services.vault.indexes_of(NORA)


def test_somebody_whom_others_change_again_and_again_is_a_conflict_to_try_again(world):
    overtake(world, *(give_phone(phone) for phone in (NORA, DAN, EVE, RITA)))

    with pytest.raises(BeingChanged) as refused:
        amend(world, RecruiterDetails(name="Rita Reyes"))

    assert refused.value.retry_after == 1
    assert world.services.store.people.get(Role.RECRUITER, "rita").name == "Rita"


def test_somebody_who_is_erased_meanwhile_is_not_made_again(world):
    overtake(
        world, lambda others: erase_participant(others.services, Role.CANDIDATE, "carl", now=NOW)
    )

    with pytest.raises(NotFound):
        amend(world, CandidateDetails(locale="zh-CN"), ref="carl")

    assert world.services.store.people.get(Role.CANDIDATE, "carl") is None
    assert world.services.store.people.list(Role.CANDIDATE, after="", limit=10) == ([], None)


def test_p2_digits_in_a_name_are_a_guess_of_the_key_that_sends_them(world):
    """Each recruiter's own budget does not bound who has put many on record."""
    store = world.services.store
    used_up = CONTEXTS[Role.RECRUITER].by
    store.client.set(store.keys.guesses_by("context", "another-key"), used_up, ex=60)
    amend(world, RecruiterDetails(name="Desk 5550188"))

    store.client.set(store.keys.guesses_by("context", ASKER), used_up, ex=60)
    for field in ("name", "organization"):
        with pytest.raises(RateLimited):
            amend(world, RecruiterDetails(**{field: "Desk 5550177"}))


def test_the_same_name_again_is_compared_with_nothing(world):
    """Digits that it has had before are no guess."""
    store = world.services.store
    amend(world, RecruiterDetails(name="Desk 5550188"))
    counted = store.client.scard(store.keys.compared_with(Role.RECRUITER, "rita"))

    amend(world, RecruiterDetails(name="Desk 5550188", organization="Acme"))

    assert store.client.scard(store.keys.compared_with(Role.RECRUITER, "rita")) == counted == 1
