"""Debian's Prometheus, which scrapes a service once a second under the rules of ``deploy/``."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.e2e.stage import eventually

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
#: A text counts as stuck after five seconds, rather than minutes, and work as late without a grace.
HASTE = {
    "relay_oldest_unsent_text_age_seconds) > 300": "relay_oldest_unsent_text_age_seconds) > 5",
    "relay_periodic_job_interval_seconds) + 120": "relay_periodic_job_interval_seconds)",
}
#: An increase is seen for so many seconds, rather than for minutes.
LOOKS_BACK = 8


@dataclass(frozen=True)
class Prometheus:
    base_url: str

    def ask(self, path: str, **query: str) -> Any:
        answer = requests.get(f"{self.base_url}/api/v1/{path}", params=query, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def firing(self) -> set[str]:
        return {
            alert["labels"]["alertname"]
            for alert in self.ask("alerts")["alerts"]
            if alert["state"] == "firing"
        }

    def is_up(self) -> bool:
        with suppress(requests.RequestException):
            return bool(requests.get(f"{self.base_url}/-/ready", timeout=1).ok)
        return False


def hasty_rules() -> str:
    """The rules as they are, but for how long they wait and look back."""
    text, waits = re.subn(r"\bfor: \w+$", "for: 1s", RULES.read_text(), flags=re.MULTILINE)
    text, looks = re.subn(r"\[\d+[mh]\]", f"[{LOOKS_BACK}s]", text)
    text = re.sub(r"offset \d+[mh]", f"offset {LOOKS_BACK}s", text)
    assert waits > 10
    assert looks > 6
    for patience, haste in HASTE.items():
        assert patience in text
        text = text.replace(patience, haste)
    return text


@contextmanager
def scraping(directory: Path, *, target: str, token: str) -> Iterator[Prometheus]:
    """``target`` is host and port of the service."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "alerts.yaml").write_text(hasty_rules())
    (directory / "prometheus.yaml").write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s, scrape_timeout: 1s}}
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: relay
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ['{target}']}}]
""")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    command = [
        "prometheus",
        f"--config.file={directory / 'prometheus.yaml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with (directory / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        prometheus = Prometheus(f"http://{address}")
        eventually(prometheus.is_up)
        yield prometheus
    finally:
        process.terminate()
        process.wait(20)
