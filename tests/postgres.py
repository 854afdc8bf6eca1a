"""A throw-away PostgreSQL server for the tests, with all tables.

python -m tests.postgres COMMAND …      runs COMMAND with DATABASE_URL set to it
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests import tables
from tools.bench.postgres import Server, binaries, free_port
from tools.bench.postgres import server as empty_server

# Nothing of it outlives the run; processes are killed, but no power is cut.
UNSYNCED = ("fsync=off", "full_page_writes=off")
# No vacuum holds a lock that a claim does not wait for.
SETTINGS = (*UNSYNCED, "autovacuum=off")
MISSING = "SKIPPED: the tests on PostgreSQL, because its server is not installed (Debian package: postgresql)"
__all__ = ["MISSING", "Server", "binaries", "empty_server", "free_port", "main", "server"]


@contextmanager
def server(settings: Sequence[str] = UNSYNCED) -> Iterator[Server]:
    """Every one has the system identifier of the others; empty_server() has one of its own."""
    running = Server(settings, copy_of=tables.cluster()).start()
    try:
        yield running
    finally:
        running.remove()


def main(command: Sequence[str]) -> int:
    if binaries() is None:
        sys.stdout.write(f"{MISSING}\n")
        return 0
    with server(SETTINGS) as running:
        more = {"DATABASE_URL": running.url, "TABLES_TEMPLATE": tables.TEMPLATE, "SONGDA_LOCAL": "1"}
        return subprocess.run(command, env={**os.environ, **more}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
