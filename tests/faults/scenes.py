"""A dispatch of its own for each test on a real database, sent to a sandbox, and acts that happen at one moment."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from typing import Any

from django.db import connections

from campaigns.lifecycle import steps
from messaging.deliveries import status
from messaging.gateway.outcomes import Outcome
from messaging.gateway.types import SendResult, Verdict
from messaging.models import Batch, Delivery, Dispatch, Signature, VendorCall
from messaging.states import DispatchState
from tests.builders import handed_over
from tests.campaigns.conftest import Maker

VENDOR = "rcs_gateway"
TEXT = {"kind": "text", "text": "您好", "suggestions": []}
ACCEPTED = SendResult(Verdict(Outcome.ACCEPTED, "accepted"), task_id="t")

_number = iter(range(1, 10_000))


class AtSandbox(Maker):
    """Accounts are at the sandbox, and every version goes by the one template that it has approved."""

    def __init__(self, sandbox: Any) -> None:
        super().__init__()
        self.number = next(_number) * 1000
        self._url = sandbox.base_url(VENDOR)
        signature, _ = Signature.objects.get_or_create(text="示例商城")
        (review,) = handed_over(self.version(TEXT), self.account(), signature=signature)
        self._template = review.vendor_template_id

    def account(self, vendor: str = VENDOR, **values: Any) -> Any:
        return super().account(vendor, **{"base_url": self._url, **values})

    def approve(self, version: Any, account: Any, **values: Any) -> Any:
        return super().approve(version, account, **{"vendor_template_id": self._template, **values})


class Scene:
    """A dispatch of its own in each test. The vendor answers after `pause` seconds."""

    def __init__(self, sandbox: Any) -> None:
        self.mount = sandbox.mount(VENDOR)
        self.mount.world.settings["auto_receipt"] = False
        self.make = AtSandbox(sandbox)

    @property
    def pause(self) -> float:
        return self._pause

    @pause.setter
    def pause(self, seconds: float) -> None:
        self._pause = seconds
        self.mount.faults.replace([{"kind": "latency", "milliseconds": seconds * 1000}])

    @property
    def sent(self) -> int:
        """Requests that the vendor has accepted."""
        return len({line.task_id for line in list(self.mount.world.ledger)})

    def dispatch(self, people: int, per_batch: int, first: int = 0, **values: Any) -> Dispatch:
        """To numbers of its own, or to those from `first` on."""
        account = values.pop("account", None) or self.make.account(in_flight=3, per_second=100_000)
        version = self.make.version(TEXT)
        self.make.approve(version, account)
        defaults = {
            "state": DispatchState.RUNNING,
            "title": "两人",
            "total": people,
            "signature": self.make.signature(),
        }
        dispatch = Dispatch.objects.create(version=version, account=account, **{**defaults, **values})
        first = first or 13_900_000_000 + self.make.number * 1000
        numbers = [str(first + n) for n in range(people)]
        parts = [numbers[start : start + per_batch] for start in range(0, people, per_batch)]
        batches = Batch.objects.bulk_create(
            Batch(dispatch=dispatch, account=account, number=n, size=len(part)) for n, part in enumerate(parts, start=1)
        )
        Delivery.objects.bulk_create(
            Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone)
            for batch, part in zip(batches, parts, strict=True)
            for phone in part
        )
        return dispatch

    def times_sent(self) -> Counter[str]:
        """phone -> how often the vendor accepted it."""
        return Counter(self.mount.world.accepted)


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
        if isinstance(result, BaseException) and not isinstance(result, steps.CannotStart):
            raise result
    return results


def most_on_wire(dispatch: Dispatch) -> int:
    """How many of its requests were under way at one moment, by the exchanges that were kept."""
    edges = []
    for call in VendorCall.objects.filter(attempt__batch__dispatch=dispatch):
        edges += [(call.started_at, 1), (call.started_at + timedelta(milliseconds=call.milliseconds), -1)]
    return max(accumulate(step for _at, step in sorted(edges)))


def counts(dispatch: Dispatch) -> dict[str, int]:
    return status.dispatch_counts([dispatch.pk])


def recount(dispatch: Dispatch) -> dict[str, int]:
    rows = status.with_status(Delivery.objects.filter(dispatch=dispatch))
    return dict(Counter(rows.values_list("status", flat=True)))
