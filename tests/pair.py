"""A recruiter and a candidate on one number: what most tests about texts and calls start from."""

from __future__ import annotations

from dataclasses import dataclass, field

import redis

from config.key_rings import KeyRing
from config.settings import Settings, load_settings
from relay.domain.participant import Participant, ParticipantStatus, Role
from relay.domain.phone import PhoneNumber
from relay.domain.pool import Pool
from relay.domain.session import Channel, Session
from relay.store.sessions import Claimed, ClaimRequest
from relay.store.store import Store
from relay.vault import Vault

NOW = 1_790_000_000.0
RETENTION = 90 * 24 * 3600
WEEK = 7 * 24 * 3600
NUMBER = "+14155550192"
OTHER_NUMBER = "+14155550193"
RITA = "+12125550101"  # the recruiter
CARL = "+12125550102"  # the candidate
STRANGER = "+12125550149"
US = Pool(name="us", country="US")

ENVIRONMENT = {
    "REDIS_URL": "redis://localhost:1",
    "PUBLIC_BASE_URL": "https://relay.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
    "TWILIO_AUTH_TOKEN": "a" * 32,
    "RELAY_SEALING_KEYS": "correct horse battery staple",
    "RELAY_INDEX_KEYS": "correct horse battery staple",
    "BOARD_NAME": "Acme Jobs",
}


def settings(**changes: str) -> Settings:
    return load_settings({**ENVIRONMENT, **changes})


def vault() -> Vault:
    ring = KeyRing((("k1", bytes(range(32))),))
    return Vault(ring, ring)


def person(
    role: Role, phone: str, *, locale: str = "en", ref: str = "", sealer: Vault | None = None
) -> Participant:
    sealer = sealer or vault()
    number = PhoneNumber(phone)
    return Participant(
        ref=ref or f"{role[0]}-{phone[-4:]}",
        role=role,
        status=ParticipantStatus.ACTIVE,
        sealed_phone=sealer.seal_phone(number),
        phone_indexes=sealer.indexes_of(phone),
        phone_hint=number.hint,
        country="US",
        locale=locale,
    )


def index_of(phone: str) -> str:
    return vault().indexes_of(phone)[0]


@dataclass
class Pair:
    """Rita and Carl have an open session on NUMBER, in the pool ``us``."""

    client: redis.Redis
    store: Store
    vault: Vault = field(default_factory=vault)
    now: float = NOW
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.store.pools.put(US)
        for number, sid in ((NUMBER, "PN1"), (OTHER_NUMBER, "PN2")):
            self.store.numbers.add(
                number, US.name, carrier_sid=sid, capabilities="vsm", now=self.now - 100
            )
        self.session = self.connect(RITA, CARL)
        assert self.session.virtual_number == NUMBER

    def connect(
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
    ) -> Session:
        now = self.now - 60 if now is None else now
        parties = (
            person(Role.RECRUITER, recruiter, ref=recruiter_ref),
            person(Role.CANDIDATE, candidate, ref=candidate_ref, locale=candidate_locale),
        )
        for party in parties:
            self.store.people.put(party, now=now)
        claimed = self.store.sessions.claim(
            US.name,
            *parties,
            ClaimRequest(
                expires_at=int(now) + WEEK,
                expiry_was_asked_for=False,
                channels=channels,
                context=context,
            ),
            now=now,
            retention=RETENTION,
        )
        assert isinstance(claimed, Claimed)
        return claimed.session
