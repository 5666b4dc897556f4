"""The keys of tests that need any, the same in every run."""

from __future__ import annotations

from config.key_rings import KeyRing
from relay.signing import Signer

RING = KeyRing((("k1", bytes(range(32))),))
SIGNER = Signer(RING)
