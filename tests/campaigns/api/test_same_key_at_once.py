"""The same key a hundred times in parallel over real HTTP sends once, on SQLite and PostgreSQL."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from campaigns.api import tokens
from campaigns.models import AuditEvent, IdempotentCall
from messaging.models import Batch, Delivery, Dispatch, SendingPolicy
from tests import postgres
from tests.campaigns.conftest import Maker
from tests.installation import Installation, installation, looking_into
from tests.people import integrator

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres, pytest.mark.xdist_group("faults")]

TIMES = 100


def order(url: str, token: str, body: bytes, gate: threading.Barrier) -> tuple[int, str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/messages/", body, headers)
    gate.wait(30)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers.get("Idempotent-Replayed", ""), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, "", json.loads(error.read())


def hundred_orders(house: Installation, blocker: Any) -> None:
    with looking_into(house.env["DATABASE_URL"], blocker):
        make = Maker()
        account, signature = make.account(), make.signature()
        version = make.version({"kind": "text", "text": "您好", "suggestions": []}, purpose="notice")
        make.approve(version, account)
        SendingPolicy(approve_first_use=False).save()
        _token, plain = tokens.make("商城", ["send"], integrator(), per_minute=10_000)
        names = {"template": version.template.name, "account": account.name, "signature": signature.text}
        bodies = [
            json.dumps({**names, "recipients": [{"phone": p} for p, _ in make.people(n)]}).encode() for n in (4, 5)
        ]
        gate = threading.Barrier(TIMES)
        with ThreadPoolExecutor(TIMES) as pool:
            # every tenth has another body: a conflict whoever comes first
            calls = [pool.submit(order, house.stack.web_url, plain, bodies[n % 10 == 0], gate) for n in range(TIMES)]
            answers = [call.result() for call in calls]
        statuses = Counter(status for status, _, _ in answers)
        assert statuses in (Counter({201: 90, 409: 10}), Counter({201: 10, 409: 90})), (statuses, house.tails())
        taken = [(replayed, body) for status, replayed, body in answers if status == 201]
        assert Counter(replayed for replayed, _ in taken) == {"": 1, "true": len(taken) - 1}
        assert len({json.dumps(body, sort_keys=True) for _, body in taken}) == 1
        assert {body["error"]["code"] for status, _, body in answers if status == 409} == {"key_reused"}
        people = taken[0][1]["recipients"]
        assert (Dispatch.objects.count(), IdempotentCall.objects.count()) == (1, 1)
        assert Delivery.objects.count() == sum(Batch.objects.values_list("size", flat=True)) == people
        assert AuditEvent.objects.filter(action="messages.sent_by_api").count() == 1


def test_on_sqlite(django_db_blocker: Any) -> None:
    with installation() as house:
        hundred_orders(house, django_db_blocker)


def test_on_postgresql(django_db_blocker: Any) -> None:
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server() as server, installation(server.url) as house:
        hundred_orders(house, django_db_blocker)
