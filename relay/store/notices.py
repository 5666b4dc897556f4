"""Notices, texts of ours to a participant: adding one, and whether somebody is told again."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.notices import Notice, NoticeReceiver, notice_id
from relay.domain.session import pool_of
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.outbox import LOOK_AGAIN
from relay.store.scripts import Scripts

#: Questions which session a text was for, to one phone about one number.
ASKED_AN_HOUR = 20
#: The same about the same words: a text may come six times (``carrier/urls.py``), and a phone that
#: answers by itself answers each question.
ASKED_ABOUT_SAME_WORDS = 6
#: Somebody who is not connected is told so once in this many seconds.
TOLD_FOR = 24 * 3600


class Notices:
    """Times are POSIX seconds; every method raises Unavailable."""

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
        """Adds a notice to the other side of the open session of this phone on this number. Returns
        its id, or "" when there is no such session or it is there already."""
        told = notice_id(cause, notice)
        is_new = self._scripts.run(
            "tell_counterpart",
            self._keys.in_pool(pool_of(cause)),
            now=now,
            number=number,
            notice_id=told,
            notice_kind=notice,
            look_again=LOOK_AGAIN,
            record_life=retention,
            indexes=indexes,
        )
        return told if is_new else ""

    def add(
        self, cause: str, notice: Notice, to: NoticeReceiver, *, now: float, retention: int
    ) -> str:
        """Adds a notice to a phone we know. Returns its id, or "" when it is there already."""
        told = notice_id(cause, notice)
        is_new = self._scripts.run(
            "add_notice",
            self._keys,
            now=now,
            session=to.session,
            side=to.side,
            number=to.number,
            index=to.index,
            locale=to.locale,
            one_of_several=to.is_one_of_several,
            notice_id=told,
            notice_kind=notice,
            look_again=LOOK_AGAIN,
            record_life=retention,
        )
        return told if is_new else ""

    def may_tell(self, *, number: str, index: str, about: str, answering: str) -> bool:
        """Whether somebody whose text went to nobody is told so now: once a day ``about`` each
        session ("" for none), or about a text, where nothing says which session it was for; and
        again when the same text is ``answering`` in the same way: when the carrier repeats it, or
        lists it again."""
        key = self._keys.told(number, index, about)
        if self._client.set(key, answering, nx=True, ex=TOLD_FOR):
            return True
        return bool(self._client.get(key) == answering)

    def may_ask(self, *, number: str, index: str, words: str) -> bool:
        """Whether somebody is asked once more which session a text was for: not so often that two
        machines keep each other busy. ``words`` is a keyed hash of the text's."""
        counts = {
            self._keys.asked(number, index): ASKED_AN_HOUR,
            self._keys.asked_words(number, index, words): ASKED_ABOUT_SAME_WORDS,
        }
        with self._client.pipeline(transaction=False) as pipe:
            for key in counts:
                pipe.set(key, 0, nx=True, ex=3600)
                pipe.incr(key)
            asked = pipe.execute()[1::2]
        return all(count <= most for count, most in zip(asked, counts.values(), strict=True))
