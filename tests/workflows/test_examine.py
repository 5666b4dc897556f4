"""The doctor's findings."""

import time
from base64 import b64encode
from dataclasses import replace

import fakeredis
import pytest
from redis.exceptions import ReadOnlyError, ResponseError
from rq import Worker

from config.key_rings import KeyRing
from config.queues import QUEUES
from config.schedule import SWEEP_OUTBOX
from relay.carrier.account import AccountState
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.pool import Pool
from relay.domain.trouble import Trouble
from relay.store.clock import MOST_DIFFERENCE
from relay.store.keys import DeploymentKeys
from relay.vault import Vault
from relay.workflows.check_readiness import Verdict, check_clock, check_readiness
from relay.workflows.examine import examine
from relay.workflows.import_number import import_number
from relay.workflows.put_board import BoardTerms, put_board
from tests.board import take_out
from tests.fake_redis import FakeRedis
from tests.web.api import SERVICE, FakeCarrier, FakeNumbers
from tests.wording import is_phrase
from tests.world import NOW, NUMBER, make_settings, make_world


class Numbers(FakeNumbers):
    def find_owned(self, number):
        owned = super().find_owned(number)
        if owned is None:
            return None
        urls = self.urls.get(owned.sid, {})
        return replace(
            owned,
            status_callback=urls.get("status_callback", ""),
            voice_fallback_url="https://static.example.com/sorry.xml",
        )


def make(client=None, **settings):
    return make_world(client, carrier=FakeCarrier(Numbers()), **settings)


def needing_replicas(count, **settings):
    """Settings alone ask for them: fakeredis has none, and no WAIT."""
    world = make(**settings)
    world.deployment.settings = make_settings(STORE_REPLICAS=str(count), **settings)
    return world


def find(world, queues=None):
    world.deployment.queues = queues or FakeRedis()
    found = {check.name: check for check in examine(world.deployment)}
    assert [check for check in found.values() if not is_phrase(check.detail)] == []
    return found


def with_workers(*names):
    """RQ's Redis, with a worker for each of these queues."""
    server = fakeredis.FakeServer()
    for name in names:
        Worker([name], connection=fakeredis.FakeRedis(server=server)).register_birth()
    return FakeRedis(server)


