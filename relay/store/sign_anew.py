"""Signs what is on record anew, when another key signs than before (``docs/rotation.md``)."""

from __future__ import annotations

from collections.abc import Callable

from relay.signing import Signer
from relay.store.connection import Client
from relay.store.key_declarations import Keys
from relay.store.scripts import Scripts


def sign_anew(
    client: Client,
    scripts: Scripts,
    keys: Keys,
    hash_name: str,
    *,
    signer: Signer,
    place_of: Callable[[str], tuple[str, ...]],
) -> None:
    """Signs all records of ours in a hash under the key that signs now. ``place_of`` is what the
    stamp of a field's record is for. Raises Unavailable."""
    for field, seen in client.hgetall(getattr(keys, hash_name)).items():
        stamped = signer.stamp_anew(seen, *place_of(field))
        if stamped != seen:
            scripts.run(
                "replace_stamped",
                keys,
                hash_name=hash_name,
                field=field,
                seen=seen,
                record=stamped,
            )
