"""A round of its own for each test on a real database, with no vendor behind it, and acts that happen at one moment."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from campaigns.services import running
from messaging import selectors
from messaging.gateway.errors import Outcome
from messaging.gateway.types import SendResult, Verdict
from messaging.models import Batch, Delivery, Dispatch
from messaging.services import sending
from messaging.states import DispatchState
from tests.campaigns.conftest import Maker

ACCEPTED = SendResult(Verdict(Outcome.ACCEPTED, "accepted"), task_id="t")

_number = iter(range(1, 10_000))


class Scene:
    """A round of its own in each test; `sent` is what the vendor got, one entry for each request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.make = Maker()
        self.make.number = next(_number) * 1000
        self.sent: list[list[str]] = []
        self.on_wire = 0
        self.most_on_wire = 0
        self.pause = 0.0
        self._lock = threading.Lock()
        monkeypatch.setattr(sending, "transmit", self._transmit)

    def _transmit(self, _dispatch: Any, request: Any, _calls: Any) -> SendResult:
        with self._lock:
            self.on_wire += 1
            self.most_on_wire = max(self.most_on_wire, self.on_wire)
            self.sent.append([recipient.phone for recipient in request.recipients])
        threading.Event().wait(self.pause)
        with self._lock:
            self.on_wire -= 1
        return SendResult(ACCEPTED.verdict, task_id=f"t{request.reference}")

    def dispatch(self, people: int, per_batch: int, **values: Any) -> Dispatch:
        account = values.pop("account", None) or self.make.account(in_flight=3, per_second=100_000)
        version = self.make.version({"kind": "text", "text": "您好", "suggestions": []})
        self.make.approve(version, account)
        defaults = {
            "state": DispatchState.RUNNING,
            "title": "两人",
            "total": people,
            "signature": self.make.signature(),
        }
        dispatch = Dispatch.objects.create(version=version, account=account, **{**defaults, **values})
        first = 13_900_000_000 + self.make.number * 1000
        numbers = [str(first + n) for n in range(people)]
        parts = [numbers[start : start + per_batch] for start in range(0, people, per_batch)]
        batches = Batch.objects.bulk_create(
            Batch(dispatch=dispatch, account=account, number=n, size=len(part)) for n, part in enumerate(parts, start=1)
        )
        Delivery.objects.bulk_create(
            Delivery(dispatch=dispatch, batch=batch, run=dispatch.run, leg="main", phone=phone)
            for batch, part in zip(batches, parts, strict=True)
            for phone in part
        )
        return dispatch

    def times_sent(self) -> Counter[str]:
        return Counter(phone for request in self.sent for phone in request)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment, each in a thread; their results in order. The first error is raised."""
    results: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(n: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(10)
            results[n] = act()
        except BaseException as error:
            results[n] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs: a deadlock that the database did not see"
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, running.CannotStart):
            raise result
    return results


def counts(dispatch: Dispatch) -> dict[str, int]:
    return selectors.dispatch_counts([dispatch.pk])


def recount(dispatch: Dispatch) -> dict[str, int]:
    rows = selectors.with_status(Delivery.objects.filter(dispatch=dispatch))
    return dict(Counter(rows.values_list("status", flat=True)))
