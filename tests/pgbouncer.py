"""A throw-away PgBouncer in transaction mode before a PostgreSQL server."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.postgres import Server, free_port

MISSING = "SKIPPED: the tests behind PgBouncer, because it is not installed (Debian package: pgbouncer)"

_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server_port} user=songda
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 100
"""


def program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextlib.contextmanager
def pgbouncer(server: Server, *, pool: int = 4) -> Iterator[str]:
    """The address of the pooler. It refuses to run as root; there it runs as PostgreSQL's user."""
    home = Path(tempfile.mkdtemp(prefix="songda-pgb-"))
    port = free_port()
    (home / "pgbouncer.ini").write_text(_SETTINGS.format(server_port=server.port, port=port, pool=pool))
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    home.chmod(0o755)
    process = subprocess.Popen(
        [program() or "pgbouncer", str(home / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=(home / "log").open("ab"),
        **({"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}),
    )
    try:
        _wait(port, process, home / "log")
        yield f"postgres://songda@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(home, ignore_errors=True)


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    import socket

    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"PgBouncer did not start: {log.read_text()[-2000:]}")
