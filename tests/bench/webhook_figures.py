"""The inbound-call webhook of one gevent worker on real Redis, beside a bare Flask view."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import aiohttp
import requests
from twilio.request_validator import RequestValidator

from relay.carrier.webhooks import read_inbound_call
from relay.domain.participant import Role
from relay.embedded_redis import EmbeddedRedis
from relay.store.claims import Claimed
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench.board import SEED, empty, fictional_phone, fill, make_board, stock
from tests.bench.served import (
    ACCOUNT,
    SECONDS,
    TOKEN,
    Request,
    environment_of,
    free_port,
    full_load,
    gunicorn,
    write_requests,
)
from tests.bench.table import Row
from tests.key_ring import SIGNER

PATH = "/twilio/voice"
SIGNATURE_HEADER = "X-Twilio-Signature"
FORM = "application/x-www-form-urlencoded"
SESSIONS = 100_000
CALLS = 60_000
HALF_SENT = 40


def webhook(server: EmbeddedRedis, directory: Path) -> list[Row]:
    store = Store(connect(server.url), SIGNER)
    empty(store)
    board = make_board(2_000, 20_000)
    stock(store, 1_000)
    opened = fill(store, board, SESSIONS, now=time.time())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    calls = signed_calls(opened, url, CALLS)
    file = directory / "calls.tsv"
    write_requests(calls, file)
    environment = environment_of(server, port, url)
    with gunicorn("relay.app:create_app()", environment, directory):
        answer = _answer_of(calls[-1], url)
    environment["FLOOR_TWIML"] = answer
    with_redis = {**environment, "FLOOR_REDIS_URL": server.url}
    ours, floors, floors_with_redis = [], [], []
    for _ in range(3):  # by turns, so that a noisy minute hits all
        with gunicorn("tests.bench.floor:app", environment, directory):
            floors.append(full_load(url, PATH, file))
        with gunicorn("tests.bench.floor:app", with_redis, directory):
            floors_with_redis.append(full_load(url, PATH, file))
        with gunicorn("relay.app:create_app()", environment, directory):
            ours.append(full_load(url, PATH, file))
            _forget_calls(store)
    with gunicorn("relay.app:create_app()", environment, directory):
        _one_by_one(url, calls[-300:])  # a server that has just started has yet to connect
        steady = asyncio.run(_steady(url, calls, rate=300, seconds=SECONDS))
        alone, crowded = _beside_half_sent(url, port, calls[30_000:])
    return [*_full_load(ours, floors, floors_with_redis), *_one_call(steady, alone, crowded)]


def _forget_calls(store: Store) -> None:
    """The next run makes the same ones: they would be replays."""
    for pattern in ("{main}:call:*", "{main}:decided:*"):
        store.client.delete(*store.client.scan_iter(pattern, count=10_000))
    store.client.delete("{main}:leases", "{main}:interactions")


def _full_load(ours, floors, floors_with_redis) -> list[Row]:
    ratio, ratio_with_redis = (
        median(o["rate"] / f["rate"] for o, f in zip(ours, those, strict=True))
        for those in (floors, floors_with_redis)
    )
    return [
        Row("call webhook, requests/s", f"{_median(ours, 'rate'):,.0f}"),
        Row("floor (signature only), requests/s", f"{_median(floors, 'rate'):,.0f}"),
        Row(
            "floor with one script in Redis, requests/s",
            f"{_median(floors_with_redis, 'rate'):,.0f}",
        ),
        Row("ratio to the floor", f"{ratio:.2f}"),
        Row(
            "ratio to the floor with one script in Redis",
            f"{ratio_with_redis:.2f}",
            "at least 0.85",
            ratio_with_redis >= 0.85,
        ),
        Row("p50 / p99 under full load, ms", _latencies(ours)),
        Row("the floor's p50 / p99, ms", _latencies(floors)),
    ]


def _median(runs, figure: str) -> float:
    return median(run[figure] for run in runs)


def _latencies(runs) -> str:
    return f"{_median(runs, 'p50'):.1f} / {_median(runs, 'p99'):.1f}"


def _one_call(steady, alone, crowded) -> list[Row]:
    p99 = quantiles(steady, n=100)[98] * 1e3
    slower = median(crowded) / median(alone)
    return [
        Row(
            "p50 / p99 at a steady 300 calls/s, ms",
            f"{median(steady) * 1e3:.1f} / {p99:.1f}",
            "p99 under 50",
            p99 < 50,
        ),
        Row(
            f"one call, alone / with {HALF_SENT} half-sent POSTs open, median ms",
            f"{median(alone) * 1e3:.1f} / {median(crowded) * 1e3:.1f}",
            "as fast",
            slower < 1.3,
        ),
    ]


def signed_calls(opened: list[Claimed], url: str, count: int) -> list[Request]:
    rng, validator = random.Random(SEED), RequestValidator(TOKEN)
    return [_signed_call(rng.choice(opened), ordinal, url, validator) for ordinal in range(count)]


def _signed_call(claimed: Claimed, ordinal: int, url: str, validator: RequestValidator) -> Request:
    """What Twilio posts for a recruiter's call, with its empty geography."""
    session = claimed.session
    caller = fictional_phone(Role.RECRUITER, int(session.recruiter.ref[2:])).reveal()
    called = session.virtual_number
    fields = {
        "CallSid": f"CA{ordinal:032d}",
        "AccountSid": ACCOUNT,
        "From": caller,
        "To": called,
        "Caller": caller,
        "Called": called,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        **{f"{side}{part}": "" for side in ("From", "To") for part in ("City", "State", "Zip")},
        "FromCountry": "US",
        "ToCountry": "US",
    }
    read_inbound_call(fields)
    signature = validator.compute_signature(f"{url}{PATH}", fields)
    return Request((SIGNATURE_HEADER, signature), FORM, urlencode(fields))


