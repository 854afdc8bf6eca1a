"""The whole way over sockets: create, audit push, send, receipt push, balance."""

from decimal import Decimal

import pytest
from werkzeug import Response

from messaging.gateway.contract_suite import account
from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import Inbound, ReceiptStatus, ReviewState
from messaging.sandbox.server import run_in_thread, settle
from messaging.vendors.veesing.adapter import Veesing
from messaging.vendors.veesing.sandbox import SANDBOX
from messaging.vendors.veesing.tests.examples import batch, example

PHONES = ("13800138000", "13800138001", "13800138002")


@pytest.fixture
def server():
    with run_in_thread({"veesing": SANDBOX()}) as running:
        yield running


def test_it_creates_hears_sends_hears_and_asks(server, httpserver):
    config = account(server.base_url("veesing"), SANDBOX.credentials)
    vendor = Veesing(config, Http(config, deadline=5))
    heard = []

    def listen(kind):
        def answer(request):
            inbound = Inbound(kind, {}, request.get_data())
            heard.extend(vendor.parse(inbound))
            return Response(vendor.acknowledge(inbound).body)

        httpserver.expect_request(f"/{kind}", method="POST").respond_with_handler(answer)
        return httpserver.url_for(f"/{kind}")

    mount = server.mount("veesing")
    mount.pusher.callbacks.update(review=listen("review"), receipt=listen("receipt"))
    mount.world.settings["fail_every"] = 3

    created = vendor.submit(example())
    assert settle(server)
    sent = vendor.send(batch(*PHONES, template_id=created.template_id))
    assert settle(server)

    audit, *receipts = heard
    assert (audit.template_id, audit.state) == (created.template_id, ReviewState.APPROVED)
    assert (sent.verdict.outcome, sent.accepted_count) == (Outcome.ACCEPTED, 3)
    delivered, failed = ReceiptStatus.DELIVERED, ReceiptStatus.FAILED
    assert sorted((each.phone, each.task_id, each.status) for each in receipts) == [
        (PHONES[0], sent.task_id, delivered),
        (PHONES[1], sent.task_id, delivered),
        (PHONES[2], sent.task_id, failed),
    ]
    assert dict(mount.world.accepted) == dict.fromkeys(PHONES, 1)
    assert vendor.balance().amount == Decimal(999_997)
