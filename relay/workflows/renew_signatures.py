"""Signs what is kept for ever under the key that signs now, so that the one before may go.

A session is signed anew when it is next opened for its pair, and ends (``docs/rotation.md``).
"""

from __future__ import annotations

from relay.workflows.deployment import Deployment


def renew_signatures(deployment: Deployment) -> None:
    """Safe side by side with itself; signs nothing that was not signed. Raises Unavailable."""
    deployment.registry.sign_anew()
    deployment.numbers.sign_anew()
    deployment.api_keys.sign_anew()
    for services in deployment.boards():
        services.store.api_keys.sign_anew()
        services.store.pools.sign_anew()
