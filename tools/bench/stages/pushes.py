"""A minute of receipt pushes at a fixed rate, web and worker as real processes, while a campaign paced over it is sent."""

import base64
import http.client
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Now

from campaigns import preflight
from campaigns.lifecycle import layout
from campaigns.models import Campaign
from kit.processes import Child
from messaging import queue
from messaging.gateway import crypto
from messaging.models import Batch, CallbackEvent, Dispatch, Mutex, VendorAccount
from messaging.sending import dispatches
from messaging.worker import hosts
from tools.bench import history, house, postgres
from tools.bench.measure import peak_mb
from tools.bench.report import Line
from tools.bench.sink import CREDENTIALS
from tools.bench.stages.common import Run, settle
from tools.demo.processes import wait_for

RATE, RECEIPTS, HANDS = 200, 100, 32
LONGEST = 300.0

Push = tuple[bytes, dict[str, str]]


def pushes_under_load(run: Run) -> Iterator[Line]:
    """Needs `csv`. The receipts are about dispatches that are made for it, beside whatever history is there."""
    count = RATE * run.seconds
    made = history.fill(run.house, count * RECEIPTS)
    pushes = [_push(one, first) for one in made for first in range(0, one.people, RECEIPTS)]
    dispatch = _slow_campaign(run, count / RATE)
    port = postgres.free_port()
    web, worker = _web(port), _child("worker", ["manage.py", "worker"], before=["nice", "-n", "10"])
    settle()
    before = _heard()
    try:
        web.start()
        worker.start()
        wait_for(f"http://127.0.0.1:{port}/admin/login/", web, Path(settings.DATA_DIR))
        _until(_all_run)  # an installation that runs, not one that starts
        # After these, which are refused, each thread of the web has its connection.
        _drive(run.house.account, port, [(b"", {})] * (5 * HANDS), kind="nothing")
        dispatches.start(dispatch)
        latencies, statuses, began = _drive(run.house.account, port, pushes)
        ended = time.perf_counter()
        _until(lambda: not CallbackEvent.objects.filter(state=CallbackEvent.State.NEW).exists())
        applied = time.perf_counter() - ended
        peaks = max(peak_mb(str(pid)) for pid in web.members() | worker.members())
    finally:
        worker.stop(10)
        web.stop(10)
    heard = _heard() - before
    if heard != count * RECEIPTS:
        raise RuntimeError(f"{count * RECEIPTS} receipts pushed, {heard} counted")
    refused = sum(status != 200 for status in statuses)
    sent = Batch.objects.filter(dispatch=dispatch, state="submitted").aggregate(n=Sum("size"))["n"] or 0
    details = {
        "refused": refused,
        "all applied, seconds after the end": applied,
        "ms, median": 1000 * median(latencies),
        "ms, 99 of 100": 1000 * quantiles(latencies, n=100)[98],
        "ms, slowest": 1000 * max(latencies),
        "sent meanwhile": sent,
        "to be sent": dispatch.total,
    }
    goal = "none refused, 99 of 100 under 250 ms, applied within 10 s"
    yield Line("pushes under load", count * RECEIPTS, ended - began, peaks, goal=goal, details=details)


def _all_run() -> bool:
    """Every queue that has a heartbeat has had one, and what the first tick gave them to do is done."""
    queues = {queue_name for _host, queue_name, _at in hosts.queue_beats(("notice", "bulk"))}
    held = Mutex.objects.filter(until__gt=Now())
    return queues == {"notice", "bulk"} and not sum(queue.waiting().values()) and not held.exists()


def _heard() -> int:
    return int(Batch.objects.aggregate(n=Sum("n_delivered"))["n"] or 0)


def _push(newest: history.PastDispatch, first: int) -> Push:
    """A hundred receipts of one request, sealed and signed as the gateway's document has it."""
    plain = orjson.dumps(
        [
            {
                "taskId": f"h{newest.batch(n)}",
                "mobile": newest.phone(n),
                "status": "DELIVRD",
                "type": 4,
                "reportTime": "2026-01-01 12:00:00",
                "callData": newest.reference(n),
            }
            for n in range(first, first + RECEIPTS)
        ]
    )
    body = base64.b64encode(crypto.aes_ecb_encrypt(CREDENTIALS["aes_key"].encode(), plain))
    timestamp = str(int(time.time() * 1000))
    signature = crypto.sha256_hex(CREDENTIALS["password"].encode(), body, timestamp.encode())
    return body, {
        "Content-Type": "text/plain",
        "spId": CREDENTIALS["sp_id"],
        "timestamp": timestamp,
        "signature": signature,
    }


def _slow_campaign(run: Run, seconds: float) -> Dispatch:
    audience = run.kept["audience"]
    rate = Decimal(max(int(audience.size / max(seconds, 1)), 1))
    VendorAccount.objects.filter(pk=run.house.account.pk).update(per_second=rate, base_url=run.sink.url)
    campaign = house.campaign(run.house, audience, "under load")
    preflight.check(campaign)
    return layout.lay_out(Campaign.objects.get(pk=campaign.pk))


def _web(port: int) -> Child:
    bind = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    return _child("web", ["-m", "gunicorn", "config.wsgi", *bind, "--timeout", "120", "--no-control-socket"])


def _child(name: str, arguments: list[str], before: Sequence[str] = ()) -> Child:
    output = (Path(settings.DATA_DIR) / f"{name}.log").open("ab")
    return Child(name, [*before, sys.executable, *arguments], output=output, cwd=Path(settings.BASE_DIR))


def _drive(
    account: VendorAccount, port: int, pushes: Sequence[Push], kind: str = "receipt"
) -> tuple[list[float], list[int], float]:
    """Open loop: push n leaves at n / RATE whatever became of those before; its time counts from that moment."""
    path = f"/callbacks/{account.vendor}/{account.callback_token}/{kind}/"
    latencies, statuses = [0.0] * len(pushes), [0] * len(pushes)
    turns = itertools.count()
    began = time.perf_counter() + 0.2

    def hand() -> None:
        wire = http.client.HTTPConnection(urlsplit(f"http://127.0.0.1:{port}").netloc, timeout=60)
        while (n := next(turns)) < len(pushes):
            time.sleep(max(0.0, began + n / RATE - time.perf_counter()))
            body, headers = pushes[n]
            try:
                wire.request("POST", path, body, headers)
                answer = wire.getresponse()
                answer.read()
                statuses[n] = answer.status
            except (OSError, http.client.HTTPException):
                wire.close()
            latencies[n] = time.perf_counter() - began - n / RATE

    threads = [threading.Thread(target=hand) for _ in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies, statuses, began


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not done():
        if time.monotonic() > end:
            raise RuntimeError("Not everything was applied in time")
        time.sleep(0.1)
