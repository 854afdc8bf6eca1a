"""`manage.py stop_sending --reason "…"`: nothing more goes out, of any account, until somebody resumes."""

import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from messaging.sending import stop_switch


class Command(BaseCommand):
    help = (
        "Stop all sending at once: every account and queue, the API, test sends and answers. Nothing is lost; it waits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why; it stands on every page and in the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = stop_switch.stop(options["reason"], name=f"manage.py ({getpass.getuser()})")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        at = timezone.localtime(found.stopped_at)
        self.stdout.write(f"All sending is stopped since {at:%F %T}: {found.reason}")
