"""Puts the parts together for one process. Only this file knows all of them."""

from __future__ import annotations

from config.settings import Settings
from relay.carrier.client import Carrier
from relay.store.connection import connect
from relay.store.store import Store
from relay.vault import Vault
from relay.workflows.services import Services
from workers.queues import JobQueues


def build_services(settings: Settings) -> Services:
    """The services of a process, from its settings. Connects to nothing yet."""
    client = connect(settings.redis_url.get_secret_value(), tls_verify=settings.redis_tls_verify)
    return Services(
        settings=settings,
        store=Store(
            client,
            replicas=settings.store_replicas,
            messaging_service=settings.twilio_messaging_service_sid,
        ),
        vault=Vault(settings.relay_sealing_keys, settings.relay_index_keys),
        carrier=Carrier.from_settings(settings),
        jobs=JobQueues.from_settings(settings),
    )
