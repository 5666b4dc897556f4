"""The command line: against a real Redis and the simulated carrier, by their addresses only."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner
from rq import Worker

from config.key_rings import parse_key_ring
from config.queues import QUEUES
from config.schedule import SWEEP_OUTBOX
from config.settings import load_settings
from relay.bootstrap import build_deployment
from relay.cli import cli
from relay.cli.pools import put as put_pool_command
from relay.domain.api_key import Scope
from relay.domain.participant import CandidateDetails
from relay.domain.policy import flat_terms
from relay.domain.pool import Geo, Pool, Selection
from relay.domain.purchase import label_of
from relay.domain.reputation import ReputationPolicy
from relay.embedded_redis import EmbeddedRedis
from relay.sandbox import SimulatedCarrier
from relay.signing import Signer
from relay.store.api_keys import ApiKeys
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.store import Store
from relay.workflows.order_numbers import Order, order_numbers
from relay.workflows.register_participant import register_candidate
from tests.fake_redis import real_redis
from tests.world import signer

ROOT = Path(__file__).parents[2]
NUMBER = "+14155550192"
ACCOUNT, TOKEN = "AC" + "5" * 32, "5" * 32

COMMANDS = [
    (),
    ("demo",),
    ("sandbox",),
    ("doctor",),
    ("secrets",),
    ("reseal",),
    ("restored",),
    ("keys",),
    ("keys", "create"),
    ("keys", "list"),
    ("keys", "revoke"),
    ("numbers",),
    ("numbers", "import"),
    ("numbers", "buy"),
    ("numbers", "reconcile"),
    ("numbers", "list"),
    ("boards",),
    ("boards", "put"),
    ("boards", "list"),
    ("pools",),
    ("pools", "put"),
    ("pools", "change"),
    ("pools", "delete"),
    ("pools", "list"),
    ("pools", "show"),
]


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="module")
def carrier():
    with SimulatedCarrier(ACCOUNT, TOKEN) as simulated:
        simulated.add_number(NUMBER)
        yield simulated


@pytest.fixture
def environment(redis_url, carrier):
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return {
        "PATH": "/usr/bin:/bin",
        "REDIS_URL": redis_url,
        "PUBLIC_BASE_URL": "https://relay.example.com",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_BASE_URL": carrier.base_url,
        "RELAY_SEALING_KEYS": "a secret for sealing in tests",
        "RELAY_INDEX_KEYS": "a secret for indexing in tests",
    }


def run(environment, *arguments):
    """As a person does it: a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "relay", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def put_to_work(environment):
    """Leaves in Redis what workers and a scheduler do that are alive."""
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        for queue in QUEUES:
            Worker([queue.name], connection=client).register_birth()
        client.hset(DeploymentKeys().successes, SWEEP_OUTBOX, f"{time.time():.3f}")


