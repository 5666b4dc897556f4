"""Where a number seems to be from. City and postcode are sent empty, as they often are."""

from __future__ import annotations

# The longest prefix decides.
_COUNTRIES = {"+1": "US", "+44": "GB", "+49": "DE", "+33": "FR", "+86": "CN", "+7": "RU"}


def geography(role: str, number: str) -> dict[str, str]:
    country = next((c for p, c in _COUNTRIES.items() if number.startswith(p)), "")
    return {f"{role}City": "", f"{role}State": "", f"{role}Zip": "", f"{role}Country": country}
