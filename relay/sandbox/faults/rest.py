"""REST requests that are refused, slow, or answered into the void."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from relay.sandbox.rest.request import RestCall


@dataclass
class RestFault:
    """One kind of trouble for the next `times` requests that fit.

    `status` refuses without effect; `timeout` holds the request that many seconds, then closes it
    without effect or answer; `slow` has the effect and answers late; `lost_reply` has the effect
    and closes the connection, after `hang` seconds. With `sender` it fits what is From that number.
    """

    status: int | None = None
    code: int | None = None
    retry_after: int | None = None
    html: bool = False
    timeout: float | None = None
    slow: float | None = None
    lost_reply: bool = False
    hang: float = 0.0
    times: int = 1
    path_contains: str = ""
    method: str | None = None
    sender: str | None = None

    def fits(self, call: RestCall) -> bool:
        return (
            self.path_contains in call.path
            and self.method in (None, call.method)
            and self.sender in (None, call.get("From"))
        )


class RestFaults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[RestFault] = []
        self._suspended_until = 0.0

    def suspend(self, seconds: float) -> None:
        """The account is suspended for so many real seconds: every request is refused (20005)."""
        with self._lock:
            self._suspended_until = time.monotonic() + seconds

    def next(
        self,
        *,
        status: int | None = None,
        code: int | None = None,
        retry_after: int | None = None,
        html: bool = False,
        timeout: float | None = None,
        slow: float | None = None,
        lost_reply: bool = False,
        hang: float = 0.0,
        times: int = 1,
        path_contains: str = "",
        method: str | None = None,
        sender: str | None = None,
    ) -> RestFault:
        """Troubles the next requests; several faults queue up, the first that fits is taken."""
        fault = RestFault(
            status=status,
            code=code,
            retry_after=retry_after,
            html=html,
            timeout=timeout,
            slow=slow,
            lost_reply=lost_reply,
            hang=hang,
            times=times,
            path_contains=path_contains,
            method=method,
            sender=sender,
        )
        with self._lock:
            self._queue.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()
            self._suspended_until = 0.0

    def take(self, call: RestCall) -> RestFault | None:
        with self._lock:
            if time.monotonic() < self._suspended_until:
                return RestFault(status=401, code=20005)
            fault = next((f for f in self._queue if f.fits(call)), None)
            if fault is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._queue.remove(fault)
            return fault
