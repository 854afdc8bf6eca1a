"""A throw-away PostgreSQL server: initdb in a temporary folder, a port of its own, gone at the end.

PostgreSQL refuses to run as root; there it runs as the user `postgres` that its package makes.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MISSING = "PostgreSQL's server is not installed (Debian package: postgresql)"


def binaries() -> Path | None:
    """The folder that holds initdb and postgres, newest version first; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*found, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((path for path in candidates if (path / "initdb").exists() and (path / "postgres").exists()), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """Start, stop, kill -9 and start again on the same data."""

    def __init__(self, settings: Sequence[str] = (), *, copy_of: Path | None = None) -> None:
        """`settings`: "name=value" of postgresql.conf, beside the server's defaults. `copy_of`: the data of a server that is not
        running, or a base backup, to begin with."""
        folder = binaries()
        if folder is None:
            raise RuntimeError(MISSING)
        self.bin = folder
        self.port = free_port()
        self._settings = settings
        self.home = Path(tempfile.mkdtemp(prefix="songda-pg-"))
        self.data = self.home / "data"
        self.process: subprocess.Popen[bytes] | None = None
        self._owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self._owner:
            os.chown(self.home, self._owner.pw_uid, self._owner.pw_gid)
        if copy_of is None:
            self._run("initdb", "-D", str(self.data), "-U", "songda", "--auth=trust", "-E", "UTF8", "--no-locale")
        else:
            subprocess.run(["cp", "-a", str(copy_of), str(self.data)], check=True)  # noqa: S603, S607

    @property
    def url(self) -> str:
        return f"postgres://songda@127.0.0.1:{self.port}/postgres"

    def start(self) -> "Server":
        settings = ("listen_addresses=127.0.0.1", "max_connections=200", *self._settings)
        options = ["-p", str(self.port), "-k", str(self.home), *(part for one in settings for part in ("-c", one))]
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [str(self.bin / "postgres"), "-D", str(self.data), *options],
            stdout=subprocess.DEVNULL,
            stderr=(self.home / "log").open("ab"),
            **self._as_owner(),
        )
        self._wait()
        return self

    def _wait(self) -> None:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                ready = self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), check=False)
                if ready == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"PostgreSQL did not start: {(self.home / 'log').read_text()[-2000:]}")

    def stop(self, number: int = signal.SIGINT) -> None:
        """SIGINT: fast shutdown; SIGKILL: a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def kill(self) -> None:
        """kill -9 of the whole server; its children notice and go."""
        self.stop(signal.SIGKILL)
        time.sleep(0.5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _as_owner(self) -> dict[str, Any]:
        return {"user": self._owner.pw_uid, "group": self._owner.pw_gid} if self._owner else {}

    def run(self, program: str, *arguments: str) -> None:
        """A program of the server's package, as its owner. Raises RuntimeError with what it said."""
        self._run(program, *arguments)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(  # noqa: S603 - a program of the server's package
            [str(self.bin / program), *arguments], capture_output=True, cwd=self.home, check=False, **self._as_owner()
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode()}")
        return done.returncode


@contextlib.contextmanager
def server(settings: Sequence[str] = ()) -> Iterator[Server]:
    running = Server(settings).start()
    try:
        yield running
    finally:
        running.remove()
