"""Each way to deploy us runs the whole service, with its own files and commands as they stand.

There is no container here: the image is a folder with the files that the Dockerfile copies, its
Python is that of the tests, and Redis is the one at hand with the arguments of compose.yaml.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import redis
from dotenv import dotenv_values

from relay.embedded_redis import _free_port, find_server
from relay.sandbox.procfile import ROOT
from relay.sandbox.service import Service, simulated_carrier
from tests.deployments import PROCFILE, compose, image, settings_in_example
from tests.e2e.stage import NUMBER, eventually

RECRUITER = {"ref": "r-1001", "phone": "+12125550101", "name": "Rita Reyes"}
CANDIDATE = {"ref": "c-77", "phone": "+13105550127"}
COMPOSED = {name: compose()["services"][name]["command"] for name in PROCFILE}


@pytest.fixture(scope="module", params=["Procfile", "compose.yaml"])
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The processes of a platform: from the repository, or from what the image holds of it."""
    composed = request.param == "compose.yaml"
    tmp_path = tmp_path_factory.mktemp("deployment")
    with (
        simulated_carrier() as carrier,
        Service(
            carrier,
            tmp_path / "service",
            root=image().lay_out(tmp_path / "image") if composed else ROOT,
            commands=COMPOSED if composed else PROCFILE,
        ) as service,
    ):
        carrier.add_number(NUMBER)
        yield service


def in_shell(service: Service, command: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=service.root,
        env=service.environment | changed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_released_serves_and_delivers(deployment: Service) -> None:
    released = in_shell(deployment, deployment.commands["release"])
    assert released.returncode == 0, released.stdout + released.stderr

    api = deployment.api()
    api.ask("PUT", "/v1/pools/us", {"country": "US", "allowed_countries": ["US"]})
    api.ask("POST", "/v1/numbers", {"phone_number": NUMBER, "pool": "us"})
    api.ask("POST", "/v1/sessions", {"recruiter": RECRUITER, "candidate": CANDIDATE})
    rita, carl = (deployment.carrier.phone(one["phone"]) for one in (RECRUITER, CANDIDATE))
    rita.text(NUMBER, "Hello from a deployment")
    assert "Hello from a deployment" in carl.wait_for_text()[0].body
    at_work = {"ok       scheduler", "ok       workers"}
    eventually(
        lambda: in_shell(deployment, "python -m relay doctor").stdout,
        lambda said: all(line in said for line in at_work),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"TWILIO_AUTH_TOKEN": ""},
        {"RELAY_SEALING_KEYS": "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"REDIS_URL": "redis://127.0.0.1:1/0"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_release_with_a_wrong_setting_stops_the_deploy(
    deployment: Service, wrong: Mapping[str, str]
) -> None:
    assert in_shell(deployment, deployment.commands["release"], **wrong).returncode != 0


def test_the_images_healthcheck_tells_whether_the_web_server_answers(deployment: Service) -> None:
    healthcheck = shlex.join(image().healthcheck)

    assert in_shell(deployment, healthcheck).returncode == 0
    deployment.kill("web")
    assert in_shell(deployment, healthcheck).returncode == 1
    deployment.start("web")
    deployment.wait_until("/readyz")


def test_a_copy_of_the_example_that_is_filled_in_is_read_by_a_shell_and_by_compose(
    deployment: Service,
) -> None:
    """``cp .env.example .env`` and fill in, as its first lines say."""
    given = {name: deployment.environment.get(name, "") for name in settings_in_example()}
    lines = (ROOT / ".env.example").read_text().splitlines()
    filled = deployment.directory / ".env"
    filled.write_text(
        "".join(
            f"{name}={shlex.quote(given[name])}\n" if given.get(name) else f"{line}\n"
            for line in lines
            for name in [line.partition("=")[0]]
        )
    )
    nothing = dict.fromkeys(settings_in_example(), "")

    read = f"set -a; . {filled}; set +a; exec {deployment.commands['release']}"
    released = in_shell(deployment, read, **nothing)
    assert released.returncode == 0, released.stdout + released.stderr
    settings = {name: value for name, value in given.items() if value}
    assert settings.items() <= dotenv_values(filled).items()


def test_composes_redis_is_healthy_when_it_answers_and_keeps_what_it_was_told(
    tmp_path: Path,
) -> None:
    if shutil.which("redis-cli") is None:
        pytest.skip("no redis-cli here: it comes with Debian's redis-server, not with the wheel's")
    service, port = compose()["services"]["redis"], _free_port()
    started = [find_server(), *shlex.split(service["command"])[1:]]
    here = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    kind, *healthcheck = service["healthcheck"]["test"]
    assert kind == "CMD"

    def is_healthy() -> bool:
        asked = [*healthcheck[:1], "-p", str(port), *healthcheck[1:]]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
        return answer.returncode == 0 and answer.stdout == "PONG\n"

    for expected in (None, b"the promise"):
        process = subprocess.Popen([*started, *here], stdout=subprocess.DEVNULL)
        try:
            eventually(is_healthy)
            with closing(redis.Redis(port=port)) as client:
                assert client.get("told") == expected
                client.set("told", "the promise")
                assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        finally:
            # The container is taken away; its volume stays.
            process.kill()
            process.wait()
    assert not is_healthy()
