"""``python tests/sentinel/cable.py TARGET_PORT``: a cable to a server, that can be cut for some.

Prints the port that it listens on. SIGUSR1 cuts it for those who come from ``FAR``, as a network
that is parted does: what they send goes nowhere, and nobody tells them. SIGUSR2 mends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

#: The other side of the network: on Linux all of 127.0.0.0/8 is this machine.
FAR = "127.0.0.2"


class Cable:
    def __init__(self, target: int) -> None:
        self._target = target
        self._is_cut = False
        self._far: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        self._is_cut = True

    def mend(self) -> None:
        """Who was cut off connects anew."""
        for writer in self._far if self._is_cut else ():
            writer.close()
        self._is_cut = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_far = writer.get_extra_info("peername")[0] == FAR
        try:
            onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        ends = {writer, onward[1]}
        self._far |= ends if is_far else set()
        await asyncio.gather(
            self._pass_on(reader, onward[1], is_far), self._pass_on(onward[0], writer, is_far)
        )
        self._far -= ends

    async def _pass_on(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, is_far: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if not (self._is_cut and is_far):
                    to.write(data)
                    await to.drain()
        to.close()


async def main(target: int) -> None:
    cable = Cable(target)
    server = await asyncio.start_server(cable.accept, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, cable.cut)
    loop.add_signal_handler(signal.SIGUSR2, cable.mend)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
