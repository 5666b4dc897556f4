"""The requests a carrier makes, by what they are for."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["voice", "action", "screen", "status", "message", "message-status", "call-ended"]

ALL_KINDS: frozenset[Kind] = frozenset(get_args(Kind))
# Somebody is on the line and waits for these answers.
CALL_KINDS: frozenset[Kind] = frozenset({"voice", "action", "screen"})
# These only tell; what they are answered is not read.
CALLBACK_KINDS: frozenset[Kind] = frozenset({"status", "message-status", "call-ended"})
VOICE_KINDS: frozenset[Kind] = CALL_KINDS | {"status", "call-ended"}
