"""How many connections a web process holds, and which of them gives way when they run short."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict
from collections.abc import Callable
from enum import Enum, auto


class Wait(Enum):
    """What a connection waits for, or makes us wait for. The kind that comes first gives way
    first."""

    #: The answer, which a refused request gets late.
    FOR_REFUSAL = auto()
    #: The client, to send the rest of its request or to take the answer.
    FOR_REST = auto()
    #: The next request, after one that has been answered.
    FOR_REQUEST = auto()


class Slots:
    """``for_one_client`` bounds the connections of one address; 0 does not."""

    def __init__(self, most: int, *, for_one_client: int = 0) -> None:
        self._most = most
        self._for_one_client = for_one_client or sys.maxsize
        self._of_client: Counter[str] = Counter()
        self._taken = 0
        #: The connections that wait, the longest first, and what ends each.
        self._waiting: dict[Wait, OrderedDict[object, Callable[[], None]]] = {
            wait: OrderedDict() for wait in Wait
        }

    def take(self, client: str) -> bool:
        """Takes a slot, if need be from the connection that has waited longest. False when the
        client has its share, or when all connections are being served."""
        if self._of_client[client] >= self._for_one_client:
            return False
        if self._taken >= self._most and not self._end_longest_wait():
            return False
        self._of_client[client] += 1
        self._taken += 1
        return True

    def give_back(self, client: str) -> None:
        self._taken -= 1
        self._of_client[client] -= 1
        if not self._of_client[client]:
            del self._of_client[client]

    def begin_wait(self, wait: Wait, connection: object, end: Callable[[], None]) -> None:
        """``end`` is called when the connection has to give way: it ends it, now or soon."""
        self._waiting[wait][connection] = end

    def end_wait(self, wait: Wait, connection: object) -> None:
        self._waiting[wait].pop(connection, None)

    def _end_longest_wait(self) -> bool:
        for waiting in self._waiting.values():
            if waiting:
                _, end = waiting.popitem(last=False)
                end()
                return True
        return False
