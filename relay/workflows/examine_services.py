"""Looks at the messaging services of an account: some lose every text to the numbers in them."""

from __future__ import annotations

from collections.abc import Iterator, Set

from relay.carrier.messaging_services import MessagingService
from relay.workflows.board_on_record import BoardOnRecord
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.point_here import webhooks_of

#: Whose carriers ask for a registered campaign (A2P 10DLC).
_REGISTERS = "US"


def examine_services(board: BoardOnRecord, *, fix: bool) -> Iterator[Check]:
    """Those that are the board's or have numbers of it. ``fix``: the board's own is made to defer
    to its numbers' webhooks. Raises CarrierError."""
    carrier = board.services.carrier.messaging_services
    ours = board.services.board.messaging_service_sid
    found = False
    for service in carrier.all():
        members = carrier.member_sids(service.sid) & {one.carrier_sid for one in board.numbers}
        if service.sid == ours:
            found = True
            yield _check_own(board, service, members, fix=fix)
        elif members:
            yield _check_other(board, service, members)
    if ours and not found:
        yield Check(
            f"service {ours}",
            Verdict.FAILED,
            "is none of this account: see TWILIO_MESSAGING_SERVICE_SID, or boards put",
        )
    yield from _check_campaign(board, ours if found else "")


def _check_own(
    board: BoardOnRecord, service: MessagingService, members: Set[str], *, fix: bool
) -> Check:
    name = f"service {service.sid}"
    if not _brings_texts(board, service):
        if not fix:
            return _loses_texts(service, members, "python -m relay doctor --fix makes it defer")
        board.services.carrier.messaging_services.defer_to_numbers(service.sid)
        return Check(name, Verdict.OK, "defers to its numbers' webhooks now")
    outside = sum(one.sms for one in board.numbers) - len(members)
    if outside > 0:
        detail = (
            f"{outside} of the board's numbers are not in it: python -m relay numbers reconcile"
        )
        return Check(name, Verdict.WARNING, detail)
    return Check(name, Verdict.OK, "texts to its numbers come here")


def _check_other(board: BoardOnRecord, service: MessagingService, members: Set[str]) -> Check:
    mend = "take them out of it, or let it defer to its numbers' webhooks, at Twilio"
    if not _brings_texts(board, service):
        return _loses_texts(service, members, mend)
    detail = f"has {len(members)} of the board's numbers and is not the board's service: {mend}"
    return Check(f"service {service.sid}", Verdict.WARNING, detail)


def _brings_texts(board: BoardOnRecord, service: MessagingService) -> bool:
    return service.brings_texts_to(webhooks_of(board.services)["sms_url"])


def _loses_texts(service: MessagingService, members: Set[str], mend: str) -> Check:
    does = "sends texts elsewhere" if service.inbound_url else "drops texts and logs none"
    return Check(
        f"service {service.sid}",
        Verdict.FAILED,
        f"{does}, as it does not defer to its numbers' webhooks: every text to {len(members)} of"
        f" the board's numbers is lost; {mend}",
    )


def _check_campaign(board: BoardOnRecord, service: str) -> Iterator[Check]:
    """Toll-free numbers have a verification of their own."""
    countries = {pool.name: pool.country for pool in board.pools}
    if not any(one.sms and countries.get(one.pool) == _REGISTERS for one in board.numbers):
        return
    mend = (
        "US carriers refuse texts of long codes without one (docs/deploy.md#permissions-at-twilio)"
    )
    if not service:
        detail = f"the US numbers are in no messaging service, and so in no campaign: {mend}"
    elif not board.services.carrier.messaging_services.has_verified_campaign(service):
        detail = f"the service has no verified A2P 10DLC campaign: {mend}"
    else:
        yield Check("campaign", Verdict.OK, "is verified")
        return
    yield Check("campaign", Verdict.WARNING, detail)
