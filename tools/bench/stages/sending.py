"""Members -> deliveries -> accepted by the vendor, beside INSERT … SELECT, a request built by hand, and bare posts."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.utils import timezone

from campaigns import preflight
from campaigns.lifecycle import layout
from campaigns.models import Campaign
from messaging.accounts import health
from messaging.deliveries import recipients as deliveries_recipients
from messaging.deliveries import status
from messaging.gateway.types import Recipient, SendRequest
from messaging.models import Batch, Dispatch
from messaging.sending import dispatches, hand_over
from messaging.states import DispatchState
from tools.bench import house, limits
from tools.bench.measure import Measured, apart, together
from tools.bench.report import Line
from tools.bench.stages.common import Run, clear, settle

GOAL_SEND = "at least 0.75"


def plan_and_send(run: Run) -> Iterator[Line]:
    """The limit first, on the empty tables; then the product on the same members."""
    stored, sent, amount = _limit(run)
    limit = stored + sum(sent.values())
    campaign = house.campaign(run.house, run.kept["audience"], "会员日")
    settle()
    checked = apart(partial(_check, campaign.pk))
    yield Line("check before sending", run.recipients, checked.seconds, checked.peak_mb)
    settle()
    planned = apart(partial(_lay_out, campaign.pk))
    campaign.refresh_from_db()
    yield Line("plan", run.recipients, planned.seconds, planned.peak_mb, stored, stored / planned.seconds)
    run.kept["campaign"] = campaign
    yield from _send(run, campaign, planned, limit, {"insert": stored, **sent}, amount)


def _limit(run: Run) -> tuple[float, dict[str, float], int]:
    """(seconds of the INSERT, seconds of read, build and post, bytes posted). The insert is done twice, the quicker counts:
    the first one makes the files that the second one and the product use again."""
    stored = []
    for _ in range(2):
        clear("messaging_delivery")
        dispatch, batches = _batches(run)
        settle()
        audience = run.kept["audience"].pk
        stored.append(apart(partial(limits.insert_select, audience, dispatch.pk, batches[0], 1000)).seconds)
    settle()
    run.sink.take_counts()
    sent = apart(partial(limits.send, batches, run.sink.url)).result
    _, amount = run.sink.take_counts()
    clear("messaging_delivery", "messaging_batch", "messaging_dispatch")
    return min(stored), sent, amount


def _batches(run: Run) -> tuple[Dispatch, list[int]]:
    dispatch = house.empty_dispatch(run.house, "limit")
    count = -(-run.kept["audience"].size // 1000)
    made = Batch.objects.bulk_create(
        Batch(dispatch=dispatch, account=run.house.account, number=n, size=1000) for n in range(1, count + 1)
    )
    return dispatch, [batch.pk for batch in made]


def _check(campaign_id: int) -> None:
    preflight.check(Campaign.objects.get(pk=campaign_id))


def _lay_out(campaign_id: int) -> None:
    layout.lay_out(Campaign.objects.get(pk=campaign_id))


def _send(
    run: Run, campaign: Campaign, planned: Measured, limit: float, parts: dict[str, float], amount: int
) -> Iterator[Line]:
    dispatch: Any = campaign.dispatch
    settle()
    run.sink.take_counts()
    # Workers run already when a dispatch starts: each has loaded its code and has its connection.
    done = together([partial(_drain, dispatch.pk)] * run.workers, ready=partial(hand_over.send_some, dispatch.pk))
    requests, sent_bytes = run.sink.take_counts()
    dispatches.finish(Dispatch.objects.get(pk=dispatch.pk))
    counts = status.dispatch_counts([dispatch.pk])
    count = run.kept["audience"].size
    if counts != {"submitted": count}:
        raise RuntimeError(f"Not everybody was handed over once: {counts} of {count}")
    yield Line("send", count, done.seconds, done.peak_mb, sum(parts.values()) - parts["insert"])
    total = planned.seconds + done.seconds
    run.kept["seconds to plan one"], run.kept["seconds for one message"] = planned.seconds / count, total / count
    details = {f"limit: {name}": seconds for name, seconds in parts.items()}
    details |= {"requests": requests, "bytes": sent_bytes, "bytes of the limit": amount, "processes": run.workers}
    yield Line("plan and send", count, total, done.peak_mb, limit, limit / total, GOAL_SEND, details)


def _drain(dispatch_id: int) -> None:
    """The start by whoever is first, then a worker's turns, one after the other, until nothing is left."""
    ready = Dispatch.objects.filter(pk=dispatch_id, state=DispatchState.READY)
    ready.update(state=DispatchState.RUNNING, started_at=timezone.now())
    while hand_over.send_some(dispatch_id) in ("time", "rate", "in_flight"):
        pass


def build_requests(run: Run) -> Iterator[Line]:
    """The adapter against the function written by hand, each from what its own question brings from the database."""
    campaign = run.kept["campaign"]
    batches = list(campaign.dispatch.batches.order_by("number").values_list("pk", flat=True)[:200])
    rows = [(limits.read_rows(batch), deliveries_recipients.joined(batch)) for batch in batches]
    dispatch = Dispatch.objects.select_related("account", "version", "signature", "chatbot").get(
        pk=campaign.dispatch_id
    )
    adapter = health.adapter_for(dispatch.account)
    ours = theirs = 0.0
    for _ in range(3):
        for some, joined in rows:
            at = time.perf_counter()
            limits.build(some, "s1-1")
            theirs, at = theirs + time.perf_counter() - at, time.perf_counter()
            adapter.build_send(_request(dispatch, deliveries_recipients.parsed(joined)))
            ours += time.perf_counter() - at
    count = 3 * sum(len(some) for some, _ in rows)
    yield Line("build requests", count, ours, 0, theirs, ours / theirs, "at most 1.5")


def _request(dispatch: Dispatch, recipients: list[Recipient]) -> SendRequest:
    version: Any = dispatch.version
    return SendRequest(
        reference="s1-1",
        recipients=recipients,
        content=version.blocks,
        fallback=version.fallback_blocks,
        template_id="101",
    )
