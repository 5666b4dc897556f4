"""What counts as a ring of keys, and what is a mistake."""

from __future__ import annotations

import base64
import secrets

import pytest

from config.key_rings import BadKeyRing, parse_key_ring


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.mark.parametrize("made_up", [secrets.token_hex(32), key()], ids=["heroku", "render"])
def test_what_a_one_click_deploy_has_made_up_can_be_rotated(made_up: str) -> None:
    """Heroku's generator gives 64 hexadecimal digits, Render's 32 bytes in base64: what our own
    keys look like."""
    added = f"k2:{key()}"
    alone = parse_key_ring(made_up, purpose="sealing")
    assert alone.ids == ("k1",)

    both = parse_key_ring(f"{made_up},{added}", purpose="sealing")
    turned = parse_key_ring(f"{added},{made_up}", purpose="sealing")

    assert (both.ids, turned.ids) == (("k1", "k2"), ("k2", "k1"))
    assert both.keys[:1] == turned.keys[1:] == alone.keys


def test_one_key_of_a_ring_at_most_has_no_id() -> None:
    """It would become a third key, under which what is new was sealed, and what is old not
    found."""
    for ring in ("k1:{},{}", "{},{}", "{},k1:{}"):
        with pytest.raises(BadKeyRing, match="without an id is k1"):
            parse_key_ring(ring.format(key(), key()), purpose="sealing")


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        ("", "no key"),
        ("k1:AAAA", "not 32 bytes"),
        ("k1:!", "not 32 bytes"),
        ("a-b:AAAA", "with an id"),
        ("a bare secret of ours, another one of them", "same id"),
    ],
)
def test_what_is_no_ring_says_why(ring: str, why: str) -> None:
    with pytest.raises(BadKeyRing, match=why):
        parse_key_ring(ring, purpose="sealing")
