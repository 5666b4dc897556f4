"""Rita and Carl on the simulated carrier, with the real SDK over real HTTP, webhooks included; only
the clock of the worker jumps."""

from __future__ import annotations

import time

from relay.carrier.client import Carrier
from relay.carrier.urls import WebhookUrls
from relay.domain.message_progress import REPORT_GRACE
from relay.sandbox import Phone, SimulatedCarrier
from relay.store.outbox import ASK_AFTER
from relay.workflows.ask_outcomes import ask_outcomes
from tests.sending import send_lane
from tests.workflows.texting import Stage
from tests.world import NUMBER, OUR_ACCOUNT, make_deployment, make_settings, vault

TIMEOUT = 0.5


class Scenario:
    def __init__(self, sandbox: SimulatedCarrier, base_url: str) -> None:
        self.sandbox = sandbox
        self.stage = Stage(now=time.time())
        account = make_settings(PUBLIC_BASE_URL=base_url, TWILIO_API_BASE_URL=sandbox.base_url)
        self.carrier = Carrier(
            OUR_ACCOUNT,
            base_url=sandbox.base_url,
            timeout=TIMEOUT,
        )
        self.deployment = make_deployment(
            self.stage.client, account, carrier=self.carrier, jobs=self.stage.jobs, vault=vault()
        )
        self.services = self.deployment.main
        self.ahead = 0.0
        owned = self.carrier.numbers.find_owned(NUMBER)
        assert owned is not None
        urls = WebhookUrls(base_url, "main")
        self.carrier.numbers.point_here(
            owned.sid,
            voice_url=urls.voice(),
            sms_url=urls.messages(),
            status_callback=urls.call_ended(),
        )

    def phone(self, number: str) -> Phone:
        return self.sandbox.phone(number)

    def text(self, sender: str, body: str) -> None:
        self.phone(sender).text(NUMBER, body).wait()

    def work(self) -> None:
        while self.stage.jobs.noted:
            for message in self.stage.jobs.take():
                send_lane(self.services, message, clock=lambda: time.time() + self.ahead)

    def wake(self) -> None:
        """As the sweeper does, later."""
        self.ahead += REPORT_GRACE + 1
        outbox = self.stage.store.messages.outbox
        for message in outbox.sweep(now=time.time() + self.ahead):
            self.stage.jobs.send_message(message)
        self.work()

    def ask(self) -> int:
        """As the periodic job does, when reports have not come for long."""
        self.ahead += ASK_AFTER
        asked = ask_outcomes(self.services, clock=lambda: time.time() + self.ahead)
        self.work()
        return asked

    def shown(self, number: str) -> list[str]:
        """What the phone got, in the order of sending: the carrier may overtake itself."""
        self.sandbox.settle()
        order = {message.sid: message.sequence for message in self.sandbox.messages(to=number)}
        received = sorted(self.phone(number).texts, key=lambda text: order[text.sid])
        return [text.body for text in received]
