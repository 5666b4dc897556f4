"""The alerts and the dashboard: by promtool, and against the runbook. Whether they tell the truth
of a running service is tried in ``tests/e2e/test_alerts.py``."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.web.api import make_api
from tests.workflows.test_survey import make_well

ROOT = Path(__file__).parents[2]
RULES_FILE = ROOT / "deploy" / "prometheus" / "alerts.yaml"
TESTS_FILE = ROOT / "deploy" / "prometheus" / "alerts_test.yaml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "relay.json").read_text())
RULES = [
    rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
NAMES = {rule["alert"] for rule in ALERTS}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
HEADINGS = set(re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE))

with_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not installed (Debian: apt-get install prometheus)",
)


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        ["promtool", *arguments],
        cwd=TESTS_FILE.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def panels() -> Iterator[dict[str, Any]]:
    yield from (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


@with_promtool
def test_promtool_finds_nothing_wrong_with_the_rules() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", RULES_FILE.name)


@with_promtool
def test_promtool_finds_nothing_wrong_with_the_metrics() -> None:
    api = make_api()
    make_well(api.world.deployment)
    scraped = api.get("/metrics").text

    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=scraped,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "relay_workers" in scraped
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@with_promtool
def test_each_rule_fires_on_the_figures_it_is_for() -> None:
    assert "SUCCESS" in promtool("test", "rules", TESTS_FILE.name)


def test_promtool_sees_each_rule_fire_and_be_quiet() -> None:
    fires, is_quiet = set(), set()
    for case in yaml.safe_load(TESTS_FILE.read_text())["tests"]:
        for check in case["alert_rule_test"]:
            (fires if check["exp_alerts"] else is_quiet).add(check["alertname"])

    assert fires == NAMES
    assert is_quiet == NAMES


def test_each_rule_says_what_is_wrong_and_where_to_read_on() -> None:
    for rule in ALERTS:
        assert rule["annotations"]["summary"].rstrip('"').endswith((".", "ago."))
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_the_runbook_has_a_heading_for_each_rule_and_no_other() -> None:
    assert HEADINGS == NAMES
    for part in RUNBOOK.split("\n## ")[1:]:
        assert "\n- Look: " in part, part
        assert "\n- Mend: " in part, part


def test_what_the_runbook_tells_to_run_there_is() -> None:
    """The commands of ``python -m relay``, and their options."""
    commands = re.findall(r"python -m relay ((?:[a-z]+ ?)+)((?: ?--[a-z]+(?: \w+)?)*)", RUNBOOK)
    assert len(commands) > 8
    for words, options in {(words.strip(), options) for words, options in commands}:
        shown = subprocess.run(
            [sys.executable, "-m", "relay", *words.split(), "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert shown.returncode == 0, words
        for option in re.findall(r"--[a-z]+", options):
            assert option in shown.stdout, (words, option)


def test_each_panel_says_what_it_shows() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith((".", *NAMES)), panel["title"]
        assert set(re.findall(r"\bRelay[A-Z]\w+", panel["description"])) <= NAMES
        assert panel["targets"]
        assert all(target["legendFormat"] for target in panel["targets"])


def test_no_two_panels_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
