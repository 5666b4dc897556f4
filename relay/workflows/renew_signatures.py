"""Signs what is kept for ever under the key that signs now, so that the one before may go.

A session is signed anew when it is next opened for its pair, and ends (``docs/rotation.md``).
"""

from __future__ import annotations

from relay.workflows.deployment import Deployment
from relay.workflows.pass_over_failures import for_each_board, pass_over_failures


def renew_signatures(deployment: Deployment) -> None:
    """Safe side by side with itself; signs nothing that was not signed. Raises nothing: what cannot
    be signed anew keeps nothing else from it, and is logged."""
    for records, sign_anew in (
        ("boards", deployment.registry.sign_anew),
        ("numbers", deployment.numbers.sign_anew),
        ("deployment keys", deployment.api_keys.sign_anew),
    ):
        with pass_over_failures(deployment.main.store, records=records, step="sign"):
            sign_anew()
    for_each_board(deployment.boards(), lambda board: board.store.api_keys.sign_anew())
    for_each_board(deployment.boards(), lambda board: board.store.pools.sign_anew())
