"""What the carrier keeps about an account: its numbers, messages, calls and messaging services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from relay.sandbox.texts.opt_out import Word

TOLL_FREE_CODES = ("800", "833", "844", "855", "866", "877", "888")
FINAL_MESSAGE_STATUSES = frozenset({"delivered", "undelivered", "failed", "received", "canceled"})
FINAL_CALL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})

TOLL_FREE_PREFIXES = tuple(f"+1{code}" for code in TOLL_FREE_CODES)

MessageDirection = Literal["inbound", "outbound-api", "outbound-reply"]
CallDirection = Literal["inbound", "outbound-api", "outbound-dial"]


@dataclass
class OwnedNumber:
    """A phone number of the account (IncomingPhoneNumber)."""

    sid: str
    account_sid: str
    phone_number: str
    capabilities: dict[str, bool]
    created: datetime
    updated: datetime
    sequence: int
    friendly_name: str = ""
    country: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    voice_application_sid: str | None = None
    sms_application_sid: str | None = None
    trunk_sid: str | None = None
    address_sid: str | None = None
    bundle_sid: str | None = None
    emergency_address_sid: str | None = None
    emergency_address_status: str = "unregistered"
    service_sid: str | None = None
    #: When it joined the service that it is in.
    joined: datetime | None = None
    #: Of its toll-free verification, if it has one: PENDING_REVIEW, IN_REVIEW, TWILIO_APPROVED,
    #: TWILIO_REJECTED.
    verification_status: str | None = None

    @property
    def is_toll_free(self) -> bool:
        return self.phone_number.startswith(TOLL_FREE_PREFIXES)


@dataclass
class Bundle:
    """What a country wants to know of whoever rents numbers there: only approved ones count."""

    sid: str
    country: str
    status: str = "twilio-approved"


@dataclass(frozen=True)
class Media:
    sid: str
    content_type: str
    url: str
    created: datetime


@dataclass
class Message:
    sid: str
    account_sid: str
    from_: str
    to: str
    body: str
    direction: MessageDirection
    status: str
    created: datetime
    updated: datetime
    sequence: int
    sent: datetime | None = None
    service_sid: str | None = None
    error_code: int | None = None
    num_segments: int = 1
    media: list[Media] = field(default_factory=list)
    status_callback: str | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_MESSAGE_STATUSES


@dataclass
class Call:
    sid: str
    account_sid: str
    from_: str
    to: str
    direction: CallDirection
    status: str
    created: datetime
    updated: datetime
    sequence: int
    parent_sid: str | None = None
    phone_number_sid: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    duration: int | None = None
    forwarded_from: str | None = None
    verstat: str | None = None
    error_code: int | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_CALL_STATUSES


@dataclass
class Service:
    """A messaging service: a pool of senders that share webhooks and one blocklist."""

    sid: str
    account_sid: str
    friendly_name: str
    created: datetime
    updated: datetime
    sequence: int
    inbound_request_url: str | None = None
    inbound_method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    status_callback: str | None = None
    use_inbound_webhook_on_number: bool = False
    advanced_opt_out: bool = False
    # Its own words of Advanced Opt-Out, casefolded, beside the default ones.
    keywords: dict[str, Word] = field(default_factory=dict)
    #: Of its A2P 10DLC campaign, if it has one: IN_PROGRESS, VERIFIED, FAILED, SUSPENDED.
    campaign_status: str | None = None
    number_sids: list[str] = field(default_factory=list)

    @property
    def drops_texts(self) -> bool:
        """Whether no text to its numbers comes anywhere, nor is logged (TW-service)."""
        return not self.inbound_request_url and not self.use_inbound_webhook_on_number
