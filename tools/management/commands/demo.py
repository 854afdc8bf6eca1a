"""`make demo`: a back office on this machine that has really sent a campaign."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from campaigns.models import Campaign
from tools.demo import seed
from tools.demo.processes import PortBusy, Stack, check_port
from tools.demo.sandbox_client import SandboxClient
from tools.demo.story import CAMPAIGN, Story
from tools.demo.vendors import Others, told


class Command(BaseCommand):
    help = (
        "Start web, worker and sandbox; send a campaign of 2,000 rows, and a small one through every other vendor that sends. "
        "Ctrl-C ends everything."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when the campaign is through")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SETTINGS_MODULE != "config.settings.local":
            raise CommandError(
                "The demo makes people whose password everybody knows: it runs on the local settings alone. "
                "Unset DJANGO_SETTINGS_MODULE."
            )
        try:
            check_port(settings.WEB_PORT, "WEB_PORT")
            check_port(settings.SANDBOX_PORT, "SANDBOX_PORT")
        except PortBusy as error:
            raise CommandError(str(error)) from error
        self._prepare()
        stack = Stack(
            web_port=settings.WEB_PORT,
            sandbox_port=settings.SANDBOX_PORT,
            env={"DJANGO_SETTINGS_MODULE": "config.settings.local"},
            logs=settings.DATA_DIR / "logs",
        )
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop(ended))
        try:
            self._say("Starting web, worker and sandbox")
            stack.start()
            self._tell(stack)
            if not options["once"]:
                self._watch(stack, ended)
        except (RuntimeError, TimeoutError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            pass
        finally:
            self._say("Stopping")
            stack.stop()

    @staticmethod
    def _stop(ended: threading.Event) -> None:
        ended.set()
        raise KeyboardInterrupt

    def _prepare(self) -> None:
        self._say(f"Database {settings.DATABASES['default']['NAME']}: migrating")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)

    def _tell(self, stack: Stack) -> None:
        story = Story(stack.web_url, SandboxClient(stack.sandbox_url), self._say)
        was_told = told()
        try:
            campaign = story.tell()
            Others(story).tell()
        except TimeoutError as error:
            if not was_told:
                raise
            self._say(f"{error} Going on with what is there.")  # somebody has used it meanwhile
            campaign = Campaign.objects.get(name=CAMPAIGN)
        close_old_connections()
        self.stdout.write("")
        self._say(f"Open   {stack.web_url}/admin/")
        self._say(f"See    {stack.web_url}/admin/campaigns/campaign/{campaign.pk}/progress/")
        for name, first, role in seed.PEOPLE:
            self._say(f"Login  {name:<9} {seed.PASSWORD}   {first} ({role})")
        self.stdout.flush()

    def _watch(self, stack: Stack, ended: threading.Event) -> None:
        self._say("Ctrl-C ends everything; what was done stays for the next start")
        while not ended.wait(1):
            dead = [child.name for child in stack.children if not child.alive]
            if dead:
                raise RuntimeError(f"{', '.join(dead)} has ended by itself. The logs are in {stack.logs}.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
