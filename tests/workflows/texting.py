"""Workflows about texts on fakeredis, with a carrier that answers what a test tells it to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import fakeredis

from relay.carrier.messages import InboundPage, ListedText, SentText
from relay.carrier.webhooks import InboundText, MessageStatusReport
from relay.domain.errors import CarrierError
from relay.domain.fetching import ListPlace
from relay.domain.notices import Notice, telling
from relay.domain.opt_out import OptOut
from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.session import Session
from relay.domain.texts import Message
from relay.domain.trouble import Trouble
from relay.workflows.change_phone import change_phone
from relay.workflows.record_message_status import record_message_status
from relay.workflows.relay_text import TextAnswer, relay_text
from relay.workflows.sweep_outbox import sweep_outbox
from tests.fake_redis import FakeRedis
from tests.sending import send_lane
from tests.world import (
    CARL,
    DAN,
    EVE,
    NOW,
    NUMBER,
    RITA,
    Pair,
    make_deployment,
    make_settings,
    person,
    vault,
)


@dataclass
class StandInMessages:
    """Takes every text, unless ``troubles`` has an error for the next one. An ``ambiguous`` error
    may leave the text ``taken`` all the same."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)
    troubles: list[CarrierError] = field(default_factory=list)
    taken: list[SentText] = field(default_factory=list)
    list_trouble: CarrierError | None = None
    listed_since: list[float] = field(default_factory=list)
    listed_at: list[ListPlace | None] = field(default_factory=list)
    inbound: list[ListedText] = field(default_factory=list)
    page_size: int = 500
    reports: dict[str, MessageStatusReport | CarrierError] = field(default_factory=dict)
    takes_despite_trouble: bool = False
    status: str = "queued"

    def send_text(
        self, *, virtual_number: str, to: PhoneNumber, body: str, status_callback: str
    ) -> SentText:
        trouble = self.troubles.pop(0) if self.troubles else None
        sent = SentText(
            sid=f"SMout{len(self.callbacks):029d}",
            status=self.status,
            body=body,
            receiver=to.reveal(),
        )
        if trouble is None or self.takes_despite_trouble:
            self.sent.append((virtual_number, to.reveal(), body))
            self.taken.append(sent)
        self.callbacks.append(status_callback)
        if trouble:
            raise trouble
        return sent

    def find_sent(self, *, virtual_number: str, since: float) -> list[SentText]:
        self.listed_since.append(since)
        if self.list_trouble:
            raise self.list_trouble
        return list(self.taken)

    def fetch_report(self, sid: str) -> MessageStatusReport:
        report = self.reports.get(sid, MessageStatusReport(message_sid=sid, status=self.status))
        if isinstance(report, CarrierError):
            raise report
        return report

    def inbound_page(self, *, since: float, at: ListPlace | None = None) -> InboundPage:
        self.listed_since.append(since)
        self.listed_at.append(at)
        if self.list_trouble:
            raise self.list_trouble
        start = int(at.token) if at else 0
        end = start + self.page_size
        more = ListPlace(end // self.page_size, f"{end}") if end < len(self.inbound) else None
        return InboundPage(tuple(self.inbound[start:end]), more)


@dataclass
class StandInRecords:
    """Deletes every record but the ``kept`` ones."""

    deleted: list[str] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    trouble: CarrierError | None = None

    def delete(self, sid: str) -> bool:
        if self.trouble:
            raise self.trouble
        if sid not in self.kept:
            self.deleted.append(sid)
        return sid not in self.kept

    def delete_call(self, sid: str) -> bool:
        return self.delete(sid)


@dataclass
class StandInCarrier:
    messages: StandInMessages = field(default_factory=StandInMessages)
    records: StandInRecords = field(default_factory=StandInRecords)
    #: For tests that ask for numbers.
    numbers: Any = None
    messaging_services: Any = None


@dataclass
class NotedJobs:
    noted: list[str] = field(default_factory=list)
    backed_up: bool = False
    comparisons: int = 0

    def send_message(self, message_id: str) -> None:
        self.noted.append(message_id)

    def buy_numbers(self, job_id: str) -> None:
        self.noted.append(job_id)

    def end_calls(self, role: Role, ref: str) -> None:
        """Recycling does it."""

    def compare_numbers(self) -> None:
        self.comparisons += 1

    def is_backed_up(self) -> bool:
        return self.backed_up

    def take(self) -> list[str]:
        taken, self.noted = self.noted, []
        return taken


class Stage:
    """Rita and Carl text on NUMBER; ``now`` is the time until a test moves it."""

    def __init__(self, *, now: float = NOW, **environment: str) -> None:
        self.server = fakeredis.FakeServer()
        client = FakeRedis(self.server)
        self.client = client
        self.carrier = StandInCarrier()
        self.jobs = NotedJobs()
        self.deployment = make_deployment(
            client,
            make_settings(**environment),
            carrier=self.carrier,
            jobs=self.jobs,
            vault=vault(),
        )
        self.services = self.deployment.main
        self.store = self.services.store
        self.pair = Pair(client, self.store, now=now)
        self.now = now
        self._count = 0

    def inbound(
        self,
        sender: str = RITA,
        body: str = "hello",
        *,
        sid: str = "",
        media: int = 0,
        opt_out: OptOut | None = None,
    ) -> InboundText:
        self._count += 1
        return InboundText(
            message_sid=sid or f"SM{self._count:032d}",
            sender=sender,
            virtual_number=NUMBER,
            body=body,
            media=media,
            opt_out=opt_out,
        )

    def text(
        self,
        sender: str = RITA,
        body: str = "hello",
        *,
        sid: str = "",
        media: int = 0,
        number: str = NUMBER,
        said_at: float | None = None,
        opt_out: OptOut | None = None,
    ) -> TextAnswer:
        inbound = replace(
            self.inbound(sender, body, sid=sid, media=media, opt_out=opt_out), virtual_number=number
        )
        return relay_text(self.services, inbound, now=self.now, said_at=said_at)

    def move(self, role: Role, phone: str) -> None:
        """Rita, the recruiter, or Carl, the candidate, has another phone."""
        ref = self.pair.session.party(role).ref
        mover = person(role, phone, ref=ref, sealer=self.pair.vault)
        change_phone(self.services, mover, take_over=False, renumber=False, now=self.now)

    def work(self) -> None:
        """Does what has been enqueued, and what that enqueues."""
        while self.jobs.noted:
            for message in self.jobs.take():
                send_lane(self.services, message, clock=lambda: self.now)

    def send(self, message: str) -> None:
        send_lane(self.services, message, clock=lambda: self.now)

    def report(
        self,
        message: str,
        status: str,
        code: int = 0,
        *,
        sid: str = "SMreport",
        attempt: str | None = None,
    ) -> None:
        if attempt is None:
            attempt = self.record(message).attempt if self.store.messages.read(message) else ""
        record_message_status(
            self.services,
            message,
            attempt,
            MessageStatusReport(message_sid=sid, status=status, error_code=code),
            now=self.now,
        )

    def notice(self, notice: Notice, *, to: Role = Role.RECRUITER, session: str = "") -> str:
        """The id by which the pair's recruiter is told, or else its candidate."""
        session = session or self.pair.session.id
        return telling(notice, session=session, to=to, now=self.now).id

    def later(self, seconds: float) -> None:
        """Time goes by, and the sweeper does its work."""
        self.now += seconds
        sweep_outbox(self.services, now=self.now)
        self.work()

    def record(self, message: str) -> Message:
        record = self.store.messages.read(message)
        assert record is not None
        return record

    @property
    def arrived(self) -> list[tuple[str, str]]:
        """To whom what went, in order."""
        return [(to, body) for _, to, body in self.carrier.messages.sent]


def share_the_number(stage: Stage) -> Session:
    """Rita's session with Eve, the second one on NUMBER."""
    stage.pair.connect(RITA, DAN, context="Waiter")
    session = stage.pair.connect(RITA, EVE, context="Cook, Acme")
    assert session.virtual_number == NUMBER
    assert session.code_needed
    return session


TO_CARL = (CARL, "hello")
UNCLEAR = CarrierError(Trouble.LATER, 1, ambiguous=True)
