"""Puts the parts together for one process. Only this file knows all of them."""

from __future__ import annotations

from functools import cache

from config.logging import show_numbers
from config.settings import Settings, SettingsError
from relay.carrier.announcements import is_spoken
from relay.carrier.client import Carrier
from relay.domain.board import CarrierAccount
from relay.domain.throttle import Throttle
from relay.queues import BoardJobs, JobQueues
from relay.store.carrier_times import CarrierTimes
from relay.store.connection import connect
from relay.vault import Vault
from relay.workflows.deployment import Deployment


def build_deployment(settings: Settings) -> Deployment:
    """What a process works with, from its settings. Connects to nothing yet. Raises
    SettingsError."""
    if not is_spoken(settings.default_locale):
        raise SettingsError(
            ["DEFAULT_LOCALE: must be a language that is spoken here, such as en or zh-CN"]
        )
    queues = JobQueues.from_settings(settings)
    client = connect(
        settings.redis_url.get_secret_value(),
        tls_verify=settings.redis_tls_verify,
        replicas=settings.store_replicas,
    )
    carrier_times = CarrierTimes(client)

    @cache
    def throttle_of(account_sid: str) -> Throttle:  # noqa: ARG001 - one for each
        return Throttle(settings.texts_at_once)

    def carrier_of(account: CarrierAccount) -> Carrier:
        return Carrier(
            account,
            base_url=settings.twilio_api_base_url,
            region=settings.twilio_region,
            edge=settings.twilio_edge,
            throttle=throttle_of(account.sid),
            observe=carrier_times.note,
        )

    deployment = Deployment(
        settings,
        client,
        Vault(settings.relay_sealing_keys, settings.relay_index_keys),
        carrier_of=carrier_of,
        jobs_of=lambda board: BoardJobs(queues, board),
        queues=connect(
            settings.queue_redis_url.get_secret_value(), tls_verify=settings.redis_tls_verify
        ),
        carrier_times=carrier_times,
    )
    show_numbers(deployment.numbers.is_known)
    return deployment
