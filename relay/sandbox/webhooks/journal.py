"""What was sent to the customer and what came back, for tests to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from relay.sandbox.webhooks.cookies import Cookies
from relay.sandbox.webhooks.kinds import Kind


@dataclass(frozen=True)
class Webhook:
    """A request to make. `subject` is the call or message it tells of."""

    kind: Kind
    url: str
    params: Mapping[str, str]
    subject: str
    method: str = "POST"
    cookies: Cookies = field(default_factory=Cookies)


@dataclass
class WebhookDelivery:
    """A request made, with all its retries. `status` is None if no answer came at all.

    `errors` are Twilio's numbers for a delivery that failed, `warnings` those of its Debugger.
    """

    kind: Kind
    url: str
    method: str
    params: dict[str, str]
    subject: str
    token: str
    at: datetime
    status: int | None = None
    content_type: str = ""
    body: str = ""
    duration: float = 0.0
    attempts: int = 0
    errors: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[int] = field(default_factory=list)
    answered_by: str = ""

    @property
    def is_answered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300 and not self.errors


class TwimlDocument(NamedTuple):
    kind: Literal["voice", "messaging"]
    url: str
    xml: str
