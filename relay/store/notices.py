"""Notices, texts of ours to a participant: adding one, and whether somebody is told again."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.participant import Role
from relay.domain.session import pool_of
from relay.domain.texts import Notice, notice_id
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.outbox import BODY_LIFETIME, LOOK_AGAIN
from relay.store.scripts import Scripts

#: Questions which session a text was for, to one phone about one number.
ASKED_AN_HOUR = 20
#: Somebody who is not connected is told so once in this many seconds.
TOLD_FOR = 24 * 3600


class Notices:
    """Every method raises Unavailable when Redis is away; times are POSIX seconds."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def tell_counterpart(
        self,
        cause: str,
        notice: Notice,
        *,
        now: float,
        number: str,
        indexes: Sequence[str],
        retention: int,
    ) -> str:
        """A notice to the other side of the open session of this phone on this number. Answers
        its id, or "" when there is no such session or it is there already."""
        keys = self._keys.in_pool(pool_of(cause))
        told = notice_id(cause, notice)
        added = self._scripts.run_positional(
            "tell_counterpart",
            [
                keys.numbers,
                keys.sessions,
                keys.outbox,
                keys.lanes,
                keys.counters,
                keys.message(told),
                keys.body(told),
                *(keys.phone(index) for index in indexes),
            ],
            [now, number, told, notice, LOOK_AGAIN, retention, BODY_LIFETIME, *indexes],
        )
        return told if added else ""

    def add(
        self,
        cause: str,
        notice: Notice,
        *,
        now: float,
        session: str,
        side: Role,
        number: str,
        index: str,
        sealed_phone: str,
        locale: str,
        is_one_of_several: bool = False,
        retention: int,
    ) -> str:
        """A notice to a phone we know. Answers its id, or "" when it is there already.

        ``is_one_of_several``: as in ``Acceptance``; it names no session then."""
        keys = self._keys.in_pool(pool_of(cause))
        told = notice_id(cause, notice)
        added = self._scripts.run_positional(
            "add_notice",
            [keys.outbox, keys.lanes, keys.counters, keys.message(told), keys.body(told)],
            [
                now,
                told,
                notice,
                session,
                side,
                number,
                index,
                sealed_phone,
                locale,
                "1" if is_one_of_several else "",
                LOOK_AGAIN,
                retention,
                BODY_LIFETIME,
            ],
        )
        return told if added else ""

    def may_tell(self, pool: str, *, number: str, index: str, about: str, answering: str) -> bool:
        """Whether somebody whose text went to nobody is told so now: once a day ``about`` each
        session ("" for none), or about a text, where nothing says which session it was for; and
        again when the same text is ``answering`` in the same way: when the carrier repeats it, or
        lists it again."""
        key = self._keys.in_pool(pool).told(number, index, about)
        if self._client.set(key, answering, nx=True, ex=TOLD_FOR):
            return True
        return bool(self._client.get(key) == answering)

    def may_ask(self, pool: str, *, number: str, index: str) -> bool:
        """Whether somebody is asked once more which session a text was for: not so often that two
        machines keep each other busy."""
        key = self._keys.in_pool(pool).asked(number, index)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.set(key, 0, nx=True, ex=3600)
            pipe.incr(key)
            return bool(pipe.execute()[1] <= ASKED_AN_HOUR)
