"""Migrated tables for the tests on SQLite, kept between runs: migrating takes longer than most files of tests do."""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def migrations() -> str:
    """Changes whenever a migration or the version of a library does."""
    found = sha256((ROOT / "requirements-dev.lock").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/**/*")):
        if path.suffix in (".py", ".sql"):
            found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:24]


@contextmanager
def migrated(target: str) -> Iterator[None]:
    """Inside, Django makes its test database at `target`; from the second time on it finds a copy there that lacks nothing."""
    kept = Path(tempfile.gettempdir()) / f"songda-tables-{os.getuid()}-{migrations()}.sqlite3"
    with open(f"{kept}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            shutil.copy(kept, target)
            fcntl.flock(lock, fcntl.LOCK_UN)
            yield
            return
        yield
        _keep(target, kept)


def _keep(source: str, kept: Path) -> None:
    made = Path(f"{kept}.{os.getpid()}")
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(made)) as copy:
        live.backup(copy)
    made.replace(kept)
