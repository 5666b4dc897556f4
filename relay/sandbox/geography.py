"""Where a number seems to be from. City and postcode are sent empty, as they often are."""

from __future__ import annotations

import re

from relay.sandbox.stock import AREAS

#: E.164, but for what no network connects any more: Mexico's mobiles with a 1 since 2019, Brazil's
#: of eight digits since 2016.
_DIALLED = re.compile(r"\+(?!521\d{10}$)(?!55[1-9]\d[689]\d{7}$)[1-9]\d{6,14}")

# The longest prefix decides.
_COUNTRIES = {
    **{f"+1{code}": "CA" for code in AREAS["CA"]},
    "+1": "US",
    "+44": "GB",
    "+49": "DE",
    "+33": "FR",
    "+86": "CN",
    "+7": "RU",
    "+52": "MX",
    "+54": "AR",
    "+55": "BR",
}

#: Those that the sandbox knows.
COUNTRIES = tuple(dict.fromkeys(_COUNTRIES.values()))


def country_of(number: str) -> str:
    return next((c for p, c in _COUNTRIES.items() if number.startswith(p)), "")


def is_dialled(number: str) -> bool:
    """Whether calls and texts can go to such a number."""
    return bool(_DIALLED.fullmatch(number))


def geography(role: str, number: str) -> dict[str, str]:
    country = country_of(number)
    return {f"{role}City": "", f"{role}State": "", f"{role}Zip": "", f"{role}Country": country}
