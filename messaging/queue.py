"""The job queue. The only module that knows django-q2.

The broker is the same database, so a job inside a transaction appears on commit and vanishes on rollback. A job carries
a task's name and ids, never objects: its payload is a signed pickle. A lost or doubled job must do no harm.
"""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ, Schedule
from django_q.signals import pre_execute
from django_q.signing import BadSignature, SignedPackage
from django_q.tasks import async_task

from messaging.models import PendingJob

log = logging.getLogger(__name__)
QUEUES = settings.QUEUES
# What a worker runs. Rows of the schedule table are not signed: whoever can write to the database could name any function.
_OURS = re.compile(rf"(?:{'|'.join(map(re.escape, settings.TASK_MODULES))})\.[a-z][a-z_]*")


class OwnTasksOnly(ORM):
    """django-q2's broker over the database (Q_CLUSTER["broker_class"]). A job that is not one of our tasks is removed and
    logged instead of being handed to a worker."""

    def dequeue(self) -> list[tuple[int, str]] | None:
        found = super().dequeue()
        if not found:
            return None
        kept = [job for job in found if _is_ours(job[1])]
        for key, _payload in found:
            if key not in dict(kept):
                log.error("Job %s was removed from the queue: it names no task of Songda", key)
                self.delete(key)
        return kept


def _is_ours(payload: str) -> bool:
    try:
        job = SignedPackage.loads(payload)
    except (TypeError, BadSignature):
        return False
    func = job.get("func")
    return isinstance(func, str) and bool(_OURS.fullmatch(func)) and not job.get("hook")


def enqueue(task: str, *ids: int | str, queue: str = "bulk") -> None:
    """Queue `task` (a dotted name in some `tasks` module) with plain ids on one of QUEUES."""
    if queue not in QUEUES:
        raise ValueError(f"No queue {queue}")
    async_task(task, *ids, cluster=queue)


def enqueue_once(name: str, task: str, *ids: int | str, queue: str = "bulk") -> bool:
    """Like enqueue, but not while an earlier job of this `name` waits. The task calls `mark_started(name)` first."""
    now = timezone.now()
    lost = now - timedelta(seconds=settings.SONGDA["JOB_LOST_SECONDS"])
    # Hundreds of pushes a second come by here while one job waits: a look is cheaper than a transaction.
    if PendingJob.objects.filter(name=name, since__gte=lost).exists():
        return False
    with transaction.atomic():
        PendingJob.objects.get_or_create(name=name)
        free = Q(since__isnull=True) | Q(since__lt=lost)
        if not PendingJob.objects.filter(free, name=name).update(since=now):
            return False
        enqueue(task, *ids, queue=queue)
    return True


def mark_started(name: str) -> None:
    PendingJob.objects.filter(name=name).update(since=None)


def ensure_schedules() -> None:
    """The one schedule of the house, and nobody else's: one malformed row stops every schedule in the site."""
    Schedule.objects.exclude(name="tick").delete()
    Schedule.objects.update_or_create(
        name="tick",
        defaults={
            "func": "messaging.worker.tasks.tick",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )


def before_each_task(act: Callable[[], None]) -> None:
    """Have `act` called in a worker's process before each of its tasks. It must not raise."""
    pre_execute.connect(lambda **_kwargs: act(), weak=False, dispatch_uid="messaging.queue")


def waiting() -> Mapping[str, int]:
    """Jobs that wait, by queue name."""
    counts = dict.fromkeys(QUEUES, 0)
    for key in OrmQ.objects.values_list("key", flat=True)[:1000]:
        counts[key] = counts.get(key, 0) + 1
    return counts


def run_waiting(limit: int = 1000) -> int:
    """Run what waits here and now, in this process: for tests and one-shot commands. Returns how many ran."""
    from django.utils.module_loading import import_string

    for count in range(limit):
        job = OrmQ.objects.order_by("id").first()
        if job is None:
            return count
        job.delete()
        task = SignedPackage.loads(job.payload)
        import_string(task["func"])(*task["args"], **task["kwargs"])
    return limit
