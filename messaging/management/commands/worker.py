"""`manage.py worker`: the queues' workers under one parent that restarts what dies."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kit import timeouts
from messaging.queue import QUEUES
from messaging.worker.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run the workers of all queues (or of --queues) until SIGTERM; a cluster that hangs or loses a process is restarted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", default=",".join(QUEUES), help="comma separated: notice, bulk, import")

    def handle(self, *args: Any, **options: Any) -> None:
        names = [name.strip() for name in options["queues"].split(",") if name.strip()]
        strange = [name for name in names if name not in QUEUES]
        if strange or not names:
            raise CommandError(f"--queues takes {', '.join(QUEUES)}; not {', '.join(strange) or 'nothing'}")
        if off := timeouts.missing():
            raise CommandError(
                f"PostgreSQL says 0 for {' and '.join(off)}: a machine that vanishes would then hold its locks for hours. A "
                "worker connects directly to the database, not through PgBouncer; PGOPTIONS and DATABASE_URL may not switch "
                "these off. Where that cannot be, give them to the role: ALTER ROLE … SET idle_in_transaction_session_timeout "
                "= '15s'; ALTER ROLE … SET lock_timeout = '3s'."
            )
        Supervisor(names, grace=settings.SONGDA["STOP_GRACE_SECONDS"]).run()
