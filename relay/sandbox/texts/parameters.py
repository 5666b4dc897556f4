"""The form of an inbound message's webhook (TW-text-form)."""

from __future__ import annotations

from relay.sandbox.geography import geography
from relay.sandbox.network import Network
from relay.sandbox.records import Message


def inbound_parameters(message: Message, network: Network) -> dict[str, str]:
    parameters = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.from_,
        "To": message.to,
        "Body": message.body,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.num_segments),
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        # "New parameters may be added without notice."
        "AddedWithoutNotice": "",
        **geography("From", message.from_),
        **geography("To", message.to),
    }
    if message.service_sid:
        parameters["MessagingServiceSid"] = message.service_sid
    for position, media in enumerate(message.media):
        parameters[f"MediaUrl{position}"] = (
            f"{network.base_url}/2010-04-01/Accounts/{message.account_sid}"
            f"/Messages/{message.sid}/Media/{media.sid}"
        )
        parameters[f"MediaContentType{position}"] = media.content_type
    return parameters
