"""What the carrier charges calls and texts (TW-prices), in US dollars, by its own records."""

from __future__ import annotations

from decimal import Decimal

from relay.sandbox.records import TOLL_FREE_PREFIXES, Call, Message

MINUTE_IN, MINUTE_IN_TOLL_FREE, MINUTE_OUT = Decimal("0.0085"), Decimal("0.022"), Decimal("0.014")
#: Of a Gather that listens for speech, heard or not.
SPEECH_RECOGNITION = Decimal("0.02")
SEGMENT = Decimal("0.0083")
MMS_IN, MMS_OUT = Decimal("0.0165"), Decimal("0.022")
FAILED_MESSAGE = Decimal("0.001")
#: For each segment that goes out, by the receiver's network, which the last digit of a number says.
NETWORK_FEES = (Decimal("0.0035"), Decimal("0.0045"), Decimal("0.0052"))


def price_of_message(message: Message) -> Decimal | None:
    """None while it is not known."""
    if not message.is_final and message.status != "sent":
        return None
    match message.status:
        case "canceled":
            return Decimal()
        case "failed":
            return FAILED_MESSAGE
    if message.direction == "inbound":
        return MMS_IN if message.media else SEGMENT * message.num_segments
    if message.media:
        return MMS_OUT
    fee = NETWORK_FEES[ord(message.to[-1]) % len(NETWORK_FEES)]
    return (SEGMENT + fee) * message.num_segments


def price_of_call(call: Call) -> Decimal | None:
    """Each minute begun from the answer on; None while it is not known."""
    if not call.is_final:
        return None
    minutes = -(-(call.duration or 0) // 60)
    if call.direction != "inbound":
        return MINUTE_OUT * minutes
    is_toll_free = call.to.startswith(TOLL_FREE_PREFIXES)
    return (MINUTE_IN_TOLL_FREE if is_toll_free else MINUTE_IN) * minutes


def show_price(price: Decimal | None) -> str | None:
    """As records have it: what is taken from the account's balance."""
    return None if price is None else f"{-price if price else price:.5f}"


class TrafficLedger:
    """What is on no record: speech recognition, and records that the account has deleted."""

    def __init__(self) -> None:
        self.recognitions = 0
        self._deleted = Decimal()

    def note_deleted(self, price: Decimal | None) -> None:
        """Of a record that goes: it is charged all the same."""
        self._deleted += price or Decimal()

    @property
    def charged(self) -> Decimal:
        return self._deleted + SPEECH_RECOGNITION * self.recognitions
