"""A small world to test use cases in: real store on fakeredis, real vault, five people.

Only Twilio is replaced, at its border.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from config.settings import Settings, load_settings
from relay.domain.participant import CandidateDetails, RecruiterDetails
from relay.domain.pool import Pool
from relay.domain.session import Session
from relay.vault import Vault
from relay.workflows.deployment import Deployment
from relay.workflows.open_session import ApiClient, SessionRequest, Someone, open_session
from relay.workflows.services import Jobs, Services
from tests.fake_redis import FakeRedis

NUMBER = "+14155550192"
OTHER_NUMBER = "+14155550193"
RITA = "+12125550101"
NORA = "+16175550123"
CARL = "+13105550127"
DAN = "+19175550138"
EVE = "+15105550116"
PHONES = {"rita": RITA, "nora": NORA, "carl": CARL, "dan": DAN, "eve": EVE}
NOW = 1_790_000_000.5
ASKER = ApiClient(client_id="test", may_change_phone=True)


def make_settings(**changes: str) -> Settings:
    return load_settings(
        {
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "PUBLIC_BASE_URL": "https://relay.example.com",
            "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
            "TWILIO_AUTH_TOKEN": "5" * 32,
            "RELAY_SEALING_KEYS": "a secret for sealing in tests",
            "RELAY_INDEX_KEYS": "a secret for indexing in tests",
            "BOARD_NAME": "JobBoard",
            **changes,
        }
    )


@dataclass
class RecordingJobs:
    """Takes the place of RQ: what was enqueued, in order."""

    sent: list[str] = field(default_factory=list)
    purchases: list[str] = field(default_factory=list)

    def send_message(self, message_id: str) -> None:
        self.sent.append(message_id)

    def buy_numbers(self, job_id: str) -> None:
        self.purchases.append(job_id)

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
            client=ASKER,
            now=now,
        ).session


def make_deployment(
    client: Any = None,
    settings: Settings | None = None,
    *,
    carrier: Any = None,
    jobs: Jobs | None = None,
    vault: Vault | None = None,
) -> Deployment:
    """A deployment whose boards share what leads out of the process."""
    settings = settings or make_settings()
    jobs = jobs or RecordingJobs()
    return Deployment(
        settings,
        client if client is not None else FakeRedis(),
        vault or Vault(settings.relay_sealing_keys, settings.relay_index_keys),
        carrier_of=lambda board, account: carrier,
        jobs_of=lambda board: jobs,
    )


def make_world(client: Any = None, *, carrier: Any = None, **settings: str) -> World:
    """One pool ``us`` with one number."""
    jobs = RecordingJobs()
    deployment = make_deployment(client, make_settings(**settings), carrier=carrier, jobs=jobs)
    services = deployment.main
    services.store.pools.put(Pool(name="us", country="US"))
    services.store.numbers.add(
        NUMBER, "us", carrier_sid="PN" + "0" * 32, capabilities="vsm", now=NOW
    )
    return World(services, jobs, deployment)
