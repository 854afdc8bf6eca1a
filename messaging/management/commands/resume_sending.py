"""`manage.py resume_sending --reason "…"`: what waited since `stop_sending` goes on."""

import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from messaging.sending import stop_switch


class Command(BaseCommand):
    help = "Let everything go on that `stop_sending` or the page has stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why; it is kept in the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = stop_switch.resume(options["reason"], name=f"manage.py ({getpass.getuser()})")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if not done:
            raise CommandError("Nothing was stopped.")
        self.stdout.write("Sending goes on.")
