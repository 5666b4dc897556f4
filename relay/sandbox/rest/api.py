"""Which request goes where, and who may make it."""

from __future__ import annotations

import re
from collections.abc import Callable

from relay.sandbox.network import Network
from relay.sandbox.rest.available_numbers import AvailableNumbers
from relay.sandbox.rest.calls import Calls
from relay.sandbox.rest.messages import Messages
from relay.sandbox.rest.messaging_services import MessagingServices
from relay.sandbox.rest.numbers import Numbers
from relay.sandbox.rest.request import ApiError, RestAnswer, RestCall, not_found
from relay.sandbox.rest.standing import StandingPages
from relay.sandbox.standing import ApiKey
from relay.sandbox.texts.sender import Sender

#: Only the account's token and its Main keys open it.
THE_ACCOUNT = r"/2010-04-01/Accounts/(AC[0-9a-zA-Z]{32})\.json"

Handler = Callable[..., RestAnswer]
Route = tuple[str, re.Pattern[str], Handler]


class Api:
    def __init__(self, network: Network, sender: Sender) -> None:
        self._account = network.account
        self._faults = network.faults
        self._routes = _routes(network, sender)

    def handle(self, call: RestCall) -> RestAnswer:
        try:
            self._authenticate(call)
            return self._dispatch(call)
        except ApiError as error:
            return error.answer()

    def _authenticate(self, call: RestCall) -> None:
        if self._is_open(call):
            return
        if call.region not in {None, self._account.standing.region}:
            raise ApiError(401, 21663, "The credentials are not of this region")
        key = self._key_of(call)
        if key is None and not self._shows_token(call):
            raise ApiError(401, 20003, "Authenticate")
        if self._account.standing.status != "active" and not re.fullmatch(THE_ACCOUNT, call.path):
            raise ApiError(403, 20005, "Account not active")
        if key and key.kind != "Main" and re.fullmatch(THE_ACCOUNT, call.path):
            raise ApiError(401, 20003, "Authentication Error - invalid username")
        named = re.match(r"/2010-04-01/Accounts/([^/.]+)", call.path)
        if named and named[1] != self._account.sid:
            raise not_found(call.path)

    def _key_of(self, call: RestCall) -> ApiKey | None:
        name, secret = call.credentials or ("", "")
        key = self._account.api_keys.get(name)
        return key if key and key.secret == secret else None

    def _shows_token(self, call: RestCall) -> bool:
        tokens = (self._account.auth_token, self._faults.secondary_token)
        return call.credentials in [(self._account.sid, token) for token in tokens if token]

    def _is_open(self, call: RestCall) -> bool:
        """Pictures can be fetched without credentials, unless the account says otherwise."""
        is_picture = "/Media/" in call.path and not call.path.endswith(".json")
        return is_picture and call.method == "GET" and not self._faults.messages.media_requires_auth

    def _dispatch(self, call: RestCall) -> RestAnswer:
        is_known = False
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(call.path)
            if match and method == call.method:
                return handler(call, *match.groups())
            is_known = is_known or match is not None
        if is_known:
            raise ApiError(405, 20004, "Method not allowed")
        raise not_found(call.path)


def _routes(network: Network, sender: Sender) -> list[Route]:
    available, messages = AvailableNumbers(network), Messages(network, sender)
    account = r"/2010-04-01/Accounts/[^/]+"
    return [
        *_resource(f"{account}/Messages", messages),
        *_media(account, messages),
        *_resource(f"{account}/Calls", Calls(network)),
        *_resource(f"{account}/IncomingPhoneNumbers", Numbers(network, available)),
        _route(
            "GET",
            rf"{account}/AvailablePhoneNumbers/([A-Z]{{2}})/(Local|Mobile|TollFree)\.json",
            available.search,
        ),
        *_services(MessagingServices(network)),
        *_standing(StandingPages(network)),
    ]


def _resource(base: str, resource: Messages | Calls | Numbers) -> list[Route]:
    one = rf"{base}/([A-Z]{{2}}[0-9a-f]{{32}})\.json"
    return [
        _route("POST", rf"{base}\.json", resource.create),
        _route("GET", rf"{base}\.json", resource.list),
        _route("GET", one, resource.fetch),
        _route("POST", one, resource.update),
        _route("DELETE", one, resource.delete),
    ]


def _media(account: str, messages: Messages) -> list[Route]:
    base = rf"{account}/Messages/([SM]M[0-9a-f]{{32}})/Media"
    return [
        _route("GET", rf"{base}\.json", messages.list_media),
        _route("GET", rf"{base}/(ME[0-9a-f]{{32}})(?:\.json)?", messages.fetch_media),
        _route("DELETE", rf"{base}/(ME[0-9a-f]{{32}})\.json", messages.delete_media),
    ]


def _services(services: MessagingServices) -> list[Route]:
    base = r"/v1/Services"
    one = rf"{base}/(MG[0-9a-f]{{32}})"
    member = rf"{one}/PhoneNumbers/(PN[0-9a-f]{{32}})"
    return [
        _route("GET", base, services.list),
        _route("POST", base, services.create),
        _route("GET", one, services.fetch),
        _route("POST", one, services.update),
        _route("GET", rf"{one}/Compliance/Usa2p", services.list_campaigns),
        _route("GET", rf"{one}/PhoneNumbers", services.list_numbers),
        _route("POST", rf"{one}/PhoneNumbers", services.add_number),
        _route("GET", member, services.fetch_number),
        _route("GET", r"/v1/Tollfree/Verifications", services.list_verifications),
        _route("DELETE", member, services.remove_number),
    ]


def _standing(pages: StandingPages) -> list[Route]:
    return [
        _route("GET", THE_ACCOUNT, pages.fetch_account),
        _route("GET", r"/v1/CustomerProfiles", pages.list_profiles),
        _route("GET", r"/v1/DialingPermissions/Countries", pages.list_dialled),
        _route("GET", r"/v1/Messaging/GeoPermissions", pages.fetch_texted),
    ]


def _route(method: str, pattern: str, handler: Handler) -> Route:
    return method, re.compile(pattern), handler
