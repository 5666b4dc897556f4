"""Ways a signature can be wrong, or right and surprising (TW-signature)."""

from __future__ import annotations


class SigningFaults:
    def __init__(self) -> None:
        self.wrong_signature = False
        # Sign with this token, as Twilio does once it has been promoted.
        self.secondary_token: str | None = None
        # CallToken and StirVerstat are added after signing.
        self.extra_unsigned_fields = False
        # twilio-php#790: a TwiML action's query is sorted after the unsorted URL was signed.
        self.sorted_action_queries = False
