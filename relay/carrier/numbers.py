"""Our numbers at the carrier: what they can do, and whom they call."""

from __future__ import annotations

from dataclasses import dataclass

from twilio.rest import Client

from relay.carrier.errors import carrier_errors


@dataclass(frozen=True, kw_only=True)
class OwnedNumber:
    number: str
    sid: str
    voice: bool
    sms: bool
    mms: bool
    voice_url: str = ""
    sms_url: str = ""
    status_callback: str = ""


class CarrierNumbers:
    def __init__(self, client: Client) -> None:
        self._numbers = client.incoming_phone_numbers

    def find_owned(self, number: str) -> OwnedNumber | None:
        """The number if the account rents it. The carrier's filter matches parts of numbers."""
        with carrier_errors():
            for owned in self._numbers.list(phone_number=number, limit=50):
                if owned.phone_number == number:
                    can = owned.capabilities or {}
                    return OwnedNumber(
                        number=number,
                        sid=str(owned.sid),
                        voice=bool(can.get("voice")),
                        sms=bool(can.get("sms")),
                        mms=bool(can.get("mms")),
                        voice_url=owned.voice_url or "",
                        sms_url=owned.sms_url or "",
                        status_callback=owned.status_callback or "",
                    )
        return None

    def point_here(self, sid: str, *, voice_url: str, sms_url: str, status_callback: str) -> None:
        """Makes calls and texts to the number come to these webhooks, always by POST."""
        with carrier_errors():
            pointed = self._numbers(sid).update(
                voice_url=voice_url,
                voice_method="POST",
                sms_url=sms_url,
                sms_method="POST",
                status_callback=status_callback,
                status_callback_method="POST",
            )
            # An application or a trunk goes before the URLs.
            if pointed.voice_application_sid or pointed.sms_application_sid or pointed.trunk_sid:
                self._numbers(sid).update(
                    voice_application_sid="",
                    sms_application_sid="",
                    trunk_sid="",
                    voice_url=voice_url,
                    sms_url=sms_url,
                )
