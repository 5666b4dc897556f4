"""Pools and their numbers: what the API's own tests do not reach."""

from dataclasses import replace

import pytest

from relay.carrier.countries import why_not_connected
from relay.domain.errors import Conflict, Invalid, NotFound
from relay.domain.pool import NumberStatus, Pool
from relay.workflows.change_number import change_number
from relay.workflows.find_number import find_number
from relay.workflows.give_number_back import give_number_back
from relay.workflows.import_number import import_number
from relay.workflows.put_pool import put_pool
from tests.web.api import FakeCarrier, sid_of
from tests.world import NOW, NUMBER, OTHER_NUMBER, make_world


@pytest.fixture
def world():
    return make_world(carrier=FakeCarrier())


def import_(world, number=OTHER_NUMBER, pool="us"):
    return import_number(world.services, number, pool, now=NOW)


def test_a_numbers_webhooks_point_here_before_it_can_be_allocated(world):
    pointed = []
    numbers = world.services.carrier.numbers
    point_here = numbers.point_here

    def point(sid, **urls):
        pointed.append(world.services.store.numbers.get(OTHER_NUMBER))
        point_here(sid, **urls)

    numbers.point_here = point

    imported = import_(world)

    assert pointed == [None]
    assert imported.is_new
    assert imported.number.carrier_sid == sid_of(OTHER_NUMBER)
    assert imported.number.sms
    assert not imported.number.mms


def test_an_import_can_be_repeated(world):
    import_(world)

    again = import_(world)

    assert not again.is_new


def test_a_number_goes_into_one_pool_only(world):
    put_pool(world.services, Pool(name="de", country="DE"))

    with pytest.raises(Conflict) as refusal:
        import_(world, NUMBER, "de")
    assert refusal.value.code == "number_in_another_pool"


@pytest.mark.parametrize(
    ("number", "pool", "code"),
    [
        ("nonsense", "us", "invalid"),
        (OTHER_NUMBER, "nowhere", "invalid"),
        ("+14155550199", "us", "not_owned"),
    ],
)
def test_what_cannot_be_imported_is_refused(world, number, pool, code):
    with pytest.raises(Invalid) as refusal:
        import_(world, number, pool)

    assert refusal.value.code == code


def test_a_number_that_is_given_back_while_it_is_imported_is_not_found(world):
    numbers = world.services.store.numbers
    numbers.get = lambda _: None

    with pytest.raises(NotFound):
        import_(world)


def test_a_status_is_changed(world):
    changed = change_number(world.services, NUMBER, NumberStatus.DRAINING)

    assert changed.status is NumberStatus.DRAINING
    assert find_number(world.services, "+1 415 555 0192") == changed


def test_a_status_says_nothing_of_what_the_carrier_has_against_a_numbers_texts(world):
    numbers = world.services.store.numbers
    record = world.services.store.keys.in_pool("us").number(NUMBER)
    world.services.store.client.hset(
        record, mapping={"sms_trouble": 30034, "sms_trouble_since": int(NOW)}
    )
    assert numbers.get(NUMBER).sms_trouble
    for status in (NumberStatus.RESERVED, NumberStatus.AVAILABLE):
        assert change_number(world.services, NUMBER, status).sms_trouble


@pytest.mark.parametrize("number", ["nonsense", "+14155550199"])
def test_a_number_that_is_none_of_ours_is_not_found(world, number):
    for use in (
        lambda: find_number(world.services, number),
        lambda: change_number(world.services, number, NumberStatus.RESERVED),
        lambda: give_number_back(world.services, number, clock=lambda: NOW),
    ):
        with pytest.raises(NotFound):
            use()


def test_a_number_with_bindings_stays(world):
    world.open()

    with pytest.raises(Conflict, match="set its status to draining") as refusal:
        give_number_back(world.services, NUMBER, clock=lambda: NOW)
    assert refusal.value.code == "number_in_use"

    assert find_number(world.services, NUMBER)


def test_a_draining_number_with_bindings_asks_for_patience(world):
    world.open()
    change_number(world.services, NUMBER, NumberStatus.DRAINING)

    with pytest.raises(Conflict, match="given back by itself"):
        give_number_back(world.services, NUMBER, clock=lambda: NOW)


def test_a_number_without_bindings_goes(world):
    give_number_back(world.services, NUMBER, clock=lambda: NOW)

    with pytest.raises(NotFound):
        find_number(world.services, NUMBER)


def test_two_who_give_one_number_back_learn_that_it_is_gone(world):
    found = find_number(world.services, NUMBER)
    world.services.store.numbers.get = lambda _: found
    give_number_back(world.services, NUMBER, clock=lambda: NOW)

    with pytest.raises(NotFound):
        give_number_back(world.services, NUMBER, clock=lambda: NOW)


def test_a_pool_is_new_once(world):
    pool = Pool(name="de", country="DE")

    assert put_pool(world.services, pool).is_new
    assert not put_pool(world.services, pool).is_new


def test_a_pool_of_a_country_that_the_carrier_does_not_connect_is_refused(world):
    for pool in (
        Pool(name="cn", country="CN"),
        Pool(name="hk", country="HK", allowed_countries=("CN", "HK")),
    ):
        with pytest.raises(Invalid) as refusal:
            put_pool(world.services, pool)
        assert [fault.detail for fault in refusal.value.faults] == [why_not_connected("CN")]


def test_everything_that_is_wrong_with_a_pool_is_said_at_once(world):
    pool = Pool(
        name="people",
        country="QQ",
        default_ttl=60,
        max_ttl=30,
        monthly_budget=1,
        number_rent=0,
        allowed_countries=("DE", "XQ"),
    )

    with pytest.raises(Invalid) as refusal:
        put_pool(world.services, pool)

    assert [fault.pointer for fault in refusal.value.faults] == [
        "/name",
        "/country",
        "/default_ttl",
        "/number_rent",
        "/allowed_countries/1",
    ]


@pytest.mark.parametrize(("field", "kind"), [("bundle_sid", "BU"), ("address_sid", "AD")])
def test_a_pools_regulatory_sids_have_their_forms(world, field, kind):
    def pool(sid):
        return Pool(**{"name": "de", "country": "DE", field: sid})

    assert put_pool(world.services, pool(kind + "0aF1" * 8)).is_new
    for sid in (
        "XX" + "1" * 32,
        kind + "1" * 31,
        kind + "1" * 33,
        kind + "g" * 32,
        kind.lower() + "1" * 32,
    ):
        with pytest.raises(Invalid) as refusal:
            put_pool(world.services, pool(sid))
        assert [fault.pointer for fault in refusal.value.faults] == [f"/{field}"]


def test_a_pools_default_ttl_may_be_its_longest(world):
    assert put_pool(
        world.services, Pool(name="de", country="DE", default_ttl=60, max_ttl=60)
    ).is_new


def test_a_pools_name_has_its_form(world):
    with pytest.raises(Invalid):
        put_pool(world.services, Pool(name="{us}", country="US"))


def test_a_number_that_was_bought_for_another_board_is_not_taken(world):
    """It is in no map yet: its buyer was killed on the way."""
    numbers = world.services.carrier.numbers
    find_owned = numbers.find_owned
    numbers.find_owned = lambda number: replace(find_owned(number), label="relay:second:us")

    with pytest.raises(Conflict) as refusal:
        import_(world)
    assert refusal.value.code == "number_in_another_pool"

    numbers.find_owned = lambda number: replace(find_owned(number), label="relay:main:us")
    assert import_(world).is_new
