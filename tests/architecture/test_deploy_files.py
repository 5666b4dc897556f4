"""What each platform reads says the same as the Procfile and the settings, and the Makefile what
the tests are marked with."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import Settings
from relay.sandbox.procfile import ROOT
from tests.conftest import ROOMS_OF_THE_CORE
from tests.deployments import (
    PROCFILE,
    app_json,
    blueprint,
    compose,
    image,
    settings_in_example,
)

SETTINGS = {name.upper() for name in Settings.model_fields}
#: Without these a process does not start. An API key stands in for the token but in ``web``.
NEEDED = {
    "REDIS_URL",
    "PUBLIC_BASE_URL",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "RELAY_SEALING_KEYS",
    "RELAY_INDEX_KEYS",
}
API_KEY = {"TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"}
TOOLS = Path(sys.executable).parent
RENDER_SERVICES = {service["name"]: service for service in blueprint()["services"]}


def check(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- the processes ----------------------------------------------------------------------


def test_the_procfile_has_four_processes() -> None:
    assert list(PROCFILE) == ["release", "web", "worker", "scheduler"]


@pytest.mark.parametrize("process", PROCFILE)
def test_compose_starts_what_the_procfile_starts(process: str) -> None:
    assert compose()["services"][process]["command"] == PROCFILE[process]


def test_render_starts_what_the_procfile_starts() -> None:
    started = {
        name.removeprefix("relay-"): service["startCommand"]
        for name, service in RENDER_SERVICES.items()
        if service["type"] != "keyvalue"
    }

    assert {"release": RENDER_SERVICES["relay-web"]["preDeployCommand"]} | started == PROCFILE


def test_heroku_starts_one_of_each_process_that_stays() -> None:
    formation = app_json()["formation"]

    assert {*formation} == {*PROCFILE} - {"release"}
    assert all(process["quantity"] == 1 for process in formation.values())


def test_the_image_starts_the_web_server() -> None:
    assert image().command == shlex.split(PROCFILE["web"])


# --- the settings -----------------------------------------------------------------------


def test_heroku_asks_for_what_is_needed_and_for_nothing_unknown() -> None:
    asked = app_json()["env"]

    assert {*asked} <= SETTINGS
    # Its Redis sets REDIS_URL.
    assert {name for name, one in asked.items() if one.get("required", True)} >= NEEDED - {
        "REDIS_URL"
    }
    assert [addon["as"] for addon in app_json()["addons"]] == ["REDIS"]


def given_on_render(name: str) -> dict[str, object]:
    groups = {group["name"]: group["envVars"] for group in blueprint()["envVarGroups"]}
    given: dict[str, object] = {}
    for entry in RENDER_SERVICES[name]["envVars"]:
        for one in groups[entry["fromGroup"]] if "fromGroup" in entry else [entry]:
            given[one["key"]] = one
    return given


@pytest.mark.parametrize("name", ["relay-web", "relay-worker", "relay-scheduler"])
def test_render_gives_each_process_what_it_needs(name: str) -> None:
    given = given_on_render(name)
    needed = (NEEDED | API_KEY) - (
        # Render sets RENDER_EXTERNAL_URL in a web service, and an API key does for the others.
        {"PUBLIC_BASE_URL"} if name == "relay-web" else {"TWILIO_AUTH_TOKEN"}
    )

    assert needed <= {*given}
    assert {*given} - {"PYTHON_VERSION"} <= SETTINGS


def test_what_a_process_on_render_takes_from_another_is_there() -> None:
    for service in RENDER_SERVICES.values():
        for entry in service.get("envVars", []):
            if source := entry.get("fromService"):
                other = RENDER_SERVICES[source["name"]]
                assert other["type"] == source["type"]
                key = source.get("envVarKey", "RENDER_EXTERNAL_URL")
                assert key == "RENDER_EXTERNAL_URL" or key in given_on_render(source["name"])


def test_renders_redis_evicts_nothing_and_is_open_to_nobody_outside() -> None:
    redis = RENDER_SERVICES["relay-redis"]

    assert redis["maxmemoryPolicy"] == "noeviction"
    assert redis["plan"] != "free"
    assert redis["ipAllowList"] == []


def test_render_checks_that_the_process_is_up() -> None:
    assert RENDER_SERVICES["relay-web"]["healthCheckPath"] == "/healthz"


def test_compose_takes_every_setting_from_the_file_but_where_redis_is() -> None:
    services = compose()["services"]
    for process in PROCFILE:
        assert services[process]["env_file"] == ".env"
        assert {*services[process]["environment"]} <= {"REDIS_URL", "PORT"}
    assert {*settings_in_example()} >= NEEDED


# --- the containers ---------------------------------------------------------------------


def test_the_dockerfile_passes_its_linter() -> None:
    check(str(TOOLS / "hadolint"), "Dockerfile")


def test_compose_follows_its_schema() -> None:
    check(
        str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml"
    )


def test_images_are_pinned_to_a_release() -> None:
    images = [*image().bases, compose()["services"]["redis"]["image"]]

    assert all(re.search(r":\d+\.\d+\.\d+-\w", name) for name in images), images


def test_every_platform_runs_the_python_of_the_repository() -> None:
    wanted = (ROOT / ".python-version").read_text().strip()

    assert all(base.startswith(f"python:{wanted}.") for base in image().bases)
    version = given_on_render("relay-web")["PYTHON_VERSION"]
    assert isinstance(version, dict)
    assert version["value"].startswith(f"{wanted}.")


def test_nothing_in_a_container_may_become_root_or_write_to_its_image() -> None:
    assert image().user.isdecimal()
    assert image().user != "0"
    for process in PROCFILE:
        service = compose()["services"][process]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_composes_redis_is_on_no_port_and_keeps_its_files_in_a_volume() -> None:
    redis = compose()["services"]["redis"]

    assert "ports" not in redis
    assert redis["volumes"] == ["redis-data:/data"]
    assert {"redis-data"} == {*compose()["volumes"]}
    assert "--appendonly yes" in redis["command"]
    assert "--maxmemory-policy noeviction" in redis["command"]


# --- make test ----------------------------------------------------------------------------


def test_each_test_is_in_one_of_the_two_parts_of_make_test() -> None:
    makefile = (ROOT / "Makefile").read_text()
    core = re.search(r"^CORE := (.+)$", makefile, re.MULTILINE)
    assert core
    assert set(core[1].split()) == {f"tests/{room}" for room in ROOMS_OF_THE_CORE}
    assert re.findall(r'-m "(traced|not traced) and not on_fakeredis"', makefile) == [
        "traced",
        "not traced",
    ]
