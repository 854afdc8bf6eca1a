"""Each adapter against its vendor's sandbox over real HTTP, in good weather and bad: nobody is sent to twice, and what
comes back finds its way."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug import Request, Response

from messaging.gateway import reasons
from messaging.gateway.contract_suite import account
from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Event, Inbound, ReceiptEvent, ReceiptStatus, ReplyEvent, SendRequest, SendResult
from messaging.gateway.vendor import Vendor
from messaging.sandbox.server import SandboxServer, run_in_thread, settle
from tests.messaging.test_every_vendor import VENDORS, module_of

SENDERS = [code for code, vendor in VENDORS.items() if vendor.capabilities.max_batch]
PHONES = ("13800138000", "13800138001", "13800138002")

every_sender = pytest.mark.parametrize("code", SENDERS)


class Stage:
    """One vendor's sandbox with an adapter before it, and a send that the sandbox would accept."""

    def __init__(self, server: SandboxServer, code: str) -> None:
        self.code = code
        self.server = server
        self.mount = server.mount(code)
        self.world = self.mount.world
        self.world.settings.update(auto_approve=True, auto_receipt=True, delay=0, push_backoff=0.02)
        self.vendor = self.adapter()
        self.request: SendRequest = module_of(VENDORS[code], "tests.contract").ready(
            self.vendor, PHONES, self.vendor.reference(7, 1, "a1b2c")
        )

    def adapter(self, deadline: float = 5.0) -> Vendor:
        defaults = {field.name: field.default for field in VENDORS[self.code].settings}
        config = account(self.server.base_url(self.code), dict(self.mount.sandbox.credentials), defaults)
        return VENDORS[self.code](config, Http(config, deadline=deadline))

    def fault(self, **rule: object) -> None:
        self.mount.faults.replace([rule])

    def accepted(self) -> dict[str, int]:
        return dict(self.world.accepted)

    def requests(self) -> int:
        return sum(self.mount.requests.values())


@pytest.fixture
def stage(code) -> Iterator[Stage]:
    sandbox = module_of(VENDORS[code], "sandbox").SANDBOX()
    with run_in_thread({code: sandbox}) as server:
        yield Stage(server, code)


ONCE = dict.fromkeys(PHONES, 1)


@every_sender
def test_a_send_is_accepted_once_for_each_number(stage):
    result = stage.vendor.send(stage.request)
    assert result.verdict.outcome is Outcome.ACCEPTED, result.verdict
    assert stage.accepted() == ONCE


FAULTS = {
    "time-out": ({"kind": "timeout_after_accept", "seconds": 5}, True),
    "time-out before": ({"kind": "timeout_after_accept", "seconds": 5, "when": "before"}, False),
    "500 after": ({"kind": "http_5xx", "status": 500}, True),
    "503 before": ({"kind": "http_5xx", "when": "before"}, False),
    "redirect after": ({"kind": "redirect"}, True),
    "redirect before": ({"kind": "redirect", "when": "before"}, False),
    "cut after": ({"kind": "cut"}, True),
    "cut in the middle": ({"kind": "cut", "when": "middle"}, True),
    "cut before": ({"kind": "cut", "when": "before"}, False),
    "html": ({"kind": "garbage"}, True),
    "bytes": ({"kind": "garbage", "form": "bytes"}, True),
    "dripping": ({"kind": "slow", "milliseconds": 2000}, True),
}


@every_sender
@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_does_not_come_leaves_the_send_unknown(stage, fault):
    rule, acted = FAULTS[fault]
    stage.fault(**rule)
    before = stage.requests()
    adapter = stage.adapter(0.3 if fault in ("time-out", "time-out before", "dripping") else 5)
    result = adapter.send(stage.request)
    assert result.verdict.outcome is Outcome.UNKNOWN
    assert stage.requests() - before == int(acted)
    assert stage.accepted() == (ONCE if acted else {})
    assert stage.server.control.redirects_followed == 0


@every_sender
def test_throttling_is_safe_and_the_next_try_goes_through(stage):
    stage.fault(kind="throttle", count=1)
    verdict = stage.vendor.send(stage.request).verdict
    assert (verdict.outcome, verdict.retry_after) == (Outcome.NOT_TAKEN, 1.0)
    assert stage.accepted() == {}
    assert stage.vendor.send(stage.request).verdict.outcome is Outcome.ACCEPTED
    assert stage.accepted() == ONCE


@pytest.mark.parametrize("code", [code for code in SENDERS if VENDORS[code].capabilities.repeat_is_safe])
@pytest.mark.parametrize("acted", [True, False], ids=["accepted", "not accepted"])
def test_the_vendor_s_own_check_makes_one_repeat_harmless(stage, acted):
    stage.fault(kind="cut", when="after" if acted else "before", count=1)
    assert stage.vendor.send(stage.request).verdict.outcome is Outcome.UNKNOWN
    again: SendResult = stage.vendor.send(stage.request)
    assert stage.accepted() == ONCE
    assert again.verdict.reason == (reasons.REPEATED_SERIAL if acted else reasons.ACCEPTED)


