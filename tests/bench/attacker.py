"""``python -m tests.bench.attacker PORT CONNECTIONS FILE [--half]``: sends what is in the file.

On so many connections, again after each answer, until it is terminated. With ``--half`` each sends
it once and waits. One that is closed is opened anew. At the end it prints how often it has sent it.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import sys
from pathlib import Path

#: A server that is not there any more is asked again so often, in seconds.
PATIENCE = 0.05


class Attacker:
    def __init__(self, port: int, data: bytes, *, half: bool) -> None:
        self._port = port
        self._data = data
        self._half = half
        self.sent = 0

    async def attack(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._use_connection()
            await asyncio.sleep(PATIENCE if self._half else 0)

    async def _use_connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            self._send(writer)
            while await reader.read(4096):  # an answer is shorter
                if not self._half:
                    self._send(writer)
        finally:
            writer.close()

    def _send(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self._data)
        self.sent += 1


async def main(port: int, connections: int, file: str, *options: str) -> None:
    attacker = Attacker(port, Path(file).read_bytes(), half="--half" in options)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    attacks = [asyncio.create_task(attacker.attack()) for _ in range(connections)]
    await over.wait()
    for attack in attacks:
        attack.cancel()
    await asyncio.gather(*attacks, return_exceptions=True)
    print(attacker.sent)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
