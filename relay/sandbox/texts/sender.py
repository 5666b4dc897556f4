"""The life of an outbound message: queued, sent, and what becomes of it (TW-text-status)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from relay.sandbox.clock import Clock
from relay.sandbox.faults.messages import Outcome
from relay.sandbox.geography import country_of
from relay.sandbox.network import Network
from relay.sandbox.pace import Pace
from relay.sandbox.phone import ReceivedText
from relay.sandbox.records import Media, Message
from relay.sandbox.texts.loop_guard import LoopGuard
from relay.sandbox.texts.segments import count_segments
from relay.sandbox.webhooks.journal import Webhook

LOOP_DETECTED = 14107


class Sender:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._loop_guard = LoopGuard()
        self._pace = Pace()

    def accept(self, message: Message) -> None:
        """Takes over a message whose first status the API has already told."""
        faults = self._network.faults
        looping = self._loop_guard.trips(message.from_, message.to) and faults.loop_guard
        outcome = self._refusal(message) or faults.messages.outcome_for(message.to)
        if looping:
            outcome = Outcome("failed", LOOP_DETECTED, arrives=False)
        steps = partial(self._send, message, outcome)
        if message.service_sid is not None:
            steps = partial(self._queue, message, steps)
        wait = self._pace.seconds_until_slot(message.from_, faults.messages.per_second)
        self._network.thread_pool.later(self._network.message_pause() + wait, steps)

    def reply(
        self,
        inbound: Message,
        body: str,
        *,
        media: Sequence[str] = (),
        to: str | None = None,
        from_: str | None = None,
        status_callback: str | None = None,
        obeys_block: bool = True,
    ) -> Message | None:
        """Sends an answer out of TwiML, or the carrier's own to STOP (which no block holds up)."""
        network = self._network
        sender, receiver = from_ or inbound.to, to or inbound.from_
        if obeys_block and network.account.is_blocked(receiver, sender):
            return None
        message = network.account.add_message(
            sender,
            receiver,
            body,
            direction="outbound-reply",
            status="queued",
            prefix="MM" if media else "SM",
        )
        message.num_segments = count_segments(body)
        message.status_callback = status_callback
        message.media = [
            Media(network.identifiers.new("ME"), "image/jpeg", url, message.created)
            for url in media
        ]
        self.accept(message)
        return message

    def _refusal(self, message: Message) -> Outcome | None:
        """Of the carriers of the United States, for the number's own sake."""
        number = self._network.account.number(message.from_)
        is_asked = self._network.faults.messages.registration_enforced
        if number is None or not is_asked or country_of(message.to) != "US":
            return None
        code = self._network.account.why_unregistered(number)
        return Outcome("undelivered", code, arrives=False) if code else None

    def _queue(self, message: Message, then: partial[None]) -> None:
        if message.status == "canceled":
            return
        self._advance(message, "queued")
        self._network.thread_pool.later(self._network.message_pause(), then)

    def _send(self, message: Message, outcome: Outcome) -> None:
        if message.status == "canceled":
            return
        if outcome.status == "failed":
            self._advance(message, "failed", outcome.code)
            return
        self._advance(message, "sent")
        settle = partial(self._settle, message, outcome)
        self._network.thread_pool.later(self._network.message_pause(), settle)

    def _settle(self, message: Message, outcome: Outcome) -> None:
        if outcome.arrives:
            self._hand_over(message)
        if outcome.status != "sent":
            self._advance(message, outcome.status, outcome.code)

    def _hand_over(self, message: Message) -> None:
        if self._network.account.number(message.to) is not None:
            self._network.exchange.receive_text(message.from_, message.to, message.body, ())
            return
        media = tuple(item.url for item in message.media)
        now = self._network.clock.now()
        text = ReceivedText(message.from_, message.body, now, message.sid, media)
        self._network.phone(message.to).receive(text)

    def _advance(self, message: Message, status: str, code: int | None = None) -> None:
        with self._network.account.lock:
            message.status = status
            message.error_code = code
            message.updated = self._network.clock.now()
            if status in ("sent", "failed"):
                message.sent = message.sent or message.updated
        if message.status_callback:
            self._network.dispatch.soon(
                Webhook(
                    kind="message-status",
                    url=message.status_callback,
                    params=_callback_parameters(message, status, code, self._network.clock),
                    subject=message.sid,
                )
            )


def _callback_parameters(
    message: Message, status: str, code: int | None, clock: Clock
) -> dict[str, str]:
    parameters = {
        "AccountSid": message.account_sid,
        "From": message.from_,
        "To": message.to,
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": status,
        "SmsStatus": status,
        "ApiVersion": "2010-04-01",
        # "New parameters may be added without notice."
        "AddedWithoutNotice": "",
    }
    if message.service_sid:
        parameters["MessagingServiceSid"] = message.service_sid
    if code is not None:
        parameters["ErrorCode"] = str(code)
    if status in ("delivered", "undelivered"):
        parameters["RawDlrDoneDate"] = clock.now().strftime("%y%m%d%H%M")
    return parameters
