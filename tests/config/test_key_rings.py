"""What counts as a ring of keys, and what is a mistake."""

from __future__ import annotations

import base64
import secrets

import pytest

from config.key_rings import BadKeyRing, parse_key_ring


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def test_what_a_one_click_deploy_has_made_up_can_be_rotated() -> None:
    """Heroku's generator gives 64 hexadecimal digits, which are base64, too, of 48 bytes."""
    made_up, added = secrets.token_hex(32), f"k2:{key()}"
    alone = parse_key_ring(made_up, purpose="sealing")
    assert alone.ids == ("k1",)

    both = parse_key_ring(f"{made_up},{added}", purpose="sealing")
    turned = parse_key_ring(f"{added},{made_up}", purpose="sealing")

    assert (both.ids, turned.ids) == (("k1", "k2"), ("k2", "k1"))
    assert both.keys[:1] == turned.keys[1:] == alone.keys


@pytest.mark.parametrize("ring", ["{},k2:{}", "k2:{},{}", "k1:{},{}"])
def test_a_key_that_has_lost_its_id_is_no_other_key(ring: str) -> None:
    """It became a third key, under which what is new was sealed, and what is old not found."""
    with pytest.raises(BadKeyRing, match="has no id"):
        parse_key_ring(ring.format(key(), key()), purpose="sealing")
    with pytest.raises(BadKeyRing, match="has no id"):
        parse_key_ring(f"{secrets.token_hex(32)},{key()}", purpose="sealing")


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
