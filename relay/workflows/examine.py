"""Looks at everything a running relay needs, and says how to mend what is wrong: the ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator

from relay.carrier.urls import WebhookUrls
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.pool import VirtualNumber
from relay.store.clock import clock_difference
from relay.store.durability import LEAST_VERSION, durability, server_version
from relay.workflows.check_readiness import (
    Check,
    Verdict,
    check_clock,
    check_durability,
)
from relay.workflows.services import Services

#: Each is a request to the carrier, and a deploy waits for it.
_MOST_LOOKED_AT = 50
_LOCAL_HOSTS = ("http://localhost", "http://127.0.0.1")


def examine(services: Services) -> Iterator[Check]:
    """One finding after another; raises nothing. The first that is called ``store`` and has failed
    means that the rest could not be looked at."""
    yield _check_address(services)
    try:
        yield from _check_store(services)
        numbers = [
            number
            for pool in services.store.pools.names()
            for number in services.store.numbers.of_pool(pool)
        ]
    except Unavailable:
        yield Check("store", Verdict.FAILED, "does not answer: see REDIS_URL, and whether it runs")
        return
    yield from _check_carrier(services, numbers)


def _check_address(services: Services) -> Check:
    address = services.settings.public_base_url
    if address.startswith("https://") or address.startswith(_LOCAL_HOSTS):
        return Check("address", Verdict.OK, address)
    return Check("address", Verdict.WARNING, "PUBLIC_BASE_URL should begin with https://")


def _check_store(services: Services) -> Iterator[Check]:
    client = services.store.client
    difference = clock_difference(client)
    yield _check_version(server_version(client))
    yield check_clock(difference)
    yield check_durability(durability(client), is_required=services.settings.require_durable)


def _check_version(version: tuple[int, int] | None) -> Check:
    if version is None:
        return Check("store", Verdict.OK, "answers; its version cannot be seen")
    said = f"answers, version {version[0]}.{version[1]}"
    if version >= LEAST_VERSION:
        return Check("store", Verdict.OK, said)
    least = f"{LEAST_VERSION[0]}.{LEAST_VERSION[1]}"
    return Check("version", Verdict.FAILED, f"{said}: Relay needs Redis {least} or newer")


def _check_carrier(services: Services, numbers: list[VirtualNumber]) -> Iterator[Check]:
    if not numbers:
        yield Check("numbers", Verdict.WARNING, "none yet: python -m relay numbers import")
    try:
        # Without a number of ours any other question tells whether the account lets us in.
        if not numbers:
            services.carrier.numbers.find_owned("+15005550006")
        for number in numbers[:_MOST_LOOKED_AT]:
            yield _check_number(services, number)
    except CarrierError as error:
        yield Check(
            "carrier",
            Verdict.FAILED,
            f"refused or did not answer ({error}): see TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN",
        )
        return
    yield Check("carrier", Verdict.OK, "the account answers")
    if len(numbers) > _MOST_LOOKED_AT:
        looked_at = f"the first {_MOST_LOOKED_AT} of {len(numbers)} were looked at"
        yield Check("numbers", Verdict.WARNING, looked_at)


def _check_number(services: Services, number: VirtualNumber) -> Check:
    name = f"number {number.number}"
    owned = services.carrier.numbers.find_owned(number.number)
    if owned is None:
        return Check(name, Verdict.FAILED, "the account does not own it any more")
    urls = WebhookUrls(services.settings.public_base_url)
    wanted = (urls.voice(), urls.messages())
    if tuple(map(_bare, (owned.voice_url, owned.sms_url))) == tuple(map(_bare, wanted)):
        return Check(name, Verdict.OK, "calls and texts come here")
    return Check(
        name,
        Verdict.FAILED,
        "its calls or texts go elsewhere: "
        f"python -m relay numbers import {number.number} --pool {number.pool}",
    )


def _bare(url: str) -> str:
    """Without the fragment, which holds only how often to try again."""
    return url.partition("#")[0]
