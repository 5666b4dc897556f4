"""Where the carrier finds us: every webhook's absolute URL.

Ids are path segments and never query parameters, which Twilio sorts after signing them
(TW-query-order). The fragment holds connection overrides (TW-overrides): without them Twilio tries
once more, and only when it could not connect.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

# A call's requests end after 15 s whatever is asked for; a caller hears ringing meanwhile.
_RETRY_CALL = "#rc=2&rp=all&ct=2000&rt=4000"
_RETRY_TEXT = "#rc=5&rp=all&ct=3000&rt=5000"
_RETRY_STATUS = "#rc=3&rp=all"


class Webhooks(TypedDict):
    """Where the calls and texts of a number go, and the news of a call's end; and where they go
    while no process of ours answers, which is left as it is at the carrier where none is set."""

    voice_url: str
    sms_url: str
    status_callback: str
    voice_fallback_url: NotRequired[str]
    sms_fallback_url: NotRequired[str]


class WebhookUrls:
    """Those of a number are the same for all boards: the number tells whose it is. All that we name
    during a call or text is below its board."""

    def __init__(self, base_url: str, board: str) -> None:
        self._twilio = base_url.rstrip("/") + "/twilio"
        self._board = f"{self._twilio}/{board}"

    def voice(self) -> str:
        return f"{self._twilio}/voice{_RETRY_CALL}"

    def messages(self) -> str:
        return f"{self._twilio}/messages{_RETRY_TEXT}"

    def call_ended(self) -> str:
        """A number's StatusCallback: once, when a call on it is over."""
        return f"{self._twilio}/calls/ended{_RETRY_STATUS}"

    def code(self, call_id: str, attempt: int) -> str:
        """Where the code goes that a caller enters; ``attempt`` counts a call's codes from 1."""
        return f"{self._board}/calls/{call_id}/code/{attempt}{_RETRY_CALL}"

    def screen(self, call_id: str) -> str:
        """What the counterpart hears before the two are connected."""
        return f"{self._board}/calls/{call_id}/screen{_RETRY_CALL}"

    def screen_answer(self, call_id: str, turn: int) -> str:
        """Where the counterpart's answer goes; ``turn`` counts what they were asked, from 0."""
        return f"{self._board}/calls/{call_id}/screen/answer/{turn}{_RETRY_CALL}"

    def dial_ended(self, call_id: str) -> str:
        return f"{self._board}/calls/{call_id}/dialled{_RETRY_CALL}"

    def leg(self, call_id: str) -> str:
        return f"{self._board}/calls/{call_id}/leg{_RETRY_CALL}"

    def message_status(self, message_id: str, attempt: str) -> str:
        """Names the attempt: a report to it proves that this attempt reached the carrier."""
        return f"{self._board}/messages/{message_id}/{attempt}/status{_RETRY_STATUS}"


def is_same_place(url: str, other: str) -> bool:
    """Whether both lead to the same webhook: a fragment holds only how often to try again."""
    return _bare(url) == _bare(other)


def _bare(url: str) -> str:
    return url.partition("#")[0]
