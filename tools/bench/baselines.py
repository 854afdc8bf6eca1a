"""The usual ways, on smaller counts: the ORM's bulk_create, one queued task for each recipient, and django-post_office."""

import http.client
import importlib.util
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from kit.processes import Child
from messaging import queue
from messaging.models import Batch, Delivery, Dispatch, VendorAccount
from tools.bench import limits
from tools.bench.house import House, empty_dispatch
from tools.bench.measure import apart

LONGEST = 300.0


def bulk_create(house: House, people: int) -> float:
    """Seconds to store that many deliveries by the ORM."""
    dispatch = empty_dispatch(house, "bulk_create")
    batch = Batch.objects.create(dispatch=dispatch, account=house.account, number=1, size=people)
    return apart(partial(_create, dispatch, batch, people)).seconds


def _create(dispatch: Dispatch, batch: Batch, people: int) -> None:
    Delivery.objects.bulk_create(
        (
            Delivery(
                dispatch=dispatch,
                batch=batch,
                run_id=dispatch.run_id,
                leg="main",
                phone=str(13_100_000_000 + n),
                variables={"姓名": "李女士", "余额": "100.00", "城市": "上海", "到期日": "2026-12-31"},
            )
            for n in range(people)
        ),
        batch_size=1000,
    )


def one_task_each(house: House, people: int, workers: int) -> float:
    """Seconds from the first task queued to the last one done, by the same queue and the same number of workers."""
    dispatch = empty_dispatch(house, "one task each")
    batch = Batch.objects.create(dispatch=dispatch, account=house.account, number=1, size=people)
    _create(dispatch, batch, people)
    ids = list(Delivery.objects.filter(dispatch=dispatch, batch=batch).values_list("pk", flat=True))
    output = (Path(settings.DATA_DIR) / "worker.log").open("ab")
    command = [sys.executable, "manage.py", "worker", "--queues", "bulk"]
    worker = Child("worker", command, env={"WORKERS": str(workers)}, output=output, cwd=Path(settings.BASE_DIR))
    began = time.perf_counter()
    for pk in ids:
        queue.enqueue("tools.bench.baselines.send_one", pk, queue="bulk")
    queued = time.perf_counter() - began
    worker.start()
    try:
        return queued + _until_done(batch, people)
    finally:
        worker.stop(10)
        _forget_tasks()


def _forget_tasks() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_q_ormq")


def _until_done(batch: Batch, people: int) -> float:
    """Seconds from the first one done to the last, so that the start of the worker does not count."""
    first, end = 0.0, time.monotonic() + LONGEST
    while time.monotonic() < end:
        left = Delivery.objects.filter(batch=batch, own_status__isnull=True).count()
        if left < people and not first:
            first = time.perf_counter()
        if not left:
            return time.perf_counter() - first
        time.sleep(0.05)
    raise RuntimeError("One task each did not end in time")


_wires: dict[str, http.client.HTTPConnection] = {}


def send_one(delivery_id: int) -> None:
    """One person's task: read, build, post over a kept connection, write the outcome."""
    row = Delivery.objects.select_related("dispatch__account").get(pk=delivery_id)
    account: VendorAccount = row.dispatch.account
    body, headers = limits.build([(row.phone, json.dumps(row.variables))], f"p{row.pk}")
    wire = _wires.setdefault(account.base_url, http.client.HTTPConnection(urlsplit(account.base_url).netloc))
    wire.request("POST", "/rcs/templateP2P", body, headers)
    wire.getresponse().read()
    Delivery.objects.filter(pk=row.pk).update(own_status=60)


def has_post_office() -> bool:
    return importlib.util.find_spec("post_office") is not None


def post_office(people: int, *, lean: bool = False) -> dict[str, float]:
    """{"queue": seconds, "send": seconds} of django-post_office to a backend that does nothing, in a process and a schema of
    its own."""
    url = connection.get_connection_params()
    command = [sys.executable, "-m", "tools.bench.post_office", str(people), json.dumps(_place(url))]
    command += ["lean"] if lean else []
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"django-post_office: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _place(url: dict[str, Any]) -> dict[str, Any]:
    kept = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    place = {name: settings.DATABASES["default"].get(name, "") for name in kept}
    if connection.vendor != "postgresql":
        return {**place, "NAME": f"{place['NAME']}.post_office"}
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS post_office")
    return {**place, "OPTIONS": {"options": "-c search_path=post_office"}}
