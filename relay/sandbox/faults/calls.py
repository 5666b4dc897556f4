"""What differs from call to call, or from one account of Twilio to another."""

from __future__ import annotations

from typing import Literal


class CallFaults:
    def __init__(self) -> None:
        # DialCallStatus once a whisper document hung up: sources disagree (TW-whisper).
        self.screening_status: Literal["no-answer", "completed"] = "no-answer"
        # Is the Dial's action requested when the caller is gone? Not documented.
        self.action_after_hang_up: Literal["bridged", "always", "never"] = "bridged"
        # Number prefixes the account may not dial (geo permissions); mainland China for nobody
        # since 30 November 2023 (TW-china).
        self.calls_denied_to: tuple[str, ...] = ("+86",)
        # CPS: calls a second that REST may start; the others wait, `queued`. None: no limit.
        self.calls_per_second: float | None = None
