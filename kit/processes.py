"""Child processes in groups of their own: started, watched, ended whole. POSIX only."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


class Child:
    """A command in a session of its own, so that ending it ends everything it started. Start it from a thread that lives as
    long as the child shall: on Linux it is sent SIGTERM when that thread is gone, so that a killed parent leaves no orphans."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        output: IO[bytes] | int | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self._env = {**os.environ, **(env or {})}
        self._output = output
        self._cwd = cwd
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> "Child":
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            self.command,
            env=self._env,
            stdout=self._output,
            stderr=self._output,
            stdin=subprocess.DEVNULL,
            cwd=self._cwd,
            start_new_session=True,
            preexec_fn=_end_with_parent(),
        )
        self.started_at = time.monotonic()
        return self

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def members(self) -> set[int]:
        """The process ids of the group that are alive. Empty where /proc does not exist."""
        return {pid for pid, group in _groups() if group == self.pid}

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def stop(self, grace: float) -> None:
        """SIGTERM to the leader, `grace` seconds to finish, then SIGKILL to whatever is left of the group."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self.signal(signal.SIGKILL)
        self.process.wait()


def _end_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes the command. None where the system has no such thing."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    return None if prctl is None else lambda: prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM), 0, 0, 0)


def _groups() -> list[tuple[int, int]]:
    """(pid, process group) of every living process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            after = entry.read_text().rpartition(")")[2].split()
            if after[0] not in ("Z", "X"):
                found.append((int(entry.parent.name), int(after[2])))
    return found