def lines(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    shown = CliRunner().invoke(cli, [*command, "--help"])

    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 3


def test_secrets_are_fresh_key_rings():
    first, second = (CliRunner().invoke(cli, ["secrets"]).output for _ in range(2))

    assert first != second
    sealing, indexing = first.splitlines()
    assert sealing.startswith("RELAY_SEALING_KEYS=k1:")
    assert indexing.startswith("RELAY_INDEX_KEYS=k1:")
    ring = parse_key_ring(sealing.partition("=")[2], purpose="sealing")
    assert ring.ids == ("k1",)
    assert base64.b64decode(indexing.partition("k1:")[2]) != ring.keys[0][1]


def test_secrets_for_a_rotation_have_the_name_they_are_given():
    made = CliRunner().invoke(cli, ["secrets", "--id", "k2"])

    assert [line.partition(":")[0] for line in made.output.splitlines()] == [
        "RELAY_SEALING_KEYS=k2",
        "RELAY_INDEX_KEYS=k2",
    ]
    assert "--id" in CliRunner().invoke(cli, ["secrets", "--help"]).output


@pytest.mark.parametrize("name", ["", "k-2", "k23456789"])
def test_secrets_are_not_given_a_name_that_no_key_ring_takes(name):
    refused = CliRunner().invoke(cli, ["secrets", "--id", name])

    assert refused.exit_code == 2
    assert "1 to 8 letters and digits" in refused.output


@pytest.mark.real_redis
def test_bare_secrets_are_rotated_by_the_documented_steps(environment):
    """What Render makes up looks like a key of ours."""
    made_up = {
        name: base64.b64encode(name.encode()[:1] * 32).decode() for name in ("SEALING", "INDEX")
    }
    fresh = dict(line.split("=", 1) for line in lines(run(environment, "secrets", "--id", "k2")))

    def ring(*order):
        return {
            f"RELAY_{name}_KEYS": ",".join(
                {"k1": made_up[name], "k2": fresh[f"RELAY_{name}_KEYS"]}[each] for each in order
            )
            for name in ("SEALING", "INDEX")
        }

    before = environment | ring("k1")
    register(before, "carl")
    for step in (("k1",), ("k1", "k2"), ("k2", "k1")):
        assert "FAILED" not in keys_line(run(environment | ring(*step), "doctor", "--release"))
    gone = run(environment | ring("k2"), "doctor", "--release")
    assert gone.returncode == 1
    assert "1 phones and 0 texts are sealed under it" in gone.stdout

    moved = run(environment | ring("k2", "k1"), "reseal")

    assert lines(moved) == [
        "moved: 1 phones, 0 phones' bindings, 0 texts, 0 sessions",
        "RELAY_SEALING_KEYS: k1 can go, k2 writes",
        "RELAY_INDEX_KEYS: k1 can go, k2 writes",
    ]
    assert moved.stderr == ""
    after = run(environment | ring("k2"), "doctor", "--release")
    assert "no longer in" not in after.stdout
    lost_its_id = (
        environment
        | ring("k1")
        | {"RELAY_SEALING_KEYS": f"{fresh['RELAY_SEALING_KEYS'].removeprefix('k2:')}"}
    )
    assert "k1 is not the key" in run(lost_its_id, "doctor", "--release").stdout


def register(environment, ref):
    services = build_deployment(load_settings(environment)).main
    register_candidate(
        services, ref, CandidateDetails(phone="+13105550127"), client_id="key", now=time.time()
    )


def keys_line(done):
    return next(line for line in done.stdout.splitlines() if " keys " in line)


@pytest.mark.real_redis
def test_a_restored_store_is_reconciled_and_what_is_left_is_said(environment, carrier):
    unknown = run(environment, "restored")
    assert unknown.returncode == 2
    assert "give --snapshot-at" in unknown.stderr
    future = run(environment, "restored", "--snapshot-at", "2999-01-01T00:00:00Z")
    assert "is in the future" in future.stderr
    services = build_deployment(load_settings(environment)).main
    services.store.pools.put(Pool(name="us", country="US"))
    bought = carrier.add_number("+14155550193")
    bought.friendly_name = label_of("main", "us")
    job = order_numbers(services, Order(pool="us", country="US", count=1), now=time.time())

    mistyped, at = "2016-11-28T14:00:00Z", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    try:
        first = lines(run(environment, "restored", "--snapshot-at", mistyped))
        said = lines(run(environment, "restored", "--snapshot-at", at))
    finally:
        del carrier.account.numbers[bought.sid]

    assert first[0] == f"the store is of {mistyped}"
    assert f"purchase {job.id} ended: order again what is missing" in first
    assert said[0] == f"the store is of {at}"
    assert (
        "+14155550193 was bought since: python -m relay numbers import +14155550193 --pool us"
        in said
    )
    again = lines(run(environment, "restored"))
    assert again[0] == f"the store is of {at}"


@pytest.mark.real_redis
def test_a_restored_store_is_not_reconciled_under_a_scheduler_at_work(environment):
    successes = build_deployment(load_settings(environment)).successes
    is_over = threading.Event()

    def sweep():
        while not is_over.wait(0.3):
            successes.note(SWEEP_OUTBOX, now=time.time())

    successes.note(SWEEP_OUTBOX, now=time.time())
    scheduler = threading.Thread(target=sweep)
    scheduler.start()
    try:
        done = run(environment, "restored", "--snapshot-at", "2026-01-01T00:00:00Z")
    finally:
        is_over.set()
        scheduler.join()
    assert done.returncode == 1
    assert "stop it, web and worker first" in done.stderr


@pytest.mark.real_redis
def test_a_reseal_shows_its_progress_on_a_terminal(environment):
    register(environment, "carl")
    terminal, its_end = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "relay", "reseal"],
        cwd=ROOT,
        env=environment | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=its_end,
        timeout=60,
        check=True,
    )
    os.close(its_end)
    assert b"resealing" in os.read(terminal, 4096)
    assert done.stdout.startswith(b"moved: 0 phones")


