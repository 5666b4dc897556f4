"""Allocations through the HTTP API: one gevent worker, participants known, pairs new."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import requests

from relay.embedded_redis import EmbeddedRedis
from relay.store.api_keys import ApiKeys
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench.board import Board, empty, fill, make_board, stock
from tests.bench.table import Row
from tests.bench.webhook_figures import _environment, _free_port, _gunicorn

REQUESTS = 4_000
THREADS = 8


def api_rate(server: EmbeddedRedis, directory: Path) -> list[Row]:
    store = Store(connect(server.url))
    empty(store)
    board = make_board(2_000, 20_000)
    stock(store, 1_000)
    fill(store, board, 100_000, now=time.time())
    key = ApiKeys(store.client, store.keys).create("bench", ["sessions"], now=time.time())
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with _gunicorn("relay.app:create_app()", _environment(server, port, url), directory):
        seconds = _open_sessions(url, key, board)
    return [Row("`POST /v1/sessions`, one worker, allocations/s", f"{REQUESTS / seconds:,.0f}")]


def _open_sessions(url: str, key: str, board: Board) -> float:
    # Beyond the 100,000 pairs that are open, the next ones of the same fixed order.
    pairs = list(itertools.islice(board.pairs(100_000 + REQUESTS), 100_000, None))
    shares = [pairs[thread::THREADS] for thread in range(THREADS)]
    start = time.monotonic()
    threads = [threading.Thread(target=_open_share, args=(url, key, share)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


def _open_share(url: str, key: str, share: list) -> None:
    with requests.Session() as http:
        http.headers["Authorization"] = f"Bearer {key}"
        for recruiter, candidate in share:
            answer = http.post(
                f"{url}/v1/sessions",
                json={"recruiter": recruiter.ref, "candidate": candidate.ref, "pool": "us"},
                timeout=30,
            )
            assert answer.status_code == 201, answer.text
