"""A phone's assistant, which answers before its owner and asks who calls and why (TW-screening)."""

from __future__ import annotations

from relay.sandbox.behaviour import Screening
from relay.sandbox.calls.dial_string import SentKey
from relay.sandbox.calls.keypad import Keypad
from relay.sandbox.calls.leg import Leg, Utterance

#: From picking up to the first key, and from key to key.
SECONDS_TO_PRESS = 3.0


def let_assistant_answer(leg: Leg, behaviour: Screening) -> None:
    """From the moment when the leg is answered."""
    leg.say(behaviour.preamble, behaviour.preamble_seconds)
    picked_up = leg.now
    listens_from = picked_up + behaviour.preamble_seconds
    listens_until = listens_from + behaviour.listens_seconds

    def take_note(told: Utterance) -> None:
        if told.begins < listens_from or told.ends > listens_until:
            return
        leg.listener = None
        leg.phone.transcripts.append(told.words)
        leg.hangs_up_at = None
        if behaviour.hang_up_after is not None:
            leg.hangs_up_at = picked_up + behaviour.hang_up_after
        if behaviour.owner_after is not None:
            leg.keypad = Keypad([], _keys(behaviour.keys, behaviour.owner_after))

    leg.listener = take_note
    leg.hangs_up_at = listens_until


def _keys(keys: str, owner_after: float) -> list[SentKey]:
    return [
        SentKey(key, owner_after + SECONDS_TO_PRESS * (position + 1))
        for position, key in enumerate(keys)
    ]