@pytest.mark.real_redis
def test_a_reseal_that_is_not_through_says_what_is_left(environment):
    register(environment, "carl")
    other = environment | {
        "RELAY_SEALING_KEYS": f"k2:{base64.b64encode(b'2' * 32).decode()},another one than before",
        "RELAY_INDEX_KEYS": f"k2:{base64.b64encode(b'2' * 32).decode()},"
        + environment["RELAY_INDEX_KEYS"],
    }
    done = run(other, "reseal")
    assert done.returncode == 1
    assert "1 phones or texts cannot be opened" in done.stdout
    assert "k1 cannot go yet: 1 phones and 0 texts are under it" in done.stdout
    assert "k1 cannot go yet: 1 people are on record under it" in done.stdout


@pytest.mark.parametrize("name", ["", "  "])
def test_a_key_without_a_name_is_refused(name):
    refused = CliRunner().invoke(cli, ["keys", "create", name, "--scope", "sessions"])

    assert refused.exit_code == 2
    assert "a key needs a name" in refused.output


@pytest.mark.parametrize(
    ("command", "module"),
    [("demo", "relay.sandbox.demo"), ("sandbox", "relay.sandbox.shell")],
)
def test_the_sandbox_is_loaded_by_name_and_only_then(monkeypatch, command, module):
    loaded = []

    class Stage:
        @staticmethod
        def run():
            loaded.append(module)

    monkeypatch.setitem(sys.modules, module, Stage)

    assert CliRunner().invoke(cli, [command]).exit_code == 0
    assert loaded == [module]


@pytest.mark.real_redis
def test_missing_settings_are_all_named_at_once():
    done = run({"PATH": "/usr/bin:/bin"}, "doctor", "--release")

    assert done.returncode == 2
    assert done.stdout == ""
    for name in ("REDIS_URL", "PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID", "RELAY_SEALING_KEYS"):
        assert f"{name} is missing" in done.stderr


@pytest.mark.real_redis
def test_a_key_is_printed_alone_and_once(environment):
    (key,) = lines(run(environment, "keys", "create", "board", "--scope", "sessions"))

    ring = load_settings(environment).relay_index_keys
    with real_redis(environment["REDIS_URL"]) as client:
        found = ApiKeys(client, BoardKeys("main"), Signer(ring)).find(key)
    assert found.name == "board"
    assert found.scopes == {Scope.SESSIONS}
    (line,) = lines(run(environment, "keys", "list"))
    assert line.startswith(f"{found.id}  board  sessions  20")
    assert key not in line


@pytest.mark.real_redis
def test_a_key_is_revoked_by_name(environment):
    lines(run(environment, "keys", "create", "board", "--scope", "sessions", "--scope", "numbers"))

    assert "board" in lines(run(environment, "keys", "revoke", "board"))[0]
    again = run(environment, "keys", "revoke", "board")

    assert again.returncode == 1
    assert "No key has this name or id." in again.stderr


@pytest.mark.real_redis
def test_an_unknown_scope_is_refused(environment):
    done = run(environment, "keys", "create", "board", "--scope", "everything")

    assert done.returncode == 2
    assert "everything" in done.stderr


