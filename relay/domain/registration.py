"""Who US carriers ask to be registered before they deliver a number's texts (TW-registration).

A long code has to be in an approved campaign, by the messaging service that it is in; a toll-free
number has to be verified by itself. Numbers of other countries need neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.phone import country_of

_REGISTERS = "US"
_TOLL_FREE = re.compile(r"\+1(800|888|877|866|855|844|833)\d{7}")


class TextingRegistration(StrEnum):
    """Whether a pool gives a number that is not registered to sessions that text, or only warns."""

    REQUIRED = "required"
    WARN = "warn"


class Registration(StrEnum):
    """How a number stands with the carriers of the United States."""

    NOT_NEEDED = "not_needed"
    REGISTERED = "registered"
    #: In no messaging service, and so in no campaign.
    NO_SERVICE = "no_service"
    NO_CAMPAIGN = "no_campaign"
    #: Its campaign has more numbers than one of the carriers delivers for.
    BEYOND_CAMPAIGN = "beyond_campaign"
    NOT_VERIFIED = "not_verified"
    #: It was not looked up yet.
    UNKNOWN = "unknown"

    @property
    def is_missing(self) -> bool:
        return self not in {Registration.NOT_NEEDED, Registration.REGISTERED}

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Registration.NOT_NEEDED: "its country asks for no registration",
    Registration.REGISTERED: "it is registered",
    Registration.NO_SERVICE: "it is in no messaging service, and so in no 10DLC campaign",
    Registration.NO_CAMPAIGN: "its messaging service has no approved 10DLC campaign",
    Registration.BEYOND_CAMPAIGN: (
        "its campaign has more numbers than one carrier delivers for (CAMPAIGN_NUMBERS)"
    ),
    Registration.NOT_VERIFIED: "its toll-free verification is not approved",
    Registration.UNKNOWN: "whether it is registered was not looked up yet",
}


def is_toll_free(number: str) -> bool:
    """So that it is verified by itself."""
    return _TOLL_FREE.fullmatch(number) is not None


def needs_campaign(number: str) -> bool:
    return not is_toll_free(number) and country_of(number) == _REGISTERS


def sells_for_campaigns(country: str) -> bool:
    """Whether the local numbers of a country need a campaign."""
    return country == _REGISTERS


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What was found out about a number. ``service``: the messaging service that it is in, or "";
    None where that is not known. ``must_wait``: it is not registered, and its pool requires that.
    ``codes`` are those that a carrier refuses texts with until it is."""

    registration: Registration = Registration.UNKNOWN
    service: str | None = None
    must_wait: bool = False
    codes: Sequence[int] = ()


NOT_LOOKED_UP = Registered()


@dataclass(frozen=True)
class Caps:
    """How many numbers that need a campaign one may have, and how many numbers a messaging service
    takes."""

    campaign_numbers: int
    service_numbers: int


@dataclass(frozen=True)
class Sender:
    """A number that texts, and its sid."""

    number: str
    sid: str


@dataclass(frozen=True)
class SenderService:
    """A messaging service; ``senders`` are in the order in which they joined."""

    sid: str
    senders: Sequence[Sender]
    has_campaign: bool = False

    def has(self, sid: str) -> bool:
        return any(sender.sid == sid for sender in self.senders)

    def has_room(self, caps: Caps, *, in_campaign: bool) -> bool:
        """For one more number. ``in_campaign``: it is one that needs a campaign."""
        if len(self.senders) >= caps.service_numbers:
            return False
        return not in_campaign or len(self._in_campaign()) < caps.campaign_numbers

    def registration_of(self, sid: str, caps: Caps) -> Registration:
        """Of one of its numbers that needs a campaign. The first to join are those delivered."""
        if not self.has_campaign:
            return Registration.NO_CAMPAIGN
        if sid in self._in_campaign()[: caps.campaign_numbers]:
            return Registration.REGISTERED
        return Registration.BEYOND_CAMPAIGN

    def _in_campaign(self) -> list[str]:
        return [sender.sid for sender in self.senders if needs_campaign(sender.number)]


@dataclass(frozen=True)
class Registry:
    """What an account's messaging services and verifications say. ``verified`` are sids of
    numbers."""

    services: Mapping[str, SenderService]
    verified: Set[str] = frozenset()

    def service_of(self, sid: str) -> str:
        """The messaging service that a number is in, or ""."""
        return next((name for name, one in self.services.items() if one.has(sid)), "")

    def registration_of(self, sender: Sender, caps: Caps) -> Registration:
        """Of a number that can text."""
        if is_toll_free(sender.number):
            is_verified = sender.sid in self.verified
            return Registration.REGISTERED if is_verified else Registration.NOT_VERIFIED
        if not needs_campaign(sender.number):
            return Registration.NOT_NEEDED
        service = self.service_of(sender.sid)
        if not service:
            return Registration.NO_SERVICE
        return self.services[service].registration_of(sender.sid, caps)
