"""Says in the log that webhooks are refused: not each one, since forgers decide how many come."""

from __future__ import annotations

import structlog

log = structlog.get_logger()

#: Between two lines, in seconds.
_PAUSE = 60.0


class RefusalLog:
    """One line at once, then one a minute at most, with how many were refused since the last."""

    def __init__(self) -> None:
        self._count = 0
        self._silent_until = 0.0

    def note(self, now: float) -> None:
        """A webhook was refused at this moment."""
        self._count += 1
        if now < self._silent_until:
            return
        log.warning(
            "signature refused",
            count=self._count,
            help="if calls fail, see TWILIO_AUTH_TOKEN and PUBLIC_BASE_URL, and ask doctor",
        )
        self._count, self._silent_until = 0, now + _PAUSE
