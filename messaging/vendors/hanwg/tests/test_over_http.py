"""The one operation over a socket."""

import pytest

from messaging.gateway import reasons
from messaging.gateway.contract_suite import account
from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome
from messaging.sandbox.server import run_in_thread
from messaging.vendors.hanwg.adapter import Hanwg
from messaging.vendors.hanwg.sandbox import SANDBOX
from messaging.vendors.hanwg.tests.examples import NAMES, example


@pytest.fixture
def server():
    with run_in_thread({"hanwg": SANDBOX()}) as running:
        yield running


def edit(server, name, **credentials):
    config = account(server.base_url("hanwg"), {**SANDBOX.credentials, **credentials})
    return Hanwg(config, Http(config, deadline=5)).submit(example(name))


def test_every_example_is_edited(server):
    results = [edit(server, name) for name in NAMES]

    assert [result.verdict.outcome for result in results] == [Outcome.ACCEPTED] * 6
    assert sorted(server.mount("hanwg").world.store) == sorted(result.template_id for result in results)


def test_a_wrong_password_stops_the_account(server):
    verdict = edit(server, "text", password="not-the-password").verdict

    assert (verdict.outcome, verdict.reason) == (Outcome.BLOCKED, reasons.CREDENTIALS)
    assert (verdict.code, verdict.blocks) == ("104", "account")
