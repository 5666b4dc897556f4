"""Cookies a customer's server set, to be sent back (TW-twiml)."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie


class Cookies:
    """By host. Paths and lifetimes are not looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_host: dict[str, dict[str, str]] = {}

    def header_for(self, host: str) -> str:
        with self._lock:
            kept = self._by_host.get(host, {})
            return "; ".join(f"{name}={value}" for name, value in kept.items())

    def keep(self, host: str, set_cookie_headers: Iterable[str]) -> None:
        with self._lock:
            kept = self._by_host.setdefault(host, {})
            for header in set_cookie_headers:
                kept.update(_read(header))


def _read(header: str) -> dict[str, str]:
    try:
        return {name: morsel.coded_value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
