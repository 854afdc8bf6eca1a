"""The job queue. The only module that knows django-q2.

The broker is the same database, so a nudge inside a transaction appears on commit and vanishes on rollback. A job carries
a task's name and ids, never objects: its payload is a signed pickle. A lost or doubled nudge must do no harm.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from messaging.bulk import rows
from messaging.models import Lease

QUEUES = ("notice", "bulk", "import")


def nudge(task: str, *ids: int | str, queue: str = "bulk") -> None:
    """Queue `task` (a dotted name in some `tasks` module) with plain ids on one of QUEUES."""
    if queue not in QUEUES:
        raise ValueError(f"No queue {queue}")
    async_task(task, *ids, cluster=queue)


def nudge_once(name: str, task: str, *ids: int | str, queue: str = "bulk") -> bool:
    """Like nudge, but not while an earlier nudge of this `name` waits. The task calls `nudge_taken(name)` first."""
    now = timezone.now()
    lost = now - timedelta(seconds=settings.SONGDA["NUDGE_SECONDS"])
    # Hundreds of pushes a second come by here while one nudge waits: a look is cheaper than a transaction.
    if rows.exists(Lease, "name = %s AND pending_since >= %s", [name, lost]):
        return False
    with transaction.atomic():
        Lease.objects.get_or_create(name=name)
        free = Q(pending_since__isnull=True) | Q(pending_since__lt=lost)
        if not Lease.objects.filter(free, name=name).update(pending_since=now):
            return False
        nudge(task, *ids, queue=queue)
    return True


def nudge_taken(name: str) -> None:
    Lease.objects.filter(name=name).update(pending_since=None)


def ensure_schedules() -> None:
    """The one schedule of the house, and nobody else's: one malformed row stops every schedule in the site."""
    Schedule.objects.exclude(name="tick").delete()
    Schedule.objects.update_or_create(
        name="tick",
        defaults={"func": "messaging.tasks.tick", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )


def waiting() -> dict[str, Any]:
    """Jobs that wait, by queue name."""
    counts = dict.fromkeys(QUEUES, 0)
    for key in OrmQ.objects.values_list("key", flat=True)[:1000]:
        counts[key] = counts.get(key, 0) + 1
    return counts


def run_waiting(limit: int = 1000) -> int:
    """Run what waits here and now, in this process: for tests and one-shot commands. Returns how many ran."""
    from django.utils.module_loading import import_string
    from django_q.signing import SignedPackage

    for count in range(limit):
        job = OrmQ.objects.order_by("id").first()
        if job is None:
            return count
        job.delete()
        task = SignedPackage.loads(job.payload)
        import_string(task["func"])(*task["args"], **task["kwargs"])
    return limit
