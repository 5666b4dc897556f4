"""``python -m tests.bench.slow_carrier PORT SECONDS``: the simulated carrier in a process of its
own, which takes so long to accept each text. It reports to nobody: the worker is measured.

For each line on stdin it answers with one of JSON: what it has accepted since the last."""

from __future__ import annotations

import json
import sys

from relay.sandbox import SimulatedCarrier
from tests.bench.board import virtual_number
from tests.bench.served import ACCOUNT, TOKEN
from tests.bench.text_figures import NUMBERS


def main(port: int, seconds: float) -> None:
    with SimulatedCarrier(ACCOUNT, TOKEN, port=port) as carrier:
        for ordinal in range(NUMBERS):
            carrier.add_number(virtual_number(ordinal))
        carrier.faults.webhooks.lose(kinds={"message-status"})
        carrier.faults.rest.next(
            slow=seconds, times=10**9, path_contains="Messages.json", method="POST"
        )
        print("ready", flush=True)
        seen = 0
        for _ in sys.stdin:
            log = carrier.rest_log[seen:]
            seen += len(log)
            texts = [one for one in log if one.method == "POST" and "Messages" in one.path]
            print(json.dumps([one.params["Body"][0] for one in texts]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