@pytest.mark.real_redis
def test_from_nothing_to_a_number_that_is_answered(environment):
    """The set-up of a new installation, and what the doctor says on the way."""
    new = run(environment, "doctor")
    assert new.returncode == 1, new.stdout + new.stderr
    assert "numbers import" in new.stdout

    put = run(
        environment,
        "pools",
        "put",
        "us",
        "--country",
        "US",
        "--cooldown",
        "60",
        "--allowed-countries",
        "US",
    )
    assert lines(put) == ["us  US  0 numbers  0 open sessions  headroom 0  0 free for new pairs"]
    imported = run(environment, "numbers", "import", "+1 415 555 0192", "--pool", "us")
    assert lines(imported) == [
        f"{NUMBER}  us  available  voice,sms,mms  sms ready, registration unknown"
    ]
    assert lines(run(environment, "numbers", "list")) == lines(imported)
    assert lines(run(environment, "numbers", "list", "--pool", "us")) == lines(imported)
    unknown = run(environment, "numbers", "list", "--pool", "nope")
    assert (unknown.returncode, unknown.stderr) == (1, "There is no such pool.\n")
    assert lines(run(environment, "pools", "list")) == [
        "us  US  1 numbers  0 open sessions  headroom 1  1 free for new pairs"
    ]
    assert lines(run(environment, "pools", "show", "us")) == [
        "us  US  1 numbers  0 open sessions  headroom 1  1 free for new pairs",
        "  numbers: 1 available",
        "  bindings: 0 sessions open, 0 cooling",
        "  bound: 0 for everybody, 0 for candidates; 0 decides, 1 numbers may be allocated",
        "  growth: not known yet (less than a day of samples)",
        "  exhausted for the busiest: not in sight",
        "  rent: 1.15 a month",
        "  traffic: not known yet (less than a day of traffic)",
        "  a session: not known yet",
        "  recruiters' phones on access codes: 0 of 0",
        (
            "  one more number: headroom 2, exhausted not in sight, rent 2.30 a month, "
            "up to 0 phones and 0 bindings without a code"
        ),
        "  sms ready: 1 of 1; registration: 1 unknown",
    ]
    assert run(environment, "pools", "show", "de").returncode == 1

    doctor = run(environment, "doctor")
    assert doctor.returncode == 1, doctor.stdout
    assert "calls and texts come here" in doctor.stdout
    assert "append-only file on" in doctor.stdout
    assert "nobody serves texts, maintenance" in doctor.stdout
    assert "none is at work" in doctor.stdout
    assert run(environment, "doctor", "--release").returncode == 0
    put_to_work(environment)
    assert run(environment, "doctor").returncode == 0


@pytest.mark.real_redis
def test_a_program_reads_what_the_doctor_finds(environment):
    for arguments in ([], ["--release"]):
        done = run(environment, "doctor", "--json", *arguments)
        found = json.loads(done.stdout)
        failed = {check["name"] for check in found["checks"] if check["status"] == "failed"}
        assert failed == {"workers", "scheduler"}
        assert all(check["detail"] for check in found["checks"])
        assert (done.returncode, found["is_well"]) == ((0, True) if arguments else (1, False))

    done = run({"PATH": "/usr/bin:/bin"}, "doctor", "--json")
    assert done.returncode == 2
    [check] = json.loads(done.stdout)["checks"]
    assert (check["name"], check["status"]) == ("settings", "failed")
    assert "TWILIO_ACCOUNT_SID" in check["detail"]


def test_a_program_reads_that_a_password_is_not_escaped(environment):
    url = "redis://:s3cretpw#x@127.0.0.1:6379/0"
    done = run(environment | {"REDIS_URL": url}, "doctor", "--json")

    assert done.returncode == 2
    [check] = json.loads(done.stdout)["checks"]
    assert (check["name"], check["status"]) == ("settings", "failed")
    assert "REDIS_URL: must look like redis://" in check["detail"]
    assert "s3cretpw" not in done.stdout + done.stderr


@pytest.mark.real_redis
def test_what_is_refused_says_why(environment):
    lines(run(environment, "pools", "put", "us", "--country", "US"))

    done = run(environment, "numbers", "import", "+14155550199", "--pool", "us")

    assert done.returncode == 1
    assert "phone_number: not a number of the account" in done.stderr


