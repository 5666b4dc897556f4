"""Our numbers at the carrier: what they can do, and whom they call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Unpack

from twilio.base import values
from twilio.rest import Client

from relay.carrier.codes import NOT_FOUND, UNREADABLE_ANSWER
from relay.carrier.errors import carrier_errors
from relay.carrier.sids import checked_sid
from relay.carrier.urls import Webhooks, is_same_place
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble

_PAGE = 200
#: There, numbers are local whatever they are used for.
_WITHOUT_MOBILE = {"US", "CA"}
#: Statuses of an emergency address with which the carrier has not forgotten it yet.
_REGISTERED = {
    "registered",
    "pending-registration",
    "pending-unregistration",
    "unregistration-failure",
}


@dataclass(frozen=True, kw_only=True)
class OwnedNumber:
    """A number that the account rents, since then (POSIX seconds; None: the carrier does not say).
    ``label`` is the carrier's FriendlyName."""

    number: str
    sid: str
    voice: bool
    sms: bool
    mms: bool
    rented_since: float | None = None
    account: str = ""
    voice_url: str = ""
    sms_url: str = ""
    status_callback: str = ""
    voice_fallback_url: str = ""
    sms_fallback_url: str = ""
    label: str = ""
    #: An application or a trunk goes before the URLs.
    answers_elsewhere: bool = False
    #: The URLs are asked by POST, the only way that we answer.
    is_posted: bool = True
    #: Emergency services are sent there; until it is off, the number cannot be given back.
    has_emergency_address: bool = False


def is_pointed_here(owned: OwnedNumber, **webhooks: Unpack[Webhooks]) -> bool:
    """Whether calls and texts come to these."""
    return (
        owned.is_posted
        and not owned.answers_elsewhere
        and all(is_same_place(getattr(owned, name), url) for name, url in _given(webhooks).items())
    )


def is_pointed_to(owned: OwnedNumber, base_url: str) -> bool:
    """Whether any of its webhooks is at this address."""
    urls = (owned.voice_url, owned.sms_url, owned.status_callback)
    return any(url.startswith(f"{base_url}/") for url in urls)


def _given(webhooks: Webhooks) -> dict[str, str]:
    return {name: str(url) for name, url in webhooks.items() if url}


def _by_post(webhooks: Webhooks) -> dict[str, Any]:
    """As the carrier takes them. By POST, so that no phone number stands in a URL, nor in the log
    of whoever answers there."""
    urls = _given(webhooks)
    return {**urls, **{f"{name.removesuffix('_url')}_method": "POST" for name in urls}}


