"""The doctor's findings."""

import fakeredis
import pytest
from redis.exceptions import ResponseError

from relay.domain.errors import CarrierError
from relay.workflows.check_readiness import Verdict
from relay.workflows.examine import examine
from relay.workflows.import_number import import_number
from tests.web.api import FakeCarrier
from tests.world import NOW, NUMBER, make_world


def make(**settings):
    return make_world(carrier=FakeCarrier(), **settings)


def find(world):
    return {check.name: check for check in examine(world.services)}


def test_a_service_that_is_set_up_well_has_nothing_to_mend():
    world = make()
    client = world.services.store.client
    config = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    client.config_get = lambda name: {name: config[name]}
    import_number(world.services, NUMBER, "us", now=NOW)

    found = find(world)

    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert {"address", "store", "clock", "durability", "carrier"} < set(found)


def test_an_address_without_tls_is_a_warning():
    assert find(make(PUBLIC_BASE_URL="http://relay.example.com"))["address"].verdict is (
        Verdict.WARNING
    )
    assert find(make(PUBLIC_BASE_URL="http://127.0.0.1:8000"))["address"].verdict is Verdict.OK


def test_a_store_that_is_away_is_all_that_is_found():
    server = fakeredis.FakeServer()
    client = fakeredis.FakeRedis(decode_responses=True, server=server)
    world = make_world(client, carrier=FakeCarrier())
    server.connected = False

    found = find(world)

    assert found["store"].verdict is Verdict.FAILED
    assert "carrier" not in found


@pytest.mark.parametrize(
    ("version", "name", "verdict"),
    [
        ("5.0.14", "version", Verdict.FAILED),
        ("6.0.9", "version", Verdict.FAILED),
        ("6.2.14", "store", Verdict.OK),
        ("7", "store", Verdict.OK),
        (None, "store", Verdict.OK),
    ],
)
def test_an_old_redis_is_named(version, name, verdict):
    world = make()
    world.services.store.client.info = lambda _: {"redis_version": version} if version else {}

    assert find(world)[name].verdict is verdict


def test_a_wrong_clock_is_named():
    world = make()
    client = world.services.store.client
    time = client.time
    client.time = lambda: (time()[0] + 5, 0)

    found = find(world)

    assert found["clock"].verdict is Verdict.FAILED
    assert "NTP" in found["clock"].detail


def test_a_number_whose_calls_go_elsewhere_is_named_with_the_command_that_mends_it():
    found = find(make())[f"number {NUMBER}"]

    assert found.verdict is Verdict.FAILED
    assert f"numbers import {NUMBER} --pool us" in found.detail


def test_a_number_that_the_account_has_lost_is_named():
    world = make()
    world.services.carrier.numbers.owned.clear()

    assert find(world)[f"number {NUMBER}"].verdict is Verdict.FAILED


def test_a_pool_without_numbers_is_a_warning_and_the_account_is_still_asked():
    world = make()
    world.services.store.numbers.remove(NUMBER, "us")

    found = find(world)
    assert found["numbers"].verdict is Verdict.WARNING
    assert found["carrier"].verdict is Verdict.OK

    world.services.carrier.numbers.error = CarrierError(20003, retryable=False)
    assert find(world)["carrier"].verdict is Verdict.FAILED


def test_of_many_numbers_the_first_are_looked_at():
    world = make()
    for place in range(100, 151):
        world.services.store.numbers.add(
            f"+14155550{place}", "us", carrier_sid="PN", capabilities="vs", now=NOW
        )

    found = find(world)

    assert found["numbers"].detail == "the first 50 of 51 were looked at"
    assert sum(name.startswith("number ") for name in found) == 50


def test_a_store_that_lets_nobody_ask_is_a_warning():
    world = make()

    def refuse(_):
        raise ResponseError("unknown command")

    world.services.store.client.config_get = refuse
    world.services.store.client.info = refuse

    found = find(world)

    assert found["durability"].verdict is Verdict.WARNING
    assert found["store"].verdict is Verdict.OK