@pytest.mark.real_redis
def test_an_account_that_lets_nobody_in_fails_the_doctor_but_no_release(environment):
    wrong = environment | {"TWILIO_AUTH_TOKEN": "6" * 32}

    assert run(wrong, "doctor").returncode == 1
    released = run(wrong, "doctor", "--release")
    assert released.returncode == 0
    assert "TWILIO_AUTH_TOKEN" in released.stdout
    refused = run(wrong, "pools", "put", "us", "--country", "US")
    assert refused.returncode == 0
    imported = run(wrong, "numbers", "import", NUMBER, "--pool", "us")
    assert imported.returncode == 1
    assert "Twilio refuses the credentials: see TWILIO_" in imported.stderr
    compared = run(wrong, "numbers", "reconcile")
    assert compared.returncode == 1
    assert compared.stdout == ""
    assert "Twilio refuses the credentials: see TWILIO_" in compared.stderr


@pytest.mark.real_redis
def test_a_release_needs_the_token_that_its_web_process_needs(environment, carrier):
    key = carrier.add_api_key("Main")
    without = environment | {"TWILIO_API_KEY_SID": key.sid, "TWILIO_API_KEY_SECRET": key.secret}
    del without["TWILIO_AUTH_TOKEN"]

    put_to_work(environment)
    assert run(without, "doctor").returncode == 0
    released = run(without, "doctor", "--release")
    assert released.returncode == 2
    assert "TWILIO_AUTH_TOKEN is missing" in released.stderr


@pytest.mark.real_redis
def test_a_store_that_is_away_fails_every_doctor(environment):
    away = environment | {"REDIS_URL": "redis://127.0.0.1:1"}

    for arguments in (["doctor"], ["doctor", "--release"]):
        done = run(away, *arguments)
        assert done.returncode == 1
        assert "REDIS_URL" in done.stdout


@pytest.mark.real_redis
def test_queues_that_are_away_fail_the_doctor_but_no_release(environment):
    away = environment | {"QUEUE_REDIS_URL": "redis://127.0.0.1:1"}

    done = run(away, "doctor")
    assert done.returncode == 1
    assert "QUEUE_REDIS_URL" in done.stdout
    assert run(away, "doctor", "--release").returncode == 0


@pytest.mark.real_redis
def test_other_keys_than_the_data_s_fail_every_doctor(environment):
    assert run(environment, "doctor", "--release").returncode == 0
    other = environment | {"RELAY_SEALING_KEYS": "another secret than the one before"}

    for arguments in (["doctor"], ["doctor", "--release"]):
        done = run(other, *arguments)
        assert done.returncode == 1
        assert "RELAY_SEALING_KEYS k1 is not the key the data was sealed with" in done.stdout


def test_numbers_are_bought_with_progress_shown_and_an_exit_code_that_tells(environment):
    lines(run(environment, "pools", "put", "us", "--country", "US", "--allowed-countries", "US"))

    bought = run(
        environment, "numbers", "buy", "--pool", "us", "--area-code", "206", "--count", "2"
    )

    assert bought.returncode == 0, bought.stderr
    assert lines(bought) == ["+12065550150", "+12065550151"]
    assert "buying for us" in bought.stderr
    assert "2/2" in bought.stderr
    listed = lines(run(environment, "numbers", "list"))
    assert [line.split()[0] for line in listed] == ["+12065550150", "+12065550151"]

    nowhere = run(environment, "numbers", "buy", "--pool", "de")
    assert nowhere.returncode == 1
    assert "There is no such pool" in nowhere.stderr

    compared = run(environment, "numbers", "reconcile", "--fix")
    assert compared.returncode == 0, compared.stdout
    assert lines(compared)[-1].endswith("rented, 0 left to mend")


def test_fewer_numbers_than_wanted_are_a_failure_that_says_why(environment, carrier):
    lines(run(environment, "pools", "put", "us", "--country", "US", "--allowed-countries", "US"))

    carrier.faults.market.left = 1
    try:
        bought = run(
            environment, "numbers", "buy", "--pool", "us", "--area-code", "206", "--count", "2"
        )
    finally:
        carrier.faults.market.left = None

    assert bought.returncode == 1
    assert "nothing_on_offer" in bought.stderr