def test_a_service_that_is_set_up_well_has_nothing_to_mend():
    world = needing_replicas(1, TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    client = world.services.store.client
    world.deployment.successes.note(SWEEP_OUTBOX, now=time.time())
    client.info = lambda _: {"redis_version": "7.2.4", "connected_slaves": 1}
    world.services.store.pools.put(Pool(name="us", country="US", allowed_countries=("US", "CA")))
    config = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    client.config_get = lambda name: {name: config[name]}
    client.command = lambda: {"bgsave": {}, "bgrewriteaof": {}}
    client.acl_dryrun = lambda *_: "OK"
    import_number(world.services, NUMBER, "us", now=NOW)

    found = find(world, with_workers(*(queue.name for queue in QUEUES)))

    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert {"address", "store", "clock", "durability", "carrier"} < set(found)
    assert {"keys", "queues", "workers", "scheduler", "replicas", "pool us"} < set(found)


@pytest.mark.parametrize("name", ["", "your job board"])
def test_a_board_without_a_name_is_a_warning(name):
    assert "board" not in find(make())
    found = find(make(BOARD_NAME=name))["board"]
    assert found.verdict is Verdict.WARNING
    assert "BOARD_NAME is not set" in found.detail


def test_an_address_without_tls_is_a_warning():
    assert find(make(PUBLIC_BASE_URL="http://relay.example.com"))["address"].verdict is (
        Verdict.WARNING
    )
    assert find(make(PUBLIC_BASE_URL="http://127.0.0.1:8000"))["address"].verdict is Verdict.OK


def test_a_store_that_is_away_is_all_that_is_found():
    server = fakeredis.FakeServer()
    client = FakeRedis(server)
    world = make(client)
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


def test_a_node_of_a_cluster_is_to_be_used_as_one():
    world = make()
    world.services.store.client.info = lambda _: {"cluster_enabled": 1}

    found = [check for check in examine(world.deployment) if check.name == "store"]

    assert found[0].verdict is Verdict.FAILED
    assert "?cluster=true" in found[0].detail


def test_queues_on_a_node_of_a_cluster_are_a_failure():
    queues = FakeRedis()
    queues.info = lambda _: {"cluster_enabled": 1}

    found = find(make(), queues)

    assert found["queue-cluster"].verdict is Verdict.FAILED
    assert "QUEUE_REDIS_URL" in found["queue-cluster"].detail
    assert "workers" not in found


def test_a_wrong_clock_is_named():
    world = make()
    client = world.services.store.client
    time = client.time
    client.time = lambda: (time()[0] + 5, 0)

    found = find(world)

    assert found["clock"].verdict is Verdict.FAILED
    assert "NTP" in found["clock"].detail


def test_a_clock_may_differ_a_little():
    assert check_clock(MOST_DIFFERENCE).verdict is Verdict.OK


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
    take_out(world.services.store, NUMBER)

    found = find(world)
    assert found["numbers"].verdict is Verdict.WARNING
    assert "numbers import +… --pool us" in found["numbers"].detail
    assert found["carrier"].verdict is Verdict.OK

    world.services.carrier.numbers.error = CarrierError(Trouble.ACCOUNT, 20003)
    assert find(world)["carrier"].verdict is Verdict.FAILED


def test_an_account_that_answers_and_is_not_active_is_a_failure():
    world = make()
    suspended = AccountState(status="suspended", is_trial=False)
    world.services.carrier.account.fetch = lambda: suspended

    assert find(world)["account"].verdict is Verdict.FAILED


def test_of_many_numbers_the_first_are_looked_at():
    world = make()
    for place in range(150, 200):
        world.services.store.numbers.add(
            f"+16285550{place}", "us", carrier_sid="PN", capabilities="vs", now=NOW
        )

    found = find(world)

    assert found["numbers"].verdict is Verdict.WARNING
    assert found["numbers"].detail == "the first 50 of 51 were looked at"
    assert sum(name.startswith("number ") for name in found) == 50


def test_a_store_that_lets_nobody_ask_is_a_warning():
    world = needing_replicas(2)

    def refuse(_):
        raise Unavailable("The store does not answer.") from ResponseError("unknown command")

    world.services.store.client.config_get = refuse
    world.services.store.client.info = refuse

    found = find(world)

    assert found["durability"].verdict is Verdict.WARNING
    assert found["replicas"].verdict is Verdict.WARNING
    assert found["store"].verdict is Verdict.OK


def test_a_number_that_tells_somebody_else_of_a_call_s_end_is_named():
    world = make()
    import_number(world.services, NUMBER, "us", now=NOW)
    (urls,) = world.services.carrier.numbers.urls.values()
    urls["status_callback"] = "https://another.example.com/twilio/calls/ended"

    found = find(world)[f"number {NUMBER}"]

    assert found.verdict is Verdict.FAILED
    assert "a call's end" in found.detail


def test_queues_that_do_not_answer_are_a_failure_and_the_rest_is_still_looked_at():
    server = fakeredis.FakeServer()
    server.connected = False

    found = find(make(), FakeRedis(server))

    assert found["queues"].verdict is Verdict.FAILED
    assert "QUEUE_REDIS_URL" in found["queues"].detail
    assert "workers" not in found
    assert found["carrier"].verdict is Verdict.OK


def test_queues_that_nobody_serves_are_a_failure():
    found = find(make())
    assert found["workers"].verdict is Verdict.FAILED
    assert "texts, maintenance" in found["workers"].detail

    found = find(make(), with_workers("maintenance", "numbers"))
    assert "nobody serves texts:" in found["workers"].detail


def test_a_worker_that_was_killed_is_not_counted():
    queues = with_workers(*(queue.name for queue in QUEUES))
    queues.delete(*queues.smembers("rq:workers"))

    assert find(make(), queues)["workers"].verdict is Verdict.FAILED


def test_a_worker_that_was_frozen_is_not_counted():
    queues = with_workers(*(queue.name for queue in QUEUES))
    for worker in queues.smembers("rq:workers:texts"):
        queues.hset(worker, "last_heartbeat", "2026-01-01T00:00:00.000000Z")

    assert "nobody serves texts:" in find(make(), queues)["workers"].detail


@pytest.mark.parametrize("ago", [None, 60])
def test_a_scheduler_that_is_not_at_work_is_a_failure(ago):
    """Whatever the leader's key says: somebody else may have written it."""
    world = make()
    world.services.store.client.set(DeploymentKeys().ticker_leader, "somebody")
    if ago is not None:
        world.deployment.successes.note(SWEEP_OUTBOX, now=time.time() - ago)

    found = find(world)["scheduler"]

    assert found.verdict is Verdict.FAILED
    assert "workers.ticker" in found.detail


def refusing(client=None):
    """Answers whatever it is asked, and takes no writes."""
    client = client or FakeRedis()

    def refuse(*_, **__):
        raise Unavailable("No.") from ReadOnlyError("You can't write against a read only replica.")

    client.set = refuse
    return client


def test_a_store_that_takes_no_writes_is_a_failure_and_not_ready():
    world = make()
    assert check_readiness(world.deployment).is_ready
    refusing(world.services.store.client)

    found = find(world, FakeRedis())
    readiness = check_readiness(world.deployment)

    assert (found["writes"].verdict, found["queue-writes"].verdict) == (Verdict.FAILED, Verdict.OK)
    assert "READONLY" in found["writes"].detail
    assert not readiness.is_ready
    assert found["writes"] in readiness.checks


def test_queues_that_take_no_writes_are_a_failure():
    found = find(make(), refusing())

    assert (found["writes"].verdict, found["queue-writes"].verdict) == (Verdict.OK, Verdict.FAILED)
    assert "READONLY" in found["queue-writes"].detail


def test_too_few_replicas_are_a_failure():
    world = needing_replicas(2)
    world.services.store.client.info = lambda _: {"connected_slaves": 1}

    found = find(world)["replicas"]

    assert found.verdict is Verdict.FAILED
    assert "1 connected, STORE_REPLICAS=2" in found.detail


def test_replicas_that_nobody_needs_are_not_looked_for():
    assert "replicas" not in find(make())


def test_where_a_pool_dials_is_told():
    found = find(make())["pool us"]

    assert found.verdict is Verdict.OK
    assert found.detail == "dials US only"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("RELAY_SEALING_KEYS", "RELAY_SEALING_KEYS k1 is not the key the data was sealed with"),
        ("RELAY_INDEX_KEYS", "RELAY_INDEX_KEYS k1 is not the key the data was indexed with"),
    ],
)
def test_another_key_under_the_same_name_is_a_failure(setting, said):
    client = FakeRedis()
    assert find(make(client))["keys"].verdict is Verdict.OK

    found = find(make(client, **{setting: "another secret than the one before"}))["keys"]

    assert found.verdict is Verdict.FAILED
    assert said in found.detail
    kind = "seal" if setting == "RELAY_SEALING_KEYS" else "index"
    assert f"redis-cli HDEL {DeploymentKeys().key_check_values} {kind}:k1)" in found.detail
    assert find(make(client))["keys"].verdict is Verdict.OK


