from __future__ import annotations

from relay.domain.fetching import ListPlace, Look
from relay.store.fetched import TRIES_KEPT
from relay.store.keys import DeploymentKeys
from relay.store.store import Store
from tests.world import NOW


def test_the_mark_of_an_accounts_last_look_is_kept(store: Store) -> None:
    assert store.messages.fetched.until("AC1") is None
    store.messages.fetched.note_until("AC1", NOW)
    assert store.messages.fetched.until("AC1") == NOW
    assert store.messages.fetched.until("AC2") is None


def test_when_a_text_was_tried_first_is_kept(store: Store) -> None:
    fetched = store.messages.fetched
    assert [fetched.first_tried("SM1", now=NOW + after) for after in (0.5, 60)] == [NOW + 0.5] * 2
    assert fetched.first_tried("SM2", now=NOW + 60) == NOW + 60
    assert TRIES_KEPT - 60 < store.client.ttl(DeploymentKeys().tried("SM1")) <= TRIES_KEPT


def test_an_unfinished_look_is_gone_on_with(store: Store) -> None:
    place = ListPlace(3, "PASM1")
    look = Look(began_at=NOW, since=NOW - 60, is_to_be_repeated=True)
    store.messages.fetched.note_unfinished("AC1", look, place)
    found = store.messages.fetched.unfinished("AC1")
    assert found == Look(began_at=NOW, since=NOW - 60, place=place, is_to_be_repeated=True)
    assert store.messages.fetched.unfinished("AC2") is None
    store.messages.fetched.forget_unfinished("AC1")
    assert store.messages.fetched.unfinished("AC1") is None