def test_what_is_left_to_mend_is_listed(environment, carrier):
    lines(run(environment, "pools", "put", "us", "--country", "US", "--allowed-countries", "US"))
    orphan = carrier.add_number("+14155550199")
    orphan.friendly_name = "relay:main:us"
    try:
        compared = run(environment, "numbers", "reconcile")
    finally:
        carrier.account.remove_number(orphan)

    assert compared.returncode == 1
    assert "+14155550199  us  unused" in compared.stdout


def test_what_could_not_be_mended_says_what_helps(environment, carrier):
    service = carrier.add_service()
    lines(run(environment, "pools", "put", "us", "--country", "US"))
    lines(run(environment, "numbers", "import", NUMBER, "--pool", "us"))
    within = environment | {"TWILIO_MESSAGING_SERVICE_SID": service.sid}

    compared = run(within, "numbers", "reconcile", "--fix")

    assert compared.returncode == 1
    [left] = [line for line in compared.stdout.splitlines() if line.startswith(NUMBER)]
    assert left.startswith(f"{NUMBER}  us  not joined  Twilio would lose texts to the number")
    assert "python -m relay doctor --fix" in left
    assert "numbers differ" in compared.stderr


def test_a_pool_is_changed_and_deleted(environment):
    own = ("--min-headroom", "3", "--no-access-codes")
    lines(run(environment, "pools", "put", "us", "--country", "US", *own))
    lines(run(environment, "pools", "change", "us", "--max-ttl", "700000", "--cooldown", "9"))

    with real_redis(environment["REDIS_URL"]) as client:
        pool = Store(client, signer()).pools.get("us")
    assert (pool.min_headroom, pool.access_codes, pool.max_ttl) == (3, False, 700_000)
    assert (pool.candidate_cooldown, pool.recruiter_cooldown) == (9, 9)
    assert run(environment, "pools", "change", "us").returncode == 2
    assert run(environment, "pools", "change", "de", "--max-ttl", "700000").returncode == 1

    assert lines(run(environment, "pools", "delete", "us")) == ["us deleted"]
    assert run(environment, "pools", "delete", "us").returncode == 1


def test_every_field_of_a_pools_policy_has_its_option():
    options = {parameter.name for parameter in put_pool_command.params}
    assert {one.name for one in flat_terms(Pool)} <= options


def test_a_policy_is_put_in_words_and_money(environment):
    put = run(
        environment,
        *("pools", "put", "us", "--country", "US", "--selection", "spread", "--geo", "area_code"),
        *("--min-headroom", "3", "--monthly-budget", "12.50", "--no-access-codes"),
        *("--allowed-countries", "US", "--allowed-countries", "CA", "--cooldown", "60"),
        *("--recruiter-cooldown", "30", "--reputation-max-calls-per-day", "none"),
        *("--reputation-min-answer-rate", "0.1"),
    )
    assert lines(put) == ["us  US  0 numbers  0 open sessions  headroom 0  0 free for new pairs"]
    with real_redis(environment["REDIS_URL"]) as client:
        pool = Store(client, signer()).pools.get("us")
    assert pool == Pool(
        name="us",
        country="US",
        selection=Selection.SPREAD,
        geo=Geo.AREA_CODE,
        min_headroom=3,
        monthly_budget=1250,
        access_codes=False,
        allowed_countries=("US", "CA"),
        candidate_cooldown=60,
        recruiter_cooldown=30,
        reputation=ReputationPolicy(max_calls_per_day=None, min_answer_rate=0.1),
    )
    refused = run(environment, "pools", "put", "us", "--country", "US", "--monthly-budget", "much")
    assert refused.returncode == 2


@pytest.mark.parametrize("arguments", [("us",), ("us", "--max-ttl", "60")])
def test_a_pool_without_a_country_is_wrongly_called(environment, arguments):
    refused = run(environment, "pools", "put", *arguments)
    assert refused.returncode == 2
    assert "Missing option '--country'" in refused.stderr


