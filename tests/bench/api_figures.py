"""Allocations through the HTTP API: one gevent worker, participants known, pairs new."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

from relay.embedded_redis import EmbeddedRedis
from relay.store.api_keys import ApiKeys
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench.board import empty, fill, make_board, stock
from tests.bench.served import (
    Request,
    environment_of,
    free_port,
    full_load,
    gunicorn,
    write_requests,
)
from tests.bench.table import Row
from tests.key_ring import SIGNER

SESSIONS = 100_000
#: More than a worker opens while it is measured: no pair comes twice.
PAIRS = 40_000


def api_rate(server: EmbeddedRedis, directory: Path) -> list[Row]:
    store = Store(connect(server.url), SIGNER)
    empty(store)
    board = make_board(2_000, 20_000)
    stock(store, 1_000)
    fill(store, board, SESSIONS, now=time.time())
    key = ApiKeys(store.client, store.keys, SIGNER).create("bench", ["sessions"], now=time.time())
    # Beyond the pairs that are open, the next ones of the same fixed order.
    pairs = itertools.islice(board.pairs(SESSIONS + PAIRS), SESSIONS, None)
    file = directory / "sessions.tsv"
    write_requests((_request(key, *pair) for pair in pairs), file)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with gunicorn("relay.app:create_app()", environment_of(server, port, url), directory):
        opened = full_load(url, "/v1/sessions", file)
    return [Row("`POST /v1/sessions`, one worker, allocations/s", f"{opened['rate']:,.0f}")]


def _request(key: str, recruiter, candidate) -> Request:
    body = {"recruiter": recruiter.ref, "candidate": candidate.ref, "pool": "us"}
    return Request(("Authorization", f"Bearer {key}"), "application/json", json.dumps(body))
