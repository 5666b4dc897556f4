from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from relay.carrier.urls import WebhookUrls
from relay.sandbox.webhooks.overrides import Overrides

urls = WebhookUrls("https://relay.example.com/", "main")


def test_every_webhook_has_its_path() -> None:
    paths = {
        urls.voice(): "/twilio/voice",
        urls.messages(): "/twilio/messages",
        urls.call_ended(): "/twilio/calls/ended",
        urls.screen("us.CA1"): "/twilio/main/calls/us.CA1/screen",
        urls.screen_answer("us.CA1", 2): "/twilio/main/calls/us.CA1/screen/answer/2",
        urls.dial_ended("us.CA1"): "/twilio/main/calls/us.CA1/dialled",
        urls.leg("us.CA1"): "/twilio/main/calls/us.CA1/leg",
        urls.message_status("us.SM1", "t1"): "/twilio/main/messages/us.SM1/t1/status",
    }
    for url, path in paths.items():
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "relay.example.com", path)
        assert parts.query == ""  # Twilio sorts it after signing


@pytest.mark.parametrize("url", [urls.voice(), urls.messages(), urls.message_status("m", "a")])
def test_the_carrier_is_asked_to_try_again_after_any_failure(url: str) -> None:
    overrides = Overrides.in_url(url)
    assert overrides.retries >= 2
    assert overrides.retries_after("5xx")
    assert overrides.retries_after("rt")


def test_all_tries_of_a_call_fit_into_its_fifteen_seconds() -> None:
    overrides = Overrides.in_url(urls.voice())
    assert (overrides.retries + 1) * overrides.read_timeout <= 15
