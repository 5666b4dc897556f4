"""What is revoked, moved or changed while records are signed anew stays so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay.domain.api_key import Scope
from relay.domain.board import Board, NumberPlace
from relay.store.api_keys import ApiKeys
from relay.store.boards import BoardRegistry
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.number_map import NumberMap
from relay.store.scripts import Scripts
from tests.key_ring import NEXT_SIGNER, SIGNER, move_number
from tests.world import NOW, NUMBER

THEIRS = BoardKeys("main")


class Interrupted:
    """A client with which somebody else does something as soon as a hash has been read."""

    def __init__(self, client: Any, meanwhile: Callable[[], object]) -> None:
        self._client = client
        self._meanwhile = meanwhile

    def hgetall(self, key: str) -> Any:
        read = self._client.hgetall(key)
        self._meanwhile()
        return read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_replace_stamped_is_safe_to_run_twice(client: Any) -> None:
    """A lost reply makes the client send the same command again."""
    scripts, key = Scripts(client), THEIRS.api_keys

    def run() -> None:
        scripts.run(
            "replace_stamped", THEIRS, hash_name="api_keys", field="a", seen="old", record="new"
        )

    client.hset(key, "a", "old")
    for _ in range(2):
        run()
        assert client.hgetall(key) == {"a": "new"}
    client.hset(key, "a", "newer")
    run()
    assert client.hget(key, "a") == "newer"
    client.hdel(key, "a")
    run()
    assert client.hget(key, "a") is None


@pytest.mark.parametrize("keys", [THEIRS, DeploymentKeys()], ids=["board", "deployment"])
def test_a_key_that_is_revoked_meanwhile_stays_revoked(client: Any, keys: Any) -> None:
    api_keys = ApiKeys(client, keys, SIGNER)
    gone, kept = (api_keys.create(name, [Scope.METRICS], now=NOW) for name in ("gone", "kept"))
    interrupted = Interrupted(client, lambda: api_keys.revoke("gone"))

    ApiKeys(interrupted, keys, NEXT_SIGNER).sign_anew()

    anew = ApiKeys(client, keys, NEXT_SIGNER)
    assert anew.find(gone) is None
    assert anew.find(kept)
    assert api_keys.find(kept) is None, "it is signed under the next key"


def test_a_board_that_is_changed_meanwhile_stays_changed(client: Any) -> None:
    registry = BoardRegistry(client, SIGNER)
    registry.put(Board(name="second", spoken_name="Second Jobs"))
    registry.put(Board(name="third", spoken_name="Third Jobs"))
    changed = Board(name="second", spoken_name="Other Jobs", sealed_tokens=("k1:new",))
    interrupted = Interrupted(client, lambda: registry.put(changed))

    BoardRegistry(interrupted, NEXT_SIGNER).sign_anew()

    assert BoardRegistry(client, NEXT_SIGNER).find("second") == changed
    assert BoardRegistry(client, NEXT_SIGNER).find("third")
    assert BoardRegistry(client, SIGNER).find("third") is None


@pytest.mark.parametrize("to", ["second", None])
def test_a_number_that_moves_or_leaves_meanwhile_has_moved(client: Any, to: str | None) -> None:
    numbers = NumberMap(client, SIGNER)
    ours, other = NumberPlace("main", "us"), "+14155550198"
    numbers.enter(NUMBER, ours)
    numbers.enter(other, ours)

    def meanwhile() -> None:
        if to:
            move_number(client, NUMBER, to, "us")
        else:
            NumberMap(client, SIGNER).strike_off(NUMBER, ours)

    NumberMap(Interrupted(client, meanwhile), NEXT_SIGNER).sign_anew()

    anew = NumberMap(client, NEXT_SIGNER)
    anew.learn()
    assert anew.find(NUMBER) == (NumberPlace(to, "us") if to else None)
    assert anew.find(other) == ours
    assert NumberMap(client, SIGNER).find(other) is None
