"""`manage.py worker`: the queues' workers under one parent that restarts what dies."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging.management.supervisor import Supervisor
from messaging.queue import QUEUES


class Command(BaseCommand):
    help = "Run the workers of all queues (or of --queues) until SIGTERM; a cluster that hangs or loses a process is restarted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", default=",".join(QUEUES), help="comma separated: notice, bulk, import")

    def handle(self, *args: Any, **options: Any) -> None:
        names = [name.strip() for name in options["queues"].split(",") if name.strip()]
        strange = [name for name in names if name not in QUEUES]
        if strange or not names:
            raise CommandError(f"--queues takes {', '.join(QUEUES)}; not {', '.join(strange) or 'nothing'}")
        Supervisor(names, grace=settings.SONGDA["STOP_GRACE_SECONDS"]).run()
