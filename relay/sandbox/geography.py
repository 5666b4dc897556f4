"""Where a number seems to be from. City and postcode are sent empty, as they often are."""

from __future__ import annotations

from relay.sandbox.stock import AREAS

# The longest prefix decides.
_COUNTRIES = {
    **{f"+1{code}": "CA" for code in AREAS["CA"]},
    "+1": "US",
    "+44": "GB",
    "+49": "DE",
    "+33": "FR",
    "+86": "CN",
    "+7": "RU",
}

#: Those that the sandbox knows.
COUNTRIES = tuple(dict.fromkeys(_COUNTRIES.values()))


def country_of(number: str) -> str:
    return next((c for p, c in _COUNTRIES.items() if number.startswith(p)), "")


def geography(role: str, number: str) -> dict[str, str]:
    country = country_of(number)
    return {f"{role}City": "", f"{role}State": "", f"{role}Zip": "", f"{role}Country": country}