def test_a_key_that_is_new_or_gone_is_no_failure():
    client = FakeRedis()
    first, second = (f"{name}:{b64encode(name.encode() * 16).decode()}" for name in ("k1", "k2"))

    for ring in (first, f"{first},{second}", f"{second},{first}", second):
        world = make(client, RELAY_SEALING_KEYS=ring, RELAY_INDEX_KEYS=ring)
        assert find(world)["keys"].verdict is Verdict.OK


# --- several boards ---------------------------------------------------------------------


def with_second_board(world, **terms):
    put_board(world.deployment, BoardTerms(name="second", spoken_name="Second Jobs", **terms))
    return world


def test_what_is_found_of_several_boards_names_each():
    found = find(with_second_board(make()))
    assert "main: pool us" in found
    assert any(name.startswith("second: ") for name in found)
    assert "store" in found


def test_a_board_whose_token_cannot_be_read_is_a_failure():
    own = {"account_sid": "AC" + "2" * 32, "auth_tokens": ("its-own-token",)}
    world = with_second_board(make(), **own)
    ring = KeyRing((("k9", bytes(32)),))
    world.deployment.vault = Vault(ring, ring)

    found = find(world)["second: account"]

    assert found.verdict is Verdict.FAILED
    assert "boards put" in found.detail


def test_a_board_that_is_away_hides_no_other():
    world = with_second_board(make())

    def away():
        raise Unavailable("away")

    store = world.deployment.of_board("second").store
    store.messages.closed_countries.lately = lambda **_: away()
    assert find(world)["second: store"].verdict is Verdict.FAILED
    store.pools.all = away
    found = find(world)
    assert found["second: store"].verdict is Verdict.FAILED
    assert "main: pool us" in found
