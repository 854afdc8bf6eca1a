"""A throw-away PostgreSQL server for the tests.

python -m tests.postgres COMMAND …      runs COMMAND with DATABASE_URL set to it
"""

import os
import subprocess
import sys
from collections.abc import Sequence

from campaigns.bench.postgres import Server, binaries, free_port, server

MISSING = "SKIPPED: the tests on PostgreSQL, because its server is not installed (Debian package: postgresql)"
__all__ = ["MISSING", "Server", "binaries", "free_port", "main", "server"]


def main(command: Sequence[str]) -> int:
    if binaries() is None:
        sys.stdout.write(f"{MISSING}\n")
        return 0
    with server() as running:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": running.url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