def _answer_of(call: Request, url: str) -> str:
    response = _post(requests.Session(), call, url)
    assert "<Dial" in response.text, response.text
    return response.text


def _post(http: requests.Session, call: Request, url: str) -> requests.Response:
    return http.post(
        f"{url}{PATH}",
        data=call.body,
        headers=call.headers,
        timeout=30,
    )


async def _steady(url: str, calls: list[Request], *, rate: int, seconds: int) -> list[float]:
    """Open loop: a call every 1/rate seconds whether or not the last one has been answered.

    Times count from when the call was due, so that a server that stalls cannot hide it.
    """
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        start = time.perf_counter() + 0.1

        async def one(ordinal: int) -> float:
            due = start + ordinal / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            call = calls[ordinal]
            async with http.post(
                f"{url}{PATH}",
                data=call.body,
                headers=call.headers,
            ) as response:
                assert response.status == 200
                await response.read()
            return time.perf_counter() - due

        return list(await asyncio.gather(*(one(ordinal) for ordinal in range(rate * seconds))))


def _beside_half_sent(url: str, port: int, calls: list[Request]) -> tuple[list[float], list[float]]:
    alone = _one_by_one(url, calls[:300])
    sockets = [_half_sent(port) for _ in range(HALF_SENT)]
    try:
        crowded = _one_by_one(url, calls[300:600])
    finally:
        for half in sockets:
            half.close()
    return alone, crowded


def _one_by_one(url: str, calls: list[Request]) -> list[float]:
    times = []
    with requests.Session() as http:
        for call in calls:
            start = time.perf_counter()
            assert _post(http, call, url).status_code == 200
            times.append(time.perf_counter() - start)
    return times


def _half_sent(port: int) -> socket.socket:
    half = socket.create_connection(("127.0.0.1", port))
    half.sendall(
        b"POST /twilio/voice HTTP/1.1\r\nHost: relay\r\nContent-Length: 400\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nCallSid=CA"
    )
    return half