class CarrierNumbers:
    def __init__(self, client: Client, lists: Client) -> None:
        """``lists`` is the one that has time for a page of a long list."""
        self._client = client
        self._lists = lists
        self._numbers = client.incoming_phone_numbers

    def find_owned(self, number: str) -> OwnedNumber | None:
        """The number if the account rents it. The carrier's filter matches parts of numbers."""
        with carrier_errors():
            for owned in self._numbers.list(phone_number=number, limit=50):
                if owned.phone_number == number:
                    return _read(owned)
        return None

    def find_by_sid(self, sid: str) -> OwnedNumber | None:
        """The number that has this sid; None when the account rents none by it. Raises
        CarrierError."""
        try:
            with carrier_errors():
                return _read(self._numbers(checked_sid(sid)).fetch())
        except CarrierError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def list_owned(self) -> Iterator[OwnedNumber]:
        """Every number the account rents, newest first, page by page. Raises CarrierError, and
        that may be after some of them."""
        with carrier_errors():
            for owned in self._lists.incoming_phone_numbers.stream(page_size=_PAGE):
                yield _read(owned)

    def find_available(
        self,
        *,
        country: str,
        area_code: str = "",
        sms: bool = False,
        voice: bool = True,
        has_address: bool = False,
        limit: int = 1,
    ) -> list[str]:
        """Numbers on offer: local ones; outside of the US and Canada mobile ones, where a country
        sells no local ones or none that can do this. Those that need an address only for who
        ``has_address``; the carrier does not say which need a bundle.

        ``area_code``: three digits, and only where the calling code is +1. Raises CarrierError,
        20404 for a country in which the carrier sells nothing of the kind.
        """
        # None leaves a criterion out; False would ask for numbers that cannot.
        wishes: dict[str, Any] = {
            "sms_enabled": True if sms else None,
            "voice_enabled": True if voice else None,
            "area_code": int(area_code) if area_code else None,
            "exclude_all_address_required": None if has_address else True,
            "limit": limit,
            "page_size": limit,
        }
        offers = self._client.available_phone_numbers(country)
        kinds = [offers.local] if country in _WITHOUT_MOBILE else [offers.local, offers.mobile]
        is_sold = False
        for kind in kinds:
            offered = _on_offer(kind, wishes)
            if offered:
                return offered
            is_sold = is_sold or offered is not None
        if not is_sold:
            raise CarrierError(Trouble.NEVER, NOT_FOUND)
        return []

    def buy(
        self,
        number: str,
        *,
        label: str,
        bundle_sid: str | None = None,
        address_sid: str | None = None,
        **webhooks: Unpack[Webhooks],
    ) -> OwnedNumber:
        """Rents it, with its webhooks set in the same request, so that it never rings elsewhere.
        Many countries sell only under a regulatory bundle or with an address (TW-bundles).

        Raises CarrierError: ``SOLD`` when somebody else has it; ``ambiguous`` when it may have
        been bought: look with ``find_owned`` before buying again.
        """
        with carrier_errors(creates=True):
            bought = self._numbers.create(
                phone_number=number,
                friendly_name=label,
                bundle_sid=bundle_sid or values.unset,
                address_sid=address_sid or values.unset,
                **_by_post(webhooks),
            )
            if not bought.sid or bought.phone_number != number:
                raise CarrierError(Trouble.LATER, UNREADABLE_ANSWER, ambiguous=True)
            return _read(bought)

    def drop_emergency_address(self, sid: str) -> bool:
        """Takes the emergency address off a number: the carrier does not take back one that has
        one. That may take it a while; True when it is done (TW-emergency). Raises CarrierError."""
        with carrier_errors():
            left = self._numbers(checked_sid(sid)).update(emergency_address_sid="")
            return not _read(left).has_emergency_address

    def release(self, sid: str) -> None:
        """Ends the rent, and leaves the messaging service. A number that is gone already is fine,
        so this may be done again whenever its outcome is not known. Raises CarrierError."""
        try:
            with carrier_errors():
                self._numbers(checked_sid(sid)).delete()
        except CarrierError as error:
            if error.code != NOT_FOUND:
                raise

    def point_here(self, sid: str, **webhooks: Unpack[Webhooks]) -> None:
        """Makes calls and texts to the number come to these webhooks, always by POST."""
        with carrier_errors():
            pointed = self._numbers(checked_sid(sid)).update(**_by_post(webhooks))
            # An application or a trunk goes before the URLs.
            if pointed.voice_application_sid or pointed.sms_application_sid or pointed.trunk_sid:
                self._numbers(sid).update(
                    voice_application_sid="",
                    sms_application_sid="",
                    trunk_sid="",
                    voice_url=webhooks["voice_url"],
                    sms_url=webhooks["sms_url"],
                )


def _on_offer(kind: Any, wishes: dict[str, Any]) -> list[str] | None:
    """None for a kind of number that the country has not."""
    try:
        with carrier_errors():
            return [str(offer.phone_number) for offer in kind.list(**wishes)]
    except CarrierError as error:
        if error.code == NOT_FOUND:
            return None
        raise


def _read(owned: Any) -> OwnedNumber:
    can = owned.capabilities or {}
    methods = (owned.voice_method, owned.sms_method, owned.status_callback_method)
    return OwnedNumber(
        number=owned.phone_number,
        sid=str(owned.sid),
        voice=bool(can.get("voice")),
        sms=bool(can.get("sms")),
        mms=bool(can.get("mms")),
        account=owned.account_sid or "",
        rented_since=owned.date_created.timestamp() if owned.date_created else None,
        voice_url=owned.voice_url or "",
        sms_url=owned.sms_url or "",
        status_callback=owned.status_callback or "",
        label=owned.friendly_name or "",
        voice_fallback_url=owned.voice_fallback_url or "",
        sms_fallback_url=owned.sms_fallback_url or "",
        answers_elsewhere=bool(
            owned.voice_application_sid or owned.sms_application_sid or owned.trunk_sid
        ),
        is_posted=all(method in {None, "POST"} for method in methods),
        has_emergency_address=bool(
            owned.emergency_address_sid or owned.emergency_address_status in _REGISTERED
        ),
    )
