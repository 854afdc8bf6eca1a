"""`manage.py disarm`: make a copy of an installation harmless, before anything of it is started."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.fence import copies


class Command(BaseCommand):
    help = (
        "For a copy (staging, a test, an analysis): takes away the vendors' credentials and addresses, callback tokens, API tokens "
        "and webhooks, and holds all sending. Never in the real installation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        words = copies.what_would_go()
        if not options["yes"] and input(f"{words} Type «disarm» to go on: ") != "disarm":
            raise CommandError("Nothing was changed.")
        self.stdout.write(copies.disarm())
