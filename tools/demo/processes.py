"""Web, worker and sandbox as real processes under one parent."""

import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from kit.processes import Child

ROOT = Path(__file__).resolve().parent.parent.parent


class PortBusy(RuntimeError):
    """A port that is needed is taken: the text names it and the variable that changes it."""


def check_port(port: int, variable: str) -> None:
    """Raises PortBusy."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortBusy(f"Port {port} is busy. Choose another one: {variable}={port + 10} make demo") from error


class Stack:
    """The three processes of one installation. `env` is what they all get beside the parent's environment."""

    def __init__(
        self, *, web_port: int, sandbox_port: int, env: Mapping[str, str], logs: Path, threads: int = 8
    ) -> None:
        self.web_url = f"http://127.0.0.1:{web_port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        common = {"STOP_GRACE_SECONDS": "8", **env, "PUBLIC_URL": self.web_url}
        gunicorn = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{web_port}", "--threads", str(threads)]
        web = [*gunicorn, "--worker-class", "gthread", "--workers", "1", "--timeout", "120", "--no-control-socket"]
        keep = ["--keep", str(logs.parent / "sandbox.state")]
        self.sandbox = self.child("sandbox", ["manage.py", "sandbox", "--port", str(sandbox_port), *keep], common)
        self.web = self.child("web", web, common)
        self.worker = self.child("worker", ["manage.py", "worker"], common)

    def child(self, name: str, arguments: list[str], env: Mapping[str, str]) -> Child:
        """One more process of the installation, not started yet, with a log of its own."""
        output = (self.logs / f"{name}.log").open("ab")
        return Child(name, [sys.executable, *arguments], env=env, output=output, cwd=ROOT)

    @property
    def children(self) -> list[Child]:
        return [self.sandbox, self.web, self.worker]

    def start(self) -> "Stack":
        for child in self.children:
            child.start()
        wait_for(f"{self.sandbox_url}/_sandbox/state", self.sandbox, self.logs)
        wait_for(f"{self.web_url}/admin/login/", self.web, self.logs)
        return self

    def stop(self, grace: float = 20.0) -> None:
        for child in reversed(self.children):
            child.stop(grace)


def wait_for(url: str, child: Child, logs: Path, seconds: float = 60.0) -> None:
    """Until the address answers. Raises RuntimeError with the end of the child's log when it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and child.alive:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    tail = (logs / f"{child.name}.log").read_text(errors="replace")[-1500:]
    raise RuntimeError(f"{child.name} did not start:\n{tail}")