def test_a_pools_policy_is_not_reset_by_leaving_it_out(environment):
    own = ("--cooldown", "60", "--no-access-codes")
    lines(run(environment, "pools", "put", "us", "--country", "US", *own))

    refused = run(environment, "pools", "put", "us", "--country", "US", "--no-access-codes")
    assert refused.returncode == 2
    assert "--candidate-cooldown, --recruiter-cooldown. Name that too" in refused.stderr

    lines(run(environment, "pools", "put", "us", "--country", "US", *own, "--max-ttl", "700000"))
    shorter = ("--cooldown", "30", "--no-access-codes", "--max-ttl", "700000")
    lines(run(environment, "pools", "put", "us", "--country", "US", *shorter))
    lines(run(environment, "pools", "put", "us", "--country", "US", "--reset"))
    with real_redis(environment["REDIS_URL"]) as client:
        assert Store(client, signer()).pools.get("us") == Pool(name="us", country="US")


def test_a_boards_account_is_not_dropped_by_leaving_it_out(environment, tmp_path):
    token = tmp_path / "token"
    token.write_text("its-own-token")
    put = ("boards", "put", "third", "--spoken-name", "Third Jobs", "--locale", "zh-CN")
    own = ("--account-sid", "AC" + "2" * 32, "--auth-token-file", str(token))
    service = ("--messaging-service", "MG" + "2" * 32)
    [made] = lines(run(environment, *put, *own, *service))

    refused = run(environment, "boards", "put", "third", "--spoken-name", "New Name")
    assert refused.returncode == 2
    assert "--locale, --account-sid, --messaging-service. Name that too" in refused.stderr
    assert made in lines(run(environment, "boards", "list"))

    kept = ("--account-sid", "AC" + "2" * 32)
    lines(run(environment, *put, *kept, *service))
    assert lines(run(environment, *put, "--reset")) == ["third  -  zh-CN  Third Jobs"]


def test_a_second_board_is_set_up_by_commands(environment, tmp_path):
    made = run(environment, "boards", "put", "second", "--spoken-name", "Second Jobs")
    assert lines(made) == ["second  -  en  Second Jobs"]
    token = tmp_path / "token"
    token.write_text("its-own-token\n")
    secret = tmp_path / "secret"
    secret.write_text("its-own-secret\n")
    own = ("--account-sid", "AC" + "2" * 32, "--auth-token-file", str(token))
    key = ("--api-key-sid", "SK" + "2" * 32, "--api-key-file", str(secret))
    put = run(environment, "boards", "put", "third", "--spoken-name", "Third Jobs", *own, *key)
    assert "its-own" not in "".join(lines(put))
    assert [line.split()[:2] for line in lines(run(environment, "boards", "list"))] == [
        ["main", "-"],
        ["second", "-"],
        ["third", "AC" + "2" * 32],
    ]

    [key] = lines(
        run(environment, "keys", "create", "backend", "--scope", "admin", "--board", "second")
    )
    assert key.startswith("relay_second_")
    assert len(lines(run(environment, "keys", "list", "--board", "second"))) == 1
    lines(run(environment, "pools", "put", "us", "--country", "US", "--board", "second"))
    assert lines(run(environment, "pools", "list", "--board", "second")) != []
    assert run(environment, "pools", "show", "us").returncode == 1
    lines(run(environment, "numbers", "import", NUMBER, "--pool", "us", "--board", "second"))
    assert run(environment, "numbers", "list").stdout == ""
    unknown = run(environment, "pools", "list", "--board", "nobodys")
    assert (unknown.returncode, unknown.stderr) == (1, "There is no such board.\n")


def test_a_deployment_key_has_no_other_scope(environment):
    [key] = lines(run(environment, "keys", "create", "operator", "--scope", "boards"))
    assert key.startswith("relay__")
    both = ("--scope", "boards", "--scope", "admin")
    refused = run(environment, "keys", "create", "operator", *both)
    assert refused.returncode == 2
