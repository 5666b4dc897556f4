"""How the SDK's requests leave: with a timeout, to the address we say, measured, and without log
lines."""

from __future__ import annotations

import logging
import re
import threading
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from relay.carrier.errors import refusal
from relay.domain.exchange import Exchange, ExchangeEnd, Observer, Resource, Verb
from relay.domain.throttle import Throttle

#: For connecting and again for the answer. A lane's lease is longer than both together.
TIMEOUT = 5.0
#: The same for a page of a long list, while which nothing is held.
PAGE_TIMEOUT = 20.0
ORIGINAL_HOST = "X-Relay-Original-Host"
#: What stands in the path → what the request is about. The first that is found counts.
_RESOURCES = {
    "Messages": Resource.MESSAGES,
    "Calls": Resource.CALLS,
    "IncomingPhoneNumbers": Resource.NUMBERS,
    "AvailablePhoneNumbers": Resource.MARKET,
    "Services": Resource.SERVICES,
}

# It prints every URL and form at INFO, and they hold phone numbers.
logging.getLogger("twilio.http_client").setLevel(logging.WARNING)


def _ignore(_exchange: Exchange) -> None:
    """Nobody measures."""


class CarrierHttp(TwilioHttpClient):  # type: ignore[misc] # the SDK has no types
    """The SDK's own client, to which ``base_url`` gives another address for all its products.

    It keeps as many connections as ``throttle`` lets be used at once, and tells it of refusals.
    ``observe`` is told of each request, by the thread that makes it.
    """

    def __init__(
        self,
        throttle: Throttle,
        *,
        base_url: str = "",
        timeout: float = TIMEOUT,
        observe: Observer | None = None,
    ) -> None:
        self._of_thread = threading.local()
        super().__init__(timeout=timeout)
        self._throttle = throttle
        self._observe = observe or _ignore
        self._elsewhere = urlsplit(base_url) if base_url else None
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=throttle.most))
        if self._elsewhere:
            # A proxy that the environment names is for the way out, not for the sandbox.
            self.session.trust_env = False

    @property
    def _test_only_last_response(self) -> Response | None:
        """What the SDK keeps for its own tests, and answers requests from. Threads share the
        client, and none must get another one's."""
        response: Response | None = self._of_thread.response
        return response

    @_test_only_last_response.setter
    def _test_only_last_response(self, response: Response | None) -> None:
        self._of_thread.response = response

    def request(  # noqa: PLR0917 - the SDK's signature
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> Any:
        """The SDK's request. Raises CarrierError for every status that does not say that it was
        done: the SDK itself would drop the Retry-After, and takes a redirect, or a page that
        somebody on the way answers, for success."""
        if self._elsewhere:
            headers = {**(headers or {}), ORIGINAL_HOST: urlsplit(url).netloc}
            url = _moved(url, self._elsewhere)
        began_at, end = time.perf_counter(), ExchangeEnd.NO_ANSWER
        try:
            response: Response = super().request(
                method, url, params, data, headers, auth, timeout, allow_redirects
            )
            end = _end_of(method, response.status_code)
        finally:
            took = time.perf_counter() - began_at
            self._observe(Exchange(Verb(method.lower()), _resource_of(url), end, took))
        if not _is_done(method, response.status_code):
            error = refusal(
                response.status_code, response.text, response.headers, creates=method == "POST"
            )
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                self._throttle.note_refused(now=time.time(), retry_after=error.retry_after)
            raise error
        self._throttle.note_taken()
        return response


def _end_of(method: str, status: int) -> ExchangeEnd:
    if _is_done(method, status):
        return ExchangeEnd.DONE
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ExchangeEnd.THROTTLED
    is_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return ExchangeEnd.FAILED if is_theirs else ExchangeEnd.REFUSED


def _resource_of(url: str) -> Resource:
    """Without the ids in the path, which may be numbers."""
    words = re.findall(r"[A-Za-z]+", urlsplit(url).path)
    return next((_RESOURCES[word] for word in words if word in _RESOURCES), Resource.OTHER)


def _is_done(method: str, status: int) -> bool:
    if method == "DELETE":
        return status == HTTPStatus.NO_CONTENT
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _moved(url: str, to: SplitResult) -> str:
    parts = urlsplit(url)
    return urlunsplit((to.scheme, to.netloc, to.path.rstrip("/") + parts.path, parts.query, ""))
