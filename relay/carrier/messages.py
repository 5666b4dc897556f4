"""Texts at the carrier: sending one, and finding what was sent or received."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twilio.rest import Client

from relay.carrier.codes import UNREADABLE_ANSWER
from relay.carrier.errors import carrier_errors
from relay.carrier.sids import checked_sid
from relay.carrier.webhooks import InboundText, MessageStatusReport
from relay.domain.code_prefix import LONGEST_TEXT
from relay.domain.errors import CarrierError
from relay.domain.gsm7 import is_gsm7, plainer
from relay.domain.phone import PhoneNumber, read_caller
from relay.domain.trouble import Trouble

_PAGE = 100
_INBOUND_PAGE = 1000  # the most Twilio gives


@dataclass(frozen=True, kw_only=True)
class SentText:
    """A text of ours as the carrier has it; ``created_at`` in POSIX seconds."""

    sid: str
    status: str
    body: str = field(repr=False, default="")
    receiver: str = field(repr=False, default="")
    segments: int = 1
    created_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ListedText:
    """A text that came in, from the carrier's list; ``received_at`` in POSIX seconds."""

    text: InboundText
    received_at: float


class CarrierMessages:
    def __init__(self, client: Client) -> None:
        self._messages = client.messages

    def send_text(
        self, *, virtual_number: str, to: PhoneNumber, body: str, status_callback: str
    ) -> SentText:
        """Hands a text over. There is no idempotency key: when the CarrierError is ``ambiguous``,
        look with ``find_sent`` before sending again: the carrier lists it in plainer typography
        where that is cheaper (TW-segments).

        It always names the number: a messaging service would choose one of its own, which the
        receiver does not know.
        """
        with carrier_errors(creates=True):
            message = self._messages.create(
                from_=virtual_number,
                to=to.reveal(),
                body=body,
                status_callback=status_callback,
                smart_encoded=_is_cheaper_plain(body),
            )
            if not message.sid:
                raise CarrierError(Trouble.LATER, UNREADABLE_ANSWER, ambiguous=True)
            return _sent(message)

    def fetch_report(self, sid: str) -> MessageStatusReport:
        """How far a text of ours is, as its status callback would say. Raises CarrierError."""
        with carrier_errors():
            message = self._messages(checked_sid(sid)).fetch()
            return MessageStatusReport(
                message_sid=sid,
                status=str(message.status or ""),
                error_code=int(message.error_code or 0),
            )

    def find_sent(self, *, virtual_number: str, since: float) -> list[SentText]:
        """What went out from this number since then, oldest first.

        Not filtered by date at the carrier: its filter knows only when a text left, and one that
        still waits there has not.
        """
        found: list[SentText] = []
        with carrier_errors():
            for message in self._messages.stream(from_=virtual_number, page_size=_PAGE):
                if _instant(message.date_created) < int(since):
                    break
                if message.direction == "outbound-api":
                    found.append(_sent(message))
        return found[::-1]

    def list_inbound(self, *, since: float) -> Iterator[ListedText]:
        """What came in on any of our numbers since then, newest first, page by page."""
        after = datetime.fromtimestamp(int(since), UTC)
        with carrier_errors():
            for message in self._messages.stream(date_sent_after=after, page_size=_INBOUND_PAGE):
                received_at = _instant(message.date_sent or message.date_created)
                if message.direction == "inbound" and received_at >= int(since):
                    yield ListedText(text=_inbound(message), received_at=received_at)


def _is_cheaper_plain(body: str) -> bool:
    """Whether the carrier may make its typography plainer: only where all of it is GSM-7 then. In
    a text that stays outside of that it would change words, such as Chinese punctuation, and gain
    nothing."""
    plain = plainer(body)
    return is_gsm7(plain) and len(plain) <= LONGEST_TEXT


def _sent(message: Any) -> SentText:
    return SentText(
        sid=str(message.sid),
        status=str(message.status or ""),
        body=str(message.body or ""),
        receiver=str(message.to or ""),
        segments=int(message.num_segments or 1),
        created_at=_instant(message.date_created),
    )


def _inbound(message: Any) -> InboundText:
    virtual_number = str(message.to or "")
    return InboundText(
        message_sid=str(message.sid),
        sender=read_caller(str(message.from_ or ""), virtual_number),
        virtual_number=virtual_number,
        body=str(message.body or ""),
        media=int(message.num_media or 0),
        segments=int(message.num_segments or 1),
    )


def _instant(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
