"""What tests begin with: five people and two virtual numbers, in one of two settings.

A ``World`` has real services on fakeredis and a real vault; only Twilio is replaced, at its border.
A ``Pair`` is a store with a recruiter and a candidate on one number: most tests of texts and calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis

from config.settings import Settings, load_settings
from relay.domain.board import MAIN, CarrierAccount
from relay.domain.limits import DailyLimits
from relay.domain.participant import (
    CandidateDetails,
    Participant,
    ParticipantStatus,
    RecruiterDetails,
    Role,
)
from relay.domain.phone import PhoneNumber
from relay.domain.policy import terms_of
from relay.domain.pool import Pool
from relay.domain.session import Channel, Session
from relay.signing import Signer
from relay.store.claims import Claimed, ClaimOutcome, ClaimRequest
from relay.store.records import stamped_for
from relay.store.store import Store
from relay.vault import Vault
from relay.workflows.deployment import Deployment
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.open_session import open_session
from relay.workflows.services import Jobs, Services
from tests.fake_redis import FakeRedis
from tests.key_ring import RING

NUMBER = "+14155550192"
OTHER_NUMBER = "+14155550193"
RITA = "+12125550101"
NORA = "+16175550123"
CARL = "+13105550127"
DAN = "+19175550138"
EVE = "+15105550116"
STRANGER = "+12125550149"
PHONES = {"rita": RITA, "nora": NORA, "carl": CARL, "dan": DAN, "eve": EVE}
NOW = 1_790_000_000.5
WEEK = 7 * 24 * 3600
RETENTION = 90 * 24 * 3600
US = Pool(name="us", country="US")
#: For who calls more often in a minute than people do in a day.
UNLIMITED = DailyLimits(**dict.fromkeys((one.name for one in terms_of(DailyLimits)), None))
ASKER = "a-key"


ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PUBLIC_BASE_URL": "https://relay.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
    "TWILIO_AUTH_TOKEN": "5" * 32,
    "RELAY_SEALING_KEYS": "a secret for sealing in tests",
    "RELAY_INDEX_KEYS": "a secret for indexing in tests",
    "BOARD_NAME": "JobBoard",
}


#: Of that environment.
OUR_ACCOUNT = CarrierAccount(
    sid=ENVIRONMENT["TWILIO_ACCOUNT_SID"], tokens=(ENVIRONMENT["TWILIO_AUTH_TOKEN"],)
)


def make_settings(**changes: str) -> Settings:
    return load_settings({**ENVIRONMENT, **changes})


@dataclass
class RecordingJobs:
    """Takes the place of RQ: what was enqueued, in order."""

    sent: list[str] = field(default_factory=list)
    purchases: list[str] = field(default_factory=list)
    ended: list[tuple[Role, str]] = field(default_factory=list)
    comparisons: int = 0

    def send_message(self, message_id: str) -> None:
        self.sent.append(message_id)

    def buy_numbers(self, job_id: str) -> None:
        self.purchases.append(job_id)

    def end_calls(self, role: Role, ref: str) -> None:
        self.ended.append((role, ref))

    def compare_numbers(self) -> None:
        self.comparisons += 1

    def is_backed_up(self) -> bool:
        return False


@dataclass
class World:
    services: Services
    jobs: RecordingJobs
    deployment: Deployment

    def open(
        self,
        recruiter: str = "rita",
        candidate: str = "carl",
        *,
        now: float = NOW,
        **request: Any,
    ) -> Session:
        """A session of two of the five people, each put on record on the way."""
        return open_session(
            self.services,
            SessionRequest(
                recruiter=Someone(
                    ref=recruiter,
                    details=RecruiterDetails(
                        phone=PHONES[recruiter], name=recruiter.title(), organization="Acme"
                    ),
                ),
                candidate=Someone(ref=candidate, details=CandidateDetails(phone=PHONES[candidate])),
                **request,
            ),
            client_id=ASKER,
            now=now,
        ).session


def make_deployment(
    client: Any = None,
    settings: Settings | None = None,
    *,
    carrier: Any = None,
    carrier_of: Callable[[CarrierAccount], Any] | None = None,
    jobs: Jobs | None = None,
    vault: Vault | None = None,
    queues: Any = None,
) -> Deployment:
    """A deployment whose boards share what leads out of the process, or have a carrier by their
    account."""
    settings = settings or make_settings()
    jobs = jobs or RecordingJobs()
    client = client if client is not None else FakeRedis()
    return Deployment(
        settings,
        client,
        vault or Vault(settings.relay_sealing_keys, settings.relay_index_keys),
        carrier_of=carrier_of or (lambda account: carrier),
        jobs_of=lambda board: jobs,
        queues=queues if queues is not None else client,
    )


def make_world(client: Any = None, *, carrier: Any = None, **settings: str) -> World:
    """One pool ``us`` with one number."""
    jobs = RecordingJobs()
    deployment = make_deployment(client, make_settings(**settings), carrier=carrier, jobs=jobs)
    services = deployment.main
    services.store.pools.put(US)
    services.store.numbers.add(
        NUMBER, "us", carrier_sid="PN" + "0" * 32, capabilities="vsm", now=NOW
    )
    return World(services, jobs, deployment)


def vault() -> Vault:
    return Vault(RING, RING)


def person(
    role: Role, phone: str, *, locale: str = "en", ref: str = "", sealer: Vault | None = None
) -> Participant:
    sealer = sealer or vault()
    number, ref = PhoneNumber(phone), ref or f"{role[0]}-{phone[-4:]}"
    return Participant(
        ref=ref,
        role=role,
        status=ParticipantStatus.ACTIVE,
        sealed_phone=sealer.seal_phone(number, board=MAIN, role=role, ref=ref),
        phone_indexes=sealer.indexes_of(phone),
        phone_hint=number.hint,
        country="US",
        locale=locale,
    )


def signer() -> Signer:
    """Of the environment in which the tests run the service."""
    return Signer(make_settings().relay_index_keys)


def index_of(phone: str) -> str:
    return vault().indexes_of(phone)[0]


def stamped(context: str, recruiter: str, candidate: str) -> str:
    """A context as it is kept for the pair of these refs."""
    place = stamped_for(MAIN, recruiter, candidate)
    return vault().signer.stamp(context, *place) if context else ""


@dataclass
class Pair:
    """Rita and Carl have an open session on the first number, in the pool ``us``."""

    client: redis.Redis
    store: Store
    vault: Vault = field(default_factory=vault)
    now: float = NOW
    numbers: tuple[str, str] = (NUMBER, OTHER_NUMBER)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.store.pools.put(US)
        for number, sid in zip(self.numbers, ("PN1", "PN2"), strict=True):
            self.store.numbers.add(
                number, US.name, carrier_sid=sid, capabilities="vsm", now=self.now - 100
            )
        self.session = self.connect(RITA, CARL)
        assert self.session.virtual_number == self.numbers[0]

    def connect(self, recruiter: str, candidate: str, **terms: Any) -> Session:
        """Their session; ``terms`` are those of ``claim``."""
        claimed = self.claim(recruiter, candidate, **terms)
        assert isinstance(claimed, Claimed)
        return claimed.session

    def claim(
        self,
        recruiter: str,
        candidate: str,
        *,
        now: float | None = None,
        channels: frozenset[Channel] = frozenset(Channel),
        recruiter_ref: str = "",
        candidate_ref: str = "",
        candidate_locale: str = "en",
        context: str = "",
    ) -> ClaimOutcome:
        now = self.now - 60 if now is None else now
        parties = (
            person(Role.RECRUITER, recruiter, ref=recruiter_ref),
            person(Role.CANDIDATE, candidate, ref=candidate_ref, locale=candidate_locale),
        )
        for party in parties:
            self.store.people.put(party, client=ASKER, now=now)
        return self.store.sessions.claim(
            US.name,
            *parties,
            ClaimRequest(
                expires_at=int(now) + WEEK,
                expiry_was_asked_for=False,
                channels=channels,
                stamped_context=stamped(context, *(party.ref for party in parties)),
            ),
            now=now,
            retention=RETENTION,
        )
