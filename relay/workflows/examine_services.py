"""Looks at the messaging services of an account: some lose every text to the numbers in them."""

from __future__ import annotations

from collections.abc import Iterator, Set

from relay.carrier.messaging_services import MessagingService
from relay.workflows.board_on_record import BoardOnRecord
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.commands import command
from relay.workflows.join_service import has_room
from relay.workflows.point_here import webhooks_of


def examine_services(board: BoardOnRecord, *, fix: bool) -> Iterator[Check]:
    """Those that are the board's or have numbers of it. ``fix``: the board's own are made to defer
    to their numbers' webhooks. Raises CarrierError."""
    carrier = board.services.carrier.messaging_services
    ours = board.services.board.messaging_services
    found, inside = set(), set()
    for service in carrier.all():
        senders = {sender.sid for sender in carrier.senders(service.sid)}
        members = senders & {one.carrier_sid for one in board.numbers}
        if service.sid in ours:
            found.add(service.sid)
            inside |= members
            yield _check_own(board, service, members, fix=fix)
        elif members:
            yield _check_other(board, service, members)
    for sid in ours:
        if sid not in found:
            yield Check(
                f"service {sid}",
                Verdict.FAILED,
                "is none of this account: see TWILIO_MESSAGING_SERVICE_SID, or boards put",
            )
    if found:
        yield from _check_outside(board, inside)


def _check_own(
    board: BoardOnRecord, service: MessagingService, members: Set[str], *, fix: bool
) -> Check:
    name = f"service {service.sid}"
    if _brings_texts(board, service):
        return Check(name, Verdict.OK, "texts to its numbers come here")
    if not fix:
        return _loses_texts(service, members, "python -m relay doctor --fix makes it defer")
    board.services.carrier.messaging_services.defer_to_numbers(service.sid)
    return Check(name, Verdict.OK, "defers to its numbers' webhooks now")


def _check_outside(board: BoardOnRecord, inside: Set[str]) -> Iterator[Check]:
    outside = sum(one.sms and one.carrier_sid not in inside for one in board.numbers)
    if outside == 0:
        return
    mend = (
        command("numbers reconcile --fix", board.services.board)
        if has_room(board.services)
        else "they are full (CAMPAIGN_NUMBERS, SERVICE_NUMBERS), so give the board another one"
    )
    detail = f"the board's numbers that are in none of its messaging services: {outside}; {mend}"
    yield Check("services", Verdict.WARNING, detail)


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
    loses = (
        f"every text to {len(members)} of the board's numbers is lost"
        if members
        else "none of the board's numbers is in it yet"
    )
    return Check(
        f"service {service.sid}",
        Verdict.FAILED if members else Verdict.WARNING,
        f"{does}, as it does not defer to its numbers' webhooks: {loses}; {mend}",
    )
