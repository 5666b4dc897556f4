"""A message whose turn it is, as the script says it."""

from __future__ import annotations

from relay.domain.notices import Notice
from relay.domain.participant import Role
from relay.domain.pool import LONGEST_TEXT_LIFETIME
from relay.domain.texts import SendLease, Turn

#: A notice is worth telling for so many seconds: longer than the text it may be about.
NOTICE_LIFETIME = LONGEST_TEXT_LIFETIME + 24 * 3600

#: As in ``lua/shared/message.lua``; a test compares the two.
MESSAGE_FIELDS = (
    "session",
    "side",
    "kind",
    "notice",
    "number",
    "index",
    "locale",
    "status",
    "rank",
    "started_at",
    "order",
    "lane_entry",
    "attempts",
    "attempt",
    "outcome_unknown",
    "attempted_at",
    "next_at",
    "carrier_sid",
    "had_one_more",
    "code",
    "context",
    "part",
    "one_of_several",
    "expires_at",
    "enters_at",
    "count",
)


def read_lease(
    message_id: str, token: str, turn: Turn, until: str, text: str, *values: str
) -> SendLease:
    """From what ``begin_send`` answers. ``values`` are those of MESSAGE_FIELDS."""
    value = dict(zip(MESSAGE_FIELDS, values, strict=True))
    return SendLease(
        turn=turn,
        message=message_id,
        token=token,
        until=float(until),
        session=value["session"],
        receiver=Role(value["side"]),
        number=value["number"],
        sealed_text=text,
        attempts=int(value["attempts"] or 0),
        attempt=value["attempt"],
        attempted_at=float(value["attempted_at"] or 0),
        expires_at=float(value["expires_at"] or float(value["started_at"]) + NOTICE_LIFETIME),
        notice=Notice(value["notice"]) if value["notice"] else None,
        locale=value["locale"],
        index=value["index"],
        code=value["code"],
        stamped_context=value["context"],
        part=value["part"],
        count=int(value["count"] or 0),
        had_one_more=value["had_one_more"] == "1",
    )
