"""How the web process starts: completely, or with one message that says why not."""

import json
import subprocess
import sys

from tests.architecture.source import ROOT

START = "from relay.app import create_app; print(create_app().title)"
COMPLETE = {
    "PATH": "/usr/bin:/bin",
    "REDIS_URL": "redis://127.0.0.1:1",
    "PUBLIC_BASE_URL": "https://relay.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
    "TWILIO_AUTH_TOKEN": "5" * 32,
    "RELAY_SEALING_KEYS": "a secret for sealing in tests",
    "RELAY_INDEX_KEYS": "a secret for indexing in tests",
}


def start(environment):
    return subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_process_starts_though_the_store_is_away():
    done = start(COMPLETE)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Relay"


def test_a_start_without_settings_names_all_of_them_and_ends_what_gunicorn_would_repeat():
    done = start({name: COMPLETE[name] for name in ("PATH", "REDIS_URL")})

    assert (done.returncode, done.stderr) == (4, "")
    for name in set(COMPLETE) - {"PATH", "REDIS_URL"}:
        assert f"{name} is missing" in " ".join(json.loads(done.stdout)["problems"])


def test_a_start_with_a_language_that_nobody_speaks_here_says_so():
    done = start(COMPLETE | {"DEFAULT_LOCALE": "de"})

    assert (done.returncode, done.stderr) == (4, "")
    assert "DEFAULT_LOCALE: must be a language that is spoken here" in done.stdout
