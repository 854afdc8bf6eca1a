"""After a promotion or a point-in-time recovery: every host that was at work lately has to say that it knows no more than the
database. Until then nothing is claimed."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q

from kit import clock
from messaging.fence import holds, identity
from messaging.fence.files import Record
from messaging.fence.rules import Rule
from messaging.models import Fence, FenceHold, FenceMark

log = logging.getLogger(__name__)
RECENT = timedelta(minutes=10)


class Waiting:
    """Not all have reported yet."""


WAIT: Final = Waiting()


def judge(
    fence: Fence, here: identity.Server, ahead: tuple[Record, FenceMark | None] | None, records: Sequence[Record]
) -> FenceHold | Waiting | None:
    """None: all is well, and the new timeline is written down. What is claimed becomes unknown in any case: its attempt may be
    among what was lost with the old server, while its claim was not."""
    _begin(here)
    if ahead is not None or here.timeline < fence.timeline:
        host = ahead[0].host if ahead else ""
        return holds.hold(Rule.TIMELINE, {"host": host, "from": fence.timeline, "to": here.timeline})
    _report(here, records)
    absent = _absent(here)
    if not absent:
        done = Fence.objects.filter(pk=1, timeline=fence.timeline).update(
            timeline=here.timeline, next_timeline=None, next_since=None
        )
        if done:
            log.warning("The database was promoted (timeline %s); no host knows more: going on", here.timeline)
        return None
    fence.refresh_from_db()
    limit = timedelta(seconds=2 * settings.SONGDA["FENCE_WAIT_SECONDS"])
    if fence.next_since is not None and clock.now() - fence.next_since > limit:
        return holds.hold(Rule.TIMELINE, {"from": fence.timeline, "to": here.timeline, "absent": absent})
    return WAIT


def _begin(here: identity.Server) -> None:
    """Once for each promotion."""
    with transaction.atomic():
        is_new = Q(next_timeline__isnull=True) | Q(next_timeline__lt=here.timeline)
        if (
            Fence.objects.filter(is_new, pk=1)
            .exclude(timeline=here.timeline)
            .update(next_timeline=here.timeline, next_since=clock.now())
        ):
            claimed = holds.doubt_claimed()
            log.warning(
                "The database was promoted (timeline %s); %s claimed batches are unknown", here.timeline, claimed
            )


def _report(here: identity.Server, records: Sequence[Record]) -> None:
    for record in records:
        FenceMark.objects.filter(host=record.host, slot=record.slot, seq__gte=record.seq).update(reported=here.timeline)


def _absent(here: identity.Server) -> list[str]:
    """Hosts that were at work before the switch and have not said anything since."""
    workers = FenceMark.objects.filter(kind=FenceMark.Kind.WORKER, clean_stop=False, seq__gt=0)
    newest = workers.aggregate(at=Max("beat_at"))["at"]
    if newest is None:
        return []
    late = workers.filter(beat_at__gt=newest - RECENT, reported__lt=here.timeline)
    return sorted(set(late.order_by().annotate(name=F("host")).values_list("name", flat=True)))
