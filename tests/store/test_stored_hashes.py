"""Hashes that are stored: what one release has written, the next one has to find."""

from __future__ import annotations

from relay.vault import Vault
from tests.key_ring import NEXT_RING, RING
from tests.world import CARL, vault

SID = "SM" + "1" * 32


def test_a_phone_is_found_by_the_index_that_it_had_before() -> None:
    assert vault().indexes_of(CARL) == ("WITyVFSyjS47K2wzinzgKA",)


def test_a_webhook_is_known_by_the_mark_that_it_left_before() -> None:
    assert vault().marks_of(SID) == (1424513642891997681,)


def test_a_request_is_known_by_the_hash_that_it_left_before() -> None:
    assert vault().keyed_hash(b"a request") == "9TiJp3pM1AJfBB7XT5pNsQ"


def test_what_was_written_under_the_former_key_is_looked_for_too() -> None:
    both = Vault(NEXT_RING, NEXT_RING)
    assert both.indexes_of(CARL)[1:] == Vault(RING, RING).indexes_of(CARL)
    assert both.marks_of(SID)[1:] == Vault(RING, RING).marks_of(SID)
