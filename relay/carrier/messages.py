"""Texts at the carrier: sending one, and finding what was sent or received."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from twilio.rest import Client

from relay.carrier.codes import UNREADABLE_ANSWER
from relay.carrier.days import midnight_before
from relay.carrier.errors import carrier_errors
from relay.carrier.sids import checked_sid
from relay.carrier.webhooks import InboundText, MessageStatusReport
from relay.domain.code_prefix import LONGEST_TEXT
from relay.domain.errors import CarrierError
from relay.domain.fetching import ListPlace
from relay.domain.gsm7 import is_gsm7, plainer
from relay.domain.phone import PhoneNumber, read_caller
from relay.domain.trouble import Trouble

_PAGE = 100
#: A minute of 200,000 texts a day, ours between them, with the overlap of two more.
_INBOUND_PAGE = 500


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


@dataclass(frozen=True)
class InboundPage:
    """Newest first. ``next`` is None when there is nothing more of the time asked for."""

    texts: tuple[ListedText, ...]
    next: ListPlace | None


class CarrierMessages:
    def __init__(self, client: Client, lists: Client) -> None:
        """``lists`` is the one that has time for a page of a long list."""
        self._messages = client.messages
        self._lists = lists.messages

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
                if _left_before(message, since):
                    break
                if message.direction == "outbound-api" and _is_since(message.date_created, since):
                    found.append(_sent(message))
        return found[::-1]

    def inbound_page(
        self, *, since: float, at: ListPlace | None = None, size: int = _INBOUND_PAGE
    ) -> InboundPage:
        """What came in on any of our numbers since then, one page. Raises CarrierError.

        The filter is a day's (TW-list-dates): the reader stops where the list gets older than
        ``since``.
        """
        with carrier_errors():
            page = self._lists.page(
                date_sent_after=midnight_before(since),
                page_size=size,
                **({"page_number": at.page, "page_token": at.token} if at else {}),
            )
            listed = list(page)
            texts = tuple(
                ListedText(text=_inbound(message), received_at=_instant(message.date_sent))
                for message in listed
                if message.direction == "inbound" and _is_since(message.date_sent, since)
            )
            is_through = any(_left_before(message, since) for message in listed)
            return InboundPage(texts, None if is_through else _next_place(page.next_page_url))


def _next_place(url: str | None) -> ListPlace | None:
    if not url:
        return None
    query = parse_qs(urlsplit(url).query)
    return ListPlace(int(query["Page"][0]), query["PageToken"][0])


def _left_before(message: Any, since: float) -> bool:
    """Whether all behind it in the list are from before then, too, by whichever of its times the
    list is sorted. What has not left yet says nothing: it may have waited for hours."""
    return message.date_sent is not None and not (
        _is_since(message.date_sent, since) or _is_since(message.date_created, since)
    )


def _is_since(moment: datetime | None, since: float) -> bool:
    """The carrier tells whole seconds."""
    return _instant(moment) >= int(since)


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
