"""``python -m tests.bench.bare_sdk PORT TEXTS THREADS``: Twilio's SDK alone, with as many threads
as a worker has. Prints how many texts a second the carrier took."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from relay.domain.participant import Role
from tests.bench.board import fictional_phone, virtual_number
from tests.bench.served import ACCOUNT, TOKEN


class ToTheSandbox(TwilioHttpClient):
    def __init__(self, port: int, threads: int) -> None:
        super().__init__(timeout=5)
        self._base_url = f"http://127.0.0.1:{port}"
        self.session.mount("http://", HTTPAdapter(pool_maxsize=threads))

    def request(self, method, url, *args, **kwargs):
        return super().request(
            method, url.replace("https://api.twilio.com", self._base_url), *args, **kwargs
        )


def main(port: int, texts: int, threads: int) -> None:
    client = Client(ACCOUNT, TOKEN, http_client=ToTheSandbox(port, threads))

    def send(ordinal: int) -> None:
        client.messages.create(
            from_=virtual_number(ordinal % 20),
            to=fictional_phone(Role.CANDIDATE, ordinal % 500).reveal(),
            body=f"text {ordinal}",
            status_callback="https://relay.example.com/twilio/message-status/x",
        )

    with ThreadPoolExecutor(threads) as pool:
        begun = time.perf_counter()
        list(pool.map(send, range(texts)))
    print(texts / (time.perf_counter() - begun))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
