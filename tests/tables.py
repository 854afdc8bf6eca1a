"""Tables for the tests, migrated once and copied from then on, also by later runs: migrating takes longer than most files of
tests do."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

from tools.bench.postgres import Server, binaries
from tools.demo.processes import ROOT

# A database of cluster() with all tables, from which others are made. Nobody is ever connected to it.
TEMPLATE = "songda_tables"
_UNUSED_SECONDS = 24 * 3600
_TABLES = """
import django.db
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("createcachetable")
django.db.connection.close()
"""


def sqlite_file() -> Path:
    """To be copied."""
    return _kept("sqlite", lambda path: _migrate(f"sqlite:///{path}"))


def cluster() -> Path:
    """The data of a PostgreSQL server that does not run, to be copied. Its databases `postgres` and TEMPLATE have all tables."""
    folder = binaries()
    assert folder is not None
    return _kept(f"pg{folder.parent.name}", _make_cluster)


def _make_cluster(path: Path) -> None:
    server = Server(["fsync=off"])
    try:
        server.start()
        _migrate(server.url)
        elsewhere = server.url.removesuffix("postgres") + "template1"
        server.run("createdb", "--maintenance-db", elsewhere, "-T", "postgres", TEMPLATE)
        server.stop()
        subprocess.run(["cp", "-a", str(server.data), str(path)], check=True)
    finally:
        server.remove()


def _migrate(database_url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="songda-tables-") as folder:
        env = {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": folder, "SONGDA_LOCAL": "1"}
        env["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
        subprocess.run([sys.executable, "-c", _TABLES], env=env, cwd=ROOT, check=True, timeout=600)


def _kept(kind: str, make: Callable[[Path], None]) -> Path:
    """What `make` makes at a path, made once for all processes."""
    mine = f"songda-tables-{os.getuid()}"
    kept = Path(tempfile.gettempdir()) / f"{mine}-{_migrations()}.{kind}"
    with open(f"{kept}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = kept.with_name(f"{kept.name}.{os.getpid()}")
            make(made)
            made.rename(kept)
            _remove_unused(kept.parent.glob(f"{mine}-*.lock"))
    return kept


def _remove_unused(locks: Iterable[Path]) -> None:
    for lock in locks:
        if time.time() - lock.stat().st_mtime > _UNUSED_SECONDS:
            kept = lock.with_suffix("")
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink(missing_ok=True)
            lock.unlink()


def _migrations() -> str:
    """Changes whenever a migration or the version of a library does."""
    found = sha256((ROOT / "requirements-dev.lock").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/**/*")):
        if path.suffix in (".py", ".sql"):
            found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:24]
