"""Headless Chromium, spoken to over two pipes (its DevTools protocol: JSON, each message ended by a
zero byte), so that a test sees what a page logs and where it reaches out to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

#: Debian's names, and those of others.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Browser:
    """One page. Use it with ``with``; ``events`` is all that it has told, in order."""

    def __init__(self, program: str, directory: Path) -> None:
        self.events: list[dict[str, Any]] = []
        self._last_id = 0
        self._session = ""
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        # The protocol's pipes are 3 and 4; a shell puts ours there.
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={directory}", "about:blank"]
        moved = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", moved, "bash", program, *options],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._pending = b""

    def __enter__(self) -> Browser:
        target = self.ask("Target.createTarget", url="about:blank", width=1400, height=1600)
        attached = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command of the protocol."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            received = self._receive()
            if received.get("id") == self._last_id:
                assert "error" not in received, (method, received["error"])
                answer: dict[str, Any] = received["result"]
                return answer
            self.events.append(received)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            more = os.read(self._read, 1 << 16)
            assert more, "the browser has ended"
            self._pending += more
        message, _, self._pending = self._pending.partition(b"\0")
        received: dict[str, Any] = json.loads(message)
        return received

    def open(self, url: str) -> None:
        self.ask("Page.navigate", url=url)

    def run(self, script: str, *, may_fail: bool = False) -> Any:
        """The value of an expression in the page."""
        answer = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert may_fail or "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = 40) -> None:
        """Until an expression in the page is true."""
        deadline = time.monotonic() + seconds
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
            time.sleep(0.1)

    def click(self, words: str) -> None:
        """The first button or link that says so."""
        script = "[...document.querySelectorAll('button, a')].find(each => each.textContent.trim()"
        self.wait_for(f"{script} === {json.dumps(words)})")
        self.run(f"{script} === {json.dumps(words)}).click()")

    def type_into(self, selector: str, text: str) -> None:
        self.wait_for(f"document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.ask("Input.insertText", text=text)

    # --- what it has told ---------------------------------------------------------------

    def told(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]

    def complaints(self) -> list[str]:
        """Errors in the page and of its own console, what its policy has stopped with them."""
        logged = [each["entry"] for each in self.told("Log.entryAdded")]
        said = [each for each in self.told("Runtime.consoleAPICalled") if each["type"] == "error"]
        thrown = self.told("Runtime.exceptionThrown")
        return [
            *[entry["text"] for entry in logged if entry["level"] in {"error", "warning"}],
            *[str(each["args"]) for each in said],
            *[str(each["exceptionDetails"]) for each in thrown],
        ]

    def requested(self) -> set[str]:
        """The addresses that the page has asked for something."""
        return {each["request"]["url"] for each in self.told("Network.requestWillBeSent")}
