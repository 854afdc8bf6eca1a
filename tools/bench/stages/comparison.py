"""The usual ways beside ours: how many times as long they take for one message."""

from collections.abc import Iterator

from messaging.models import VendorAccount
from tools.bench import baselines
from tools.bench.report import Line
from tools.bench.stages.common import Run, settle


def usual_ways(run: Run) -> Iterator[Line]:
    """Needs the time of `plan and send`. `limit` is the usual way's own time, `ratio` its time for each message over ours."""
    ours = run.kept["seconds for one message"]
    VendorAccount.objects.filter(pk=run.house.account.pk).update(base_url=run.sink.url)
    settle()
    count = min(5_000, run.recipients)
    slow = baselines.bulk_create(run.house, count)
    yield Line("bulk_create alone", count, slow, ratio=slow / count / run.kept["seconds to plan one"])
    count = min(500, run.recipients)
    slow = baselines.one_task_each(run.house, count, run.workers)
    yield Line("one task each", count, slow, ratio=slow / count / ours, goal="at least 200")
    if baselines.has_post_office():
        count = min(5_000, run.recipients)
        yield _post_office("django-post_office", baselines.post_office(count), count, ours, "at least 40")
        yield _post_office("  without log and threads", baselines.post_office(count, lean=True), count, ours, "")


def _post_office(stage: str, parts: dict[str, float], count: int, ours: float, goal: str) -> Line:
    slow = sum(parts.values())
    return Line(stage, count, slow, ratio=slow / count / ours, goal=goal, details=dict(parts))
