"""Reads what the relay itself has texted to people, by the sentences that it has for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.carrier.announcements import Announcement, text
from relay.domain.notices import Notice
from relay.sandbox.phone import ReceivedText
from relay.sandbox.texts.opt_out import REPLIES
from tests.world import ENVIRONMENT

_COUNT, _CONTEXT = 7777777, "8888888"
_CODE = re.compile(r"(\d{6,})\b")
#: Whoever is told this knows it of their texts there, until one arrives.
LASTING = frozenset(
    {
        Notice.TEXTS_NOT_RECEIVED,
        Notice.TEXTS_PAUSED,
        Notice.TEXTS_STOPPED,
        Notice.NOT_CONNECTED,
        Notice.NO_LONGER_CONNECTED,
    }
)


@dataclass
class Told:
    """``left``: of so many undelivered texts it still tells. ``code`` is of the session that it is
    about, "" where there is but one."""

    notice: Notice
    number: str
    code: str
    at: float
    left: int

    @property
    def is_of_failure(self) -> bool:
        return self.is_lasting or self.notice in _FAILURES

    @property
    def is_lasting(self) -> bool:
        return self.notice in LASTING


def _sentence(notice: Announcement, count: int) -> re.Pattern[str]:
    board = ENVIRONMENT["BOARD_NAME"]
    words = re.escape(text(notice, "en", count, board=board, context=_CONTEXT))
    return re.compile(words.replace(str(_COUNT), r"(?P<count>\d+)").replace(_CONTEXT, ".+"))


_SENTENCES = [
    (Notice.NUMBER_CHANGED, _sentence(Announcement.NUMBER_CHANGED_FOR, 1)),
    *(
        (notice, _sentence(Announcement(notice), count))
        for notice in Notice
        for count in (1, _COUNT)
    ),
]
_FAILURES = {
    Notice.TEXT_FAILED,
    Notice.TEXTS_PAUSED,
    Notice.WHICH_SESSION,
    Notice.MORE_NOT_DELIVERED,
    Notice.TEXTS_HELD,
}


def is_carriers_own(received: ReceivedText) -> bool:
    return received.body in REPLIES.values()


def read_notice(received: ReceivedText) -> Told | None:
    for notice, sentence in _SENTENCES:
        found = sentence.search(received.body)
        if found:
            code = _CODE.match(received.body)
            counted = found.groupdict().get("count")
            return Told(
                notice=notice,
                number=received.sender,
                code=code[1] if code and notice is not Notice.WHICH_SESSION else "",
                at=received.at.timestamp(),
                left=int(counted or 1) if notice in _FAILURES else 0,
            )
    return None