@every_sender
def test_the_sandbox_s_memory_outlives_a_restart(code, tmp_path):
    """Templates, ledger and what was not yet pushed."""
    keep, sandboxes = tmp_path / "state", {code: module_of(VENDORS[code], "sandbox").SANDBOX()}
    with run_in_thread(sandboxes, keep=keep) as server:
        stage = Stage(server, code)
        assert stage.vendor.send(stage.request).verdict.outcome is Outcome.ACCEPTED
        waiting = stage.mount.pusher.state()["waiting"]
    with run_in_thread(sandboxes, keep=keep) as server:
        assert dict(server.mount(code).world.accepted) == ONCE
        assert server.mount(code).pusher.state()["waiting"] == waiting
        vendor, request = stage.vendor, replace(stage.request, reference=stage.vendor.reference(8, 1, "a1b2c"))
        config = replace(vendor.account, base_url=server.base_url(code))
        assert type(vendor)(config).send(request).verdict.outcome is Outcome.ACCEPTED
        assert dict(server.mount(code).world.accepted) == dict.fromkeys(PHONES, 2)


class Inbox:
    """Our side of pushes and polls: verified, acknowledged, parsed, confirmed."""

    def __init__(self, stage: Stage, httpserver) -> None:
        self.stage = stage
        self.events: list[Event] = []
        self.kinds = VENDORS[stage.code].capabilities
        for kind in self.kinds.callbacks:
            httpserver.expect_request(f"/{kind}").respond_with_handler(self._take)
            stage.mount.pusher.callbacks[kind] = httpserver.url_for(f"/{kind}")
        stage.mount.pusher.wake()

    def _take(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = request.query_string.decode()
        inbound = Inbound(request.path.strip("/"), headers, request.get_data(), query)
        adapter = self.stage.adapter()
        adapter.verify(inbound)
        reply = adapter.acknowledge(inbound)
        self.events += adapter.parse(inbound)
        return Response(reply.body, reply.status, dict(reply.headers), content_type=reply.content_type)

    def collect(self, wanted: int) -> list[Event]:
        """Everything that comes, by both ways, until so many receipts are there."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert settle(self.stage.server)
            for kind in self.kinds.polls:
                self._poll(kind)
            if len({event.key for event in self.receipts()}) >= wanted:
                break
            time.sleep(0.05)
        return self.events

    def _poll(self, kind: str) -> None:
        polled = self.stage.vendor.poll(kind)
        assert polled.verdict.outcome is Outcome.ACCEPTED, polled.verdict
        events = [] if polled.empty else self.stage.vendor.parse(Inbound(kind, {}, polled.body))
        self.events += events
        if events:
            self.stage.vendor.confirm(kind, events)

    def receipts(self) -> list[ReceiptEvent]:
        return [event for event in self.events if isinstance(event, ReceiptEvent)]


def _belongs(event: ReceiptEvent, request: SendRequest, result: SendResult) -> bool:
    """Does the receipt carry what ties it to the request?"""
    if event.reference:
        return event.reference == request.reference
    known = {result.task_id, *result.message_ids.values()} - {""}
    return bool(known & {event.task_id, event.message_id})


@every_sender
@pytest.mark.parametrize(
    "weather", [{}, {"duplicate_pushes": 1, "duplicate": True}, {"reorder_pushes": 0.2, "reorder": True}], ids=repr
)
def test_every_number_gets_its_receipt(stage, httpserver, weather):
    stage.world.settings.update(weather)
    inbox = Inbox(stage, httpserver)
    result = stage.vendor.send(stage.request)
    inbox.collect(len(PHONES))
    receipts = {event.key: event for event in inbox.receipts()}
    assert sorted(event.phone for event in receipts.values()) == sorted(PHONES)
    assert {event.status for event in receipts.values()} == {ReceiptStatus.DELIVERED}
    assert all(_belongs(event, stage.request, result) for event in receipts.values())
    assert stage.mount.pusher.state()["failed"] == 0


@every_sender
def test_receipts_of_an_answer_that_was_lost_still_belong_to_it(stage, httpserver):
    """What settles an unknown batch: the reference comes back although our answer never came."""
    inbox = Inbox(stage, httpserver)
    stage.fault(kind="cut", count=1)
    assert stage.vendor.send(stage.request).verdict.outcome is Outcome.UNKNOWN
    inbox.collect(len(PHONES))
    assert sorted({event.phone for event in inbox.receipts()}) == sorted(PHONES)
    if VENDORS[stage.code].capabilities.references:
        assert {event.reference for event in inbox.receipts()} == {stage.request.reference}


@pytest.mark.parametrize(
    "code",
    [code for code in SENDERS if "reply" in VENDORS[code].capabilities.callbacks | VENDORS[code].capabilities.polls],
)
def test_a_reply_comes_back(stage, httpserver):
    inbox = Inbox(stage, httpserver)
    stage.vendor.send(stage.request)
    stage.mount.reply(PHONES[1], "退订")
    end = time.monotonic() + 5
    while time.monotonic() < end and not any(isinstance(event, ReplyEvent) for event in inbox.events):
        inbox.collect(0)
    replies = {event.key: event for event in inbox.events if isinstance(event, ReplyEvent)}
    assert [(event.phone, event.content) for event in replies.values()] == [(PHONES[1], "退订")]
