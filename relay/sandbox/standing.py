"""How the account stands with the carrier: what it is, where it is, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

AccountType = Literal["Full", "Trial"]
AccountStatus = Literal["active", "suspended", "closed"]
KeyKind = Literal["Main", "Standard"]
ProfileStatus = Literal[
    "draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved"
]


@dataclass(frozen=True)
class ApiKey:
    """Opens the REST API; only a Main key shows the account itself."""

    sid: str
    secret: str = field(repr=False)
    kind: KeyKind


@dataclass
class Standing:
    """A new account's is as good as one that has been reviewed."""

    type: AccountType = "Full"
    status: AccountStatus = "active"
    #: Where its credentials hold.
    region: str = "us1"
    profile: ProfileStatus | None = "twilio-approved"
    #: Countries that may be dialled, and texted.
    dials: set[str] = field(default_factory=lambda: {"US", "CA"})
    #: Those whose premium numbers may be dialled, and those whose numbers known for toll fraud may.
    dials_premium: set[str] = field(default_factory=set)
    dials_toll_fraud: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=lambda: {"US", "CA"})
    #: Message redaction: the list of texts holds neither words nor whole numbers.
    redacts: bool = False
