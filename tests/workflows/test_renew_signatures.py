from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from relay.domain.api_key import Scope
from relay.domain.board import Board
from relay.store.api_keys import ApiKeys
from relay.store.boards import BoardRegistry
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.number_map import NumberMap
from relay.vault import Vault
from relay.workflows.deployment import Deployment
from relay.workflows.renew_signatures import renew_signatures
from tests.fake_redis import FakeRedis
from tests.key_ring import LAST_SIGNER, NEXT_RING, SIGNER, move_number
from tests.world import NOW, NUMBER, make_deployment

DEPLOYMENT = DeploymentKeys()
KEPT_IN = {
    "boards": DEPLOYMENT.boards,
    "numbers": DEPLOYMENT.numbers,
    "deployment keys": DEPLOYMENT.api_keys,
    **{f"keys of {name}": BoardKeys(name).api_keys for name in ("main", "second", "third")},
}


@pytest.fixture
def deployment() -> Deployment:
    """Signs under the next key; what is on record is still under the one before."""
    client = FakeRedis()
    registry = BoardRegistry(client, SIGNER)
    for name in ("second", "third"):
        registry.put(Board(name=name, spoken_name=name.title()))
    move_number(client, NUMBER, "main", "us")
    for keys in (DEPLOYMENT, *map(BoardKeys, ("main", "second", "third"))):
        ApiKeys(client, keys, SIGNER).create("a-key", [Scope.METRICS], now=NOW)
    deployment = make_deployment(client, vault=Vault(NEXT_RING, NEXT_RING))
    assert len(deployment.boards()) == 3
    return deployment


def left_without_the_former_key(client: FakeRedis) -> set[str]:
    numbers = NumberMap(client, LAST_SIGNER)
    numbers.learn()
    left = {
        "boards": bool(BoardRegistry(client, LAST_SIGNER).find("second")),
        "numbers": numbers.is_known(NUMBER),
        "deployment keys": bool(ApiKeys(client, DEPLOYMENT, LAST_SIGNER).all()),
    }
    for name in ("main", "second", "third"):
        left[f"keys of {name}"] = bool(ApiKeys(client, BoardKeys(name), LAST_SIGNER).all())
    return {what for what, is_left in left.items() if is_left}


@pytest.mark.parametrize("damaged", KEPT_IN)
def test_p9_what_cannot_be_signed_anew_keeps_nothing_else_from_it(
    deployment: Deployment, damaged: str
) -> None:
    """Once the key before has gone from the ring, keys that were not signed anew are nobody's."""
    deployment.client.set(KEPT_IN[damaged], "damaged")

    with capture_logs() as events:
        renew_signatures(deployment)

    (event,) = events
    assert event["event"].startswith("passed over")
    if damaged.startswith("keys of "):
        assert event["board"] == damaged.removeprefix("keys of ")
    else:
        assert (event["records"], event["step"]) == (damaged, "sign")
    deployment.client.delete(KEPT_IN[damaged])
    assert left_without_the_former_key(deployment.client) == set(KEPT_IN) - {damaged}
