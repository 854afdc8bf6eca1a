"""A throw-away PostgreSQL server for the tests.

python -m tests.postgres COMMAND …      runs COMMAND with DATABASE_URL set to it
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from tools.bench.postgres import Server, binaries, free_port, server

# Nothing of it outlives the run, and no vacuum holds a lock that a claim does not wait for.
SETTINGS = ("fsync=off", "full_page_writes=off", "autovacuum=off")
MISSING = "SKIPPED: the tests on PostgreSQL, because its server is not installed (Debian package: postgresql)"
__all__ = ["MISSING", "Server", "binaries", "free_port", "main", "server"]


def main(command: Sequence[str]) -> int:
    if binaries() is None:
        sys.stdout.write(f"{MISSING}\n")
        return 0
    with server(SETTINGS) as running:
        return subprocess.run(
            command, env={**os.environ, "DATABASE_URL": running.url, "SONGDA_LOCAL": "1"}, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
