"""`manage.py queue_alive`: a liveness probe for supervisors outside."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from messaging.models import Lease


class Command(BaseCommand):
    help = "Exit 1 when the tick's heartbeat is older than the limit."

    def handle(self, *args: Any, **options: Any) -> None:
        limit = timedelta(seconds=settings.SONGDA["HEARTBEAT_RED_SECONDS"])
        beat = Lease.objects.filter(name="tick").values_list("beat_at", flat=True).first()
        if beat is None or timezone.now() - beat > limit:
            raise CommandError(f"No heartbeat for more than {limit.seconds} s; last: {beat or 'never'}")
        self.stdout.write(f"alive, last heartbeat {beat:%F %T}")
