"""What a leg does next: fetch a document, or perform one that is already here."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.sandbox.webhooks.kinds import Kind


@dataclass(frozen=True)
class Fetch:
    kind: Kind
    url: str
    method: str = "POST"
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inline:
    """TwiML given in a REST request; it has no address of its own."""

    xml: str


Step = Fetch | Inline
