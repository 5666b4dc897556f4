"""Say, Play and Pause."""

from __future__ import annotations

from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.calls.leg import Leg
from relay.sandbox.documents import DocumentError

LONGEST_SPEECH = 4096
SOUND_SECONDS = 3.0
# loop="0" is for ever; a caller who stays that long has made the point.
MOST_LOOPS = 100


def speak(leg: Leg, verb: Element, base: str) -> None:
    if verb.tag == "Pause":
        # As a first verb it only lets the phone ring on.
        leg.listen(float(verb.get("length", "1")))
        return
    leg.answer()
    for _ in range(int(verb.get("loop", "1")) or MOST_LOOPS):
        if verb.tag == "Say":
            leg.hear(_words(verb))
        elif (address := (verb.text or "").strip()) or not verb.get("digits"):
            leg.overhear(f"[sound {urljoin(base, address)}]")
            leg.listen(SOUND_SECONDS)


def _words(verb: Element) -> str:
    words = " ".join("".join(verb.itertext()).split())
    if len(words) > LONGEST_SPEECH:
        raise DocumentError(13520, f"Say of {len(words)} characters, over {LONGEST_SPEECH}")
    return words
