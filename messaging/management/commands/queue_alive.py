"""`manage.py queue_alive`: a liveness probe for supervisors outside."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kit import clock
from messaging import fence
from messaging.sending import stop_switch
from messaging.worker import alarms, heartbeats


class Command(BaseCommand):
    help = (
        "Exit 1 when the tick stands still, when due work is begun by nobody, when a worker host's clock is wrong, or while "
        "sending is held after a restore."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        limit = timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"])
        beat = heartbeats.last("tick")
        if beat is None or clock.now() - beat > limit:
            raise CommandError(f"No heartbeat for more than {limit.seconds} s; last: {beat or 'never'}")
        held = fence.open_holds().first()
        if held is not None:
            raise CommandError(
                f"Sending is held: {fence.sentence(held.rule, held.evidence)} See manage.py fence status"
            )
        if found := alarms.sentences():
            raise CommandError("\n".join(found))
        stop = stop_switch.current()
        self.stdout.write(
            f"alive, last heartbeat {beat:%F %T}" + (f"; all sending is stopped: {stop.reason}" if stop else "")
        )
