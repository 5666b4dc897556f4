"""Delivers one webhook: signed, redirected, retried as its URL's fragment asks."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from relay.sandbox.account import Account
from relay.sandbox.clock import Clock
from relay.sandbox.faults.signing import SigningFaults
from relay.sandbox.identifiers import Identifiers
from relay.sandbox.webhooks.exchange import (
    LARGEST_ANSWER,
    ConnectFailed,
    Exchange,
    HttpReply,
    NoReply,
    Outgoing,
)
from relay.sandbox.webhooks.journal import Webhook, WebhookDelivery
from relay.sandbox.webhooks.kinds import CALL_KINDS, CALLBACK_KINDS, VOICE_KINDS
from relay.sandbox.webhooks.overrides import Overrides
from relay.sandbox.webhooks.signature import sign, signed_url

MOST_REDIRECTS = 10
CALL_LIMIT = 15.0
RETRY_PAUSE = 0.1
UNSIGNED_FIELDS = {"CallToken": "%7B%22parentCallInfoToken%22%3A%22x%22%7D", "StirVerstat": ""}


@dataclass(frozen=True)
class _Failure:
    """`reason` is the word `rp` knows it by; empty where no retry is ever made."""

    reason: str
    code: int
    problem: str


class Postman:
    def __init__(
        self, account: Account, clock: Clock, identifiers: Identifiers, faults: SigningFaults
    ) -> None:
        self.exchange = Exchange()
        self.log: list[WebhookDelivery] = []
        self._account = account
        self._clock = clock
        self._identifiers = identifiers
        self._faults = faults
        self._stopped = threading.Event()

    def deliver(self, webhook: Webhook, token: str | None = None) -> WebhookDelivery:
        """Makes the request and, if the overrides say so, makes it again with the same token."""
        delivery = WebhookDelivery(
            kind=webhook.kind,
            url=webhook.url,
            method=webhook.method,
            params=dict(webhook.params),
            subject=webhook.subject,
            token=token or self._identifiers.idempotency_token(),
            at=self._clock.now(),
        )
        self.log.append(delivery)
        self._try_until_answered(webhook, delivery)
        if webhook.kind in CALLBACK_KINDS and not _is_proper_receipt(delivery):
            delivery.warnings.append(12300)
        return delivery

    def new_token(self) -> str:
        return self._identifiers.idempotency_token()

    def stop(self) -> None:
        self._stopped.set()
        self.exchange.cut_all()

    def _try_until_answered(self, webhook: Webhook, delivery: WebhookDelivery) -> None:
        overrides = _overrides_for(webhook)
        started = time.monotonic()
        for attempt in range(overrides.retries + 1):
            left = overrides.total_timeout - (time.monotonic() - started)
            if left <= 0 or (attempt and self._stopped.wait(min(RETRY_PAUSE, left))):
                break
            delivery.attempts += 1
            failure = self._attempt(webhook, delivery, overrides, started)
            delivery.duration = time.monotonic() - started
            delivery.errors = [failure.code] if failure else []
            if failure is None:
                break
            delivery.problems.append(failure.problem)
            if not overrides.retries_after(failure.reason):
                break

    def _attempt(
        self, webhook: Webhook, delivery: WebhookDelivery, overrides: Overrides, started: float
    ) -> _Failure | None:
        method, url, form = webhook.method, webhook.url, dict(webhook.params)
        for _ in range(MOST_REDIRECTS + 1):
            if not _is_address(url):
                return _Failure("", 11100, f"{url} is no address")
            left = overrides.total_timeout - (time.monotonic() - started)
            request = self._compose(webhook, delivery.token, method, url, form)
            request = replace(
                request,
                connect_timeout=max(0.05, min(overrides.connect_timeout, left)),
                read_timeout=max(0.05, min(overrides.read_timeout, left)),
            )
            try:
                reply = self.exchange.send(request)
            except ConnectFailed as problem:
                return _Failure("ct", 11205, f"no connection to {url}: {problem}")
            except NoReply as problem:
                return _Failure("rt", 11200, f"no answer from {url}: {problem}")
            if reply.location is None or not 300 <= reply.status < 400:
                _note(delivery, reply, url)
                return _verdict(reply)
            url = urljoin(url, reply.location)
            if reply.status in (301, 302, 303):
                method, form = "GET", {}
        return _Failure("", 11215, "more than 10 redirects")

    def _compose(
        self, webhook: Webhook, token: str, method: str, url: str, form: dict[str, str]
    ) -> Outgoing:
        in_body = method == "POST"
        url = url if in_body else _with_query(url, form)
        is_voice = webhook.kind in VOICE_KINDS
        signed = signed_url(url, is_voice=is_voice)
        unsigned: dict[str, str] = {}
        if self._faults.extra_unsigned_fields and in_body and webhook.kind == "voice":
            unsigned = UNSIGNED_FIELDS
            form = {name: value for name, value in form.items() if name not in UNSIGNED_FIELDS}
        signature = sign(self._signing_token(), signed, form if in_body else {})
        if self._faults.sorted_action_queries and webhook.kind in ("action", "screen", "status"):
            url = _with_sorted_query(url)
        return Outgoing(
            method=method,
            url=url,
            headers=_headers(url, token, signature, in_body=in_body),
            body=urlencode({**form, **unsigned}).encode() if in_body else b"",
            connect_timeout=0,
            read_timeout=0,
            cookies=webhook.cookies,
        )

    def _signing_token(self) -> str:
        if self._faults.wrong_signature:
            return "0" * 32
        if self._faults.secondary_token is not None:
            return self._faults.secondary_token
        return self._account.auth_token


def _overrides_for(webhook: Webhook) -> Overrides:
    overrides = Overrides.in_url(webhook.url)
    if webhook.kind in CALL_KINDS:
        return replace(overrides, total_timeout=min(overrides.total_timeout, CALL_LIMIT))
    return overrides


def _note(delivery: WebhookDelivery, reply: HttpReply, url: str) -> None:
    delivery.status = reply.status
    delivery.content_type = reply.content_type
    delivery.body = reply.body.decode("utf-8", "replace")
    delivery.answered_by = urlsplit(url)._replace(fragment="").geturl()


def _is_proper_receipt(delivery: WebhookDelivery) -> bool:
    """204, or 200 with TwiML; anything else is a warning in the Debugger (TW-answers)."""
    media_type = delivery.content_type.partition(";")[0].strip().lower()
    return delivery.status == 204 or media_type in ("text/xml", "application/xml")


def _verdict(reply: HttpReply) -> _Failure | None:
    if len(reply.body) > LARGEST_ANSWER:
        return _Failure("", 11750, "the answer is larger than 64 kB")
    if 200 <= reply.status < 300:
        return None
    return _Failure(f"{reply.status // 100}xx", 11200, f"HTTP status {reply.status}")


def _with_query(url: str, params: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(params)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def _with_sorted_query(url: str) -> str:
    parts = urlsplit(url)
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _headers(url: str, token: str, signature: str, *, in_body: bool) -> dict[str, str]:
    headers = {
        "Host": urlsplit(url).netloc.rpartition("@")[2],
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "Cache-Control": "max-age=259200",
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": token,
    }
    if in_body:
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    return headers
