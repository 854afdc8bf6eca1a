"""Serve the vendors' protocols on this machine: `manage.py sandbox --port 8090`."""

import logging
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.sandbox.server import SandboxServer

DEFAULT_PORT = 8090


class Command(BaseCommand):
    help = "Serve every vendor's protocol on 127.0.0.1, with a ledger of what was accepted and faults on request."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default 8090)")
        parser.add_argument("--keep", type=Path, help="file in which the sandbox's memory outlives a restart")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        try:
            server = SandboxServer(options["port"], keep=options["keep"])
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} cannot be opened: {error}. Choose another with --port."
            ) from error
        stop = threading.Event()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_number, lambda *_: stop.set())
        server.start()
        self.stdout.write(f"sandbox listening on {server.url}")
        self.stdout.flush()
        stop.wait()
        server.stop()
