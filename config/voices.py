"""``SAY_VOICES``: which voice speaks which language.

Where no voice is named, the defaults of the Twilio account's Console speak, and a voice that does
not know the language may fail the verb: so each language of the catalogues has its voice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: By the value of ``<Say language>``; these are the languages that we speak.
VOICES: Mapping[str, str] = {"en-US": "Polly.Joanna", "cmn-CN": "Polly.Zhiyu"}

_PAIR = re.compile(r"(?P<language>[a-z]{2,3}(-[A-Z]{2})?)=(?P<voice>[A-Z][a-z]+\.[A-Za-z0-9-]+)")


def parse_voices(text: str) -> Mapping[str, str]:
    """The voices by language of ``en-US=Polly.Joanna,cmn-CN=Polly.Zhiyu``; a language that is left
    out keeps its default. Raises ValueError."""
    given: dict[str, str] = {}
    for part in text.split(","):
        pair = _PAIR.fullmatch(part.strip())
        if pair is None:
            raise ValueError("must look like en-US=Polly.Joanna,cmn-CN=Polly.Zhiyu")
        language = pair["language"]
        if language not in VOICES:
            raise ValueError(f"{language} is not spoken here: name {' or '.join(VOICES)}")
        if language in given:
            raise ValueError(f"{language} is named twice")
        given[language] = pair["voice"]
    return {**VOICES, **given}
