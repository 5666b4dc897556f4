"""Calls: create, fetch, list, end or send elsewhere, delete."""

from __future__ import annotations

from functools import partial

from relay.sandbox.calls.outbound import CallOrder, start_call
from relay.sandbox.calls.requests import Fetch, Inline
from relay.sandbox.geography import is_dialled
from relay.sandbox.network import Network
from relay.sandbox.pace import Pace
from relay.sandbox.records import Call
from relay.sandbox.rest.filters import DateFilter, is_listed
from relay.sandbox.rest.magic import MAGIC_SENDER, call_from_magic, call_to_magic
from relay.sandbox.rest.paging import page
from relay.sandbox.rest.request import ApiError, RestAnswer, RestCall, not_found
from relay.sandbox.rest.shapes import call_json

LONGEST_TWIML = 4000


class Calls:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._pace = Pace()

    def create(self, call: RestCall) -> RestAnswer:
        to, from_ = call.text("To"), call.text("From")
        if not to:
            raise ApiError(400, 21201, "No 'To' number is specified")
        if not from_:
            raise ApiError(400, 21213, "No 'From' number is specified")
        if not call.text("Url") and not call.text("Twiml"):
            raise ApiError(400, 21205, "Url parameter is required.")
        if len(call.text("Twiml")) > LONGEST_TWIML:
            raise ApiError(400, 21625, "Twiml parameter is too long")
        self._check_parties(from_, to)
        record = self._network.account.add_call(from_, to, "outbound-api")
        answer = RestAnswer(201, call_json(record))
        rate = self._network.faults.calls_per_second
        wait = self._pace.seconds_until_slot(record.account_sid, rate)
        start = partial(start_call, self._network, record, _order(call))
        self._network.thread_pool.later(wait, start)
        return answer

    def fetch(self, call: RestCall, sid: str) -> RestAnswer:
        return RestAnswer(200, call_json(self._find(call, sid)))

    def list(self, call: RestCall) -> RestAnswer:
        wanted = {
            attribute: value
            for name, attribute in {
                "To": "to",
                "From": "from_",
                "Status": "status",
                "ParentCallSid": "parent_sid",
            }.items()
            if (value := call.get(name))
        }
        precision = self._network.faults.list_dates_by
        started = DateFilter(call, "StartTime", precision)
        ended = DateFilter(call, "EndTime", precision)
        with self._network.account.lock:
            chosen = [
                record
                for record in self._network.account.calls.values()
                if all(getattr(record, name) == value for name, value in wanted.items())
                and started.admits(record.started or record.created)
                and ended.admits(record.ended)
                and is_listed(record.created, self._network)
            ]
            return RestAnswer(200, page(call, "calls", chosen, call_json))

    def update(self, call: RestCall, sid: str) -> RestAnswer:
        record = self._find(call, sid)
        leg = self._network.switchboard.leg(sid)
        if leg is None or record.is_final:
            raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
        status = call.get("Status")
        if status == "completed" or (status == "canceled" and not leg.is_answered):
            leg.end("completed by REST")
        elif status:
            raise ApiError(400, 21220, f"Status cannot become {status} now")
        elif call.text("Twiml"):
            leg.go_on_with(Inline(call.text("Twiml")))
        elif call.text("Url"):
            leg.go_on_with(Fetch("voice", call.text("Url"), call.text("Method") or "POST"))
        return RestAnswer(200, call_json(record))

    def delete(self, call: RestCall, sid: str) -> RestAnswer:
        record = self._find(call, sid)
        with self._network.account.lock:
            if not record.is_final:
                raise ApiError(409, 20009, "Call is still in progress and cannot be deleted")
            self._network.account.delete_call(record)
        return RestAnswer(204)

    def _find(self, call: RestCall, sid: str) -> Call:
        record = self._network.account.calls.get(sid)
        if record is None:
            raise not_found(call.path)
        return record

    def _check_parties(self, from_: str, to: str) -> None:
        call_from_magic(from_)
        call_to_magic(to)
        account = self._network.account
        is_ours = account.number(from_) is not None or from_ in account.verified_caller_ids
        if from_ != MAGIC_SENDER and not is_ours:
            raise ApiError(400, 21210, f"Source phone number {from_} is not yet verified")
        if not is_dialled(to):
            raise ApiError(400, 21217, f"Phone number {to} does not appear to be valid")
        if not account.may_dial(to) or to.startswith(self._network.faults.calls_denied_to):
            raise ApiError(400, 21215, f"Account not authorized to call {to}")


def _order(call: RestCall) -> CallOrder:
    fetch = Fetch("voice", call.text("Url"), _method(call, "Method"))
    timeout = call.text("Timeout")
    return CallOrder(
        step=Inline(call.text("Twiml")) if call.text("Twiml") else fetch,
        status_callback=call.text("StatusCallback") or None,
        status_callback_method=_method(call, "StatusCallbackMethod"),
        events=frozenset(call.all("StatusCallbackEvent") or ["completed"]),
        timeout=min(float(timeout), 600.0) if timeout.isdigit() else 60.0,
    )


def _method(call: RestCall, name: str) -> str:
    return (call.text(name) or "POST").upper()
