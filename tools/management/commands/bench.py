"""`manage.py bench`: the whole path on a database of its own, each stage beside a limit measured in the same run."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from kit.processes import Child
from tools.bench import house, postgres, report, run
from tools.bench.lists import compare

# What an installation for a million people would be given; fsync stays on.
SERVER = (
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "min_wal_size=4GB",
    "checkpoint_timeout=30min",
    "maintenance_work_mem=512MB",
    "effective_cache_size=8GB",
)


class Command(BaseCommand):
    help = (
        "Measure file -> import -> plan -> send -> receipts -> look-up against limits of the same run. "
        "Uses a throw-away PostgreSQL, or an empty database of your own; never the configured one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what", nargs="?", choices=("path", "lookup"), default="path",
            help="path: the stages (default). lookup: every page of the admin among 10 thousand rows and among --size",
        )  # fmt: skip
        parser.add_argument("--size", type=int, default=10_000_000, help="deliveries, and recipients, for «lookup»")
        parser.add_argument(
            "--others", type=int, default=1_000_000, help="rows in each other big table for «lookup», at most"
        )
        parser.add_argument("--recipients", type=int, default=100_000)
        parser.add_argument(
            "--database", default="", help="URL of an empty database, or «sqlite» for a throw-away file"
        )
        parser.add_argument("--stages", default=",".join(run.STAGES), help=f"of {', '.join(run.STAGES)}")
        parser.add_argument(
            "--history", type=int, default=0, help="deliveries for receipts and look-up; default 10 x recipients"
        )
        parser.add_argument(
            "--workers", type=int, default=os.cpu_count() or 2, help="sending processes; default: one for each core"
        )
        parser.add_argument("--seconds", type=int, default=60, help="how long the pushes of «load» last")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--runs", type=int, default=1, help="repeat all, each in a new database, and show the medians"
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--here", action="store_true", help="in the configured database, which must be empty")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["here"]:
            self._measure(options)
        elif options["runs"] == 1:
            self._start(options, None)
        else:
            self._repeat(options)

    def _repeat(self, options: dict[str, Any]) -> None:
        """Each run in a database of its own; the medians at the end."""
        runs = []
        for number in range(1, options["runs"] + 1):
            with tempfile.TemporaryFile("w+b") as output:
                self._start(options, output)
                output.seek(0)
                lines = output.read().decode().splitlines()
                runs.append([report.from_json(line) for line in lines if line.startswith("{")])
            self.stderr.write(f"Run {number} of {options['runs']} is done")
        self._show(report.medians(runs), as_json=options["json"])

    def _start(self, options: dict[str, Any], output: IO[bytes] | None) -> None:
        """Again in a process whose only database is the benchmark's own."""
        with tempfile.TemporaryDirectory(prefix="songda-bench-data-") as home:
            if options["database"] == "sqlite":
                self._inside(f"sqlite:///{home}/bench.sqlite3", home, output)
            elif options["database"]:
                self._inside(options["database"], home, output)
            elif postgres.binaries() is None:
                raise CommandError(f"{postgres.MISSING}; or give --database.")
            else:
                with postgres.server(SERVER) as server:
                    self._inside(server.url, home, output)

    def _inside(self, url: str, home: str, output: IO[bytes] | None) -> None:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *sys.argv[1:], "--here"]
        env = {"DATABASE_URL": url, "DATA_DIR": home, "SONGDA_LOCAL": "1"}
        command += ["--json"] if output else []
        child = Child("bench", command, env=env, cwd=Path(settings.BASE_DIR), output=output).start()
        try:
            code = child.process.wait() if child.process else 1
        finally:
            child.stop(5)
        if code:
            raise CommandError("The benchmark ended early; what went wrong stands above.")

    def _measure(self, options: dict[str, Any]) -> None:
        try:
            run.require_empty()
        except run.NotEmpty as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if options["what"] == "lookup":
            self._look_up(options["size"], options["others"], as_json=options["json"])
            return
        found = run.lines(
            options["stages"].split(","),
            recipients=options["recipients"],
            seed=options["seed"],
            history=options["history"] or 10 * options["recipients"],
            workers=options["workers"],
            seconds=options["seconds"],
        )
        self._show(found, as_json=options["json"])

    def _show(self, found: Iterable[report.Line], *, as_json: bool) -> None:
        if not as_json:
            self.stdout.write(report.HEADER)
        for line in found:
            self.stdout.write(report.as_json(line) if as_json else report.as_text(line))
            self.stdout.flush()

    def _look_up(self, size: int, others: int, *, as_json: bool) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("«lookup» fills PostgreSQL by its own means; it takes no other database.")
        logging.disable(logging.WARNING)  # what a role may not open is asked for as well
        built = house.build("http://127.0.0.1:9")
        found = []
        self.stdout.write("" if as_json else compare.header(size))
        for one in compare.compare(built, size, others, self._note):
            found.append(one)
            shown = compare.as_json(one) if as_json else compare.as_text(one)
            self.stdout.write(shown)
        self._note(compare.summary(found))

    def _note(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()
