"""The only reader of the environment.

Every setting that a machine may change is read here, once, with its meaning beside it. A value that is
missing or wrong stops the start with a sentence that names the variable.
"""

import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent

_env = environ.Env()
_env.prefix = ""


def secret(name: str) -> str:
    """A value without a default: production must not start on a guessed key."""
    value = _env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"The environment variable {name} is not set. Production has no default for secrets: "
            f"see «Production» in README.md for what {name} must hold."
        )
    return value


def secret_list(name: str) -> list[str]:
    return [part.strip() for part in secret(name).split(",") if part.strip()]


def text(name: str, default: str) -> str:
    return _env.str(name, default=default)


def items(name: str, default: list[str] | None = None) -> list[str]:
    return _env.list(name, default=default or [])


def hosts(name: str, default: list[str] | None = None) -> frozenset[str]:
    """Host names or addresses, lower case, IPv6 without brackets."""
    return frozenset(item.strip().strip("[]").lower() for item in items(name, default) if item.strip())


def flag(name: str, default: bool) -> bool:
    try:
        return _env.bool(name, default=default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be true or false: {error}") from error


def number(name: str, default: int) -> int:
    try:
        return _env.int(name, default=default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number: {error}") from error


def data_dir() -> Path:
    """Where the embedded database, uploads and exports live. DATA_DIR; default `var/` beside manage.py."""
    path = Path(text("DATA_DIR", str(ROOT / "var")))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def fence_dir() -> Path:
    """Where each process keeps a file about what it has sent: a disk of this host alone. FENCE_DIR; default `fence/` in DATA_DIR,
    which is enough for one machine and its demo. Made when the first file is."""
    return Path(text("FENCE_DIR", "") or data_dir() / "fence")


def host_name() -> str:
    return socket.gethostname()[:40]


def pooled() -> bool:
    """Whether a pooler stands before the database that gives each transaction another connection: nothing may be kept in one (a
    prepared statement, a cursor), and none may be opened with settings of its own."""
    return flag("DATABASE_POOLED", False)


@dataclass(frozen=True)
class TimeOuts:
    """Seconds after which PostgreSQL gives up; 0 is never. `idle`: a transaction that nobody goes on with is ended, and its
    locks are free. `lock`: a statement that waits for somebody else's lock fails. `statement`: one that takes so long fails."""

    idle: int
    lock: int
    statement: int


# ADR 0014 says why these. An import's statements may be long; a migration's lock must not keep everybody else waiting.
TIME_OUTS = {
    "web": TimeOuts(idle=15, lock=5, statement=30),
    "send": TimeOuts(idle=15, lock=3, statement=30),
    "long": TimeOuts(idle=30, lock=30, statement=0),
    "migrate": TimeOuts(idle=0, lock=3, statement=0),
}
_KINDS_OF_COMMANDS = {
    "migrate": "migrate",
    "worker": "send",
    "runserver": "web",
    "queue_alive": "web",
    "stop_sending": "web",
    "resume_sending": "web",
}
# Both ends notice within half a minute that the other is gone; by default PostgreSQL believes in it for two hours.
_SERVER_WATCHES = (
    "tcp_keepalives_idle=10",
    "tcp_keepalives_interval=5",
    "tcp_keepalives_count=3",
    "tcp_user_timeout=20s",
    "client_connection_check_interval=5s",
)
_CLIENT_WATCHES = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def connection_kind() -> str:
    """Which of TIME_OUTS this process's connections have: DATABASE_TIMEOUTS (`manage.py worker` sets it for its queues), else
    by the command: pages `web`, commands of people `long`."""
    given = text("DATABASE_TIMEOUTS", "")
    if given:
        if given not in TIME_OUTS:
            raise ImproperlyConfigured(f"DATABASE_TIMEOUTS must be one of {', '.join(TIME_OUTS)}; it is {given}")
        return given
    program, command = Path(sys.argv[0]).name, (sys.argv[1:2] or [""])[0]
    return _KINDS_OF_COMMANDS.get(command, "long") if program in ("manage.py", "django-admin") else "web"


def of_workers(queue: str) -> Mapping[str, str]:
    """The environment of a queue's processes: their time-outs, and PostgreSQL never takes a second processor for one question
    of theirs: pages and vendors' pushes come first. A pooler refuses connections with settings of their own."""
    kind = {"DATABASE_TIMEOUTS": "long" if queue == "import" else "send"}
    if pooled():
        return kind
    return {**kind, "PGOPTIONS": f"-c max_parallel_workers_per_gather=0 {text('PGOPTIONS', '')}".strip()}


class DatabaseSettings(TypedDict, total=False):
    """One entry of Django's DATABASES."""

    ENGINE: str
    NAME: str
    USER: str
    PASSWORD: str
    HOST: str
    PORT: str | int
    CONN_MAX_AGE: int
    CONN_HEALTH_CHECKS: bool
    DISABLE_SERVER_SIDE_CURSORS: bool
    OPTIONS: dict[str, Any]
    TEST: dict[str, object]


def database(default_url: str, kind: str = "") -> DatabaseSettings:
    """DATABASE_URL as Django's dict, with what the house relies on: time-outs by `kind` (default: connection_kind()), kept
    connections, WAL, immediate writes, and commits that outlive a power cut: a request whose `sending` were forgotten would
    be sent twice."""
    config: DatabaseSettings = _env.db_url_config(text("DATABASE_URL", default_url))
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = True
    if config["ENGINE"].endswith("postgresql"):
        _postgresql(config, TIME_OUTS[kind or connection_kind()])
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    return config


def _postgresql(config: DatabaseSettings, outs: TimeOuts) -> None:
    """What the address and PGOPTIONS say comes last, so that it counts."""
    options = config.setdefault("OPTIONS", {})
    for name, value in _CLIENT_WATCHES.items():
        options.setdefault(name, value)
    # 0: statements that ask for it are prepared at once (kit/sql.py: `prepared`); None: none ever.
    options["prepare_threshold"] = None if pooled() else 0
    if pooled():
        # The next transaction has another connection, which knows nothing of a cursor.
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
        return
    ours = (
        f"idle_in_transaction_session_timeout={outs.idle}s",
        f"lock_timeout={outs.lock}s",
        f"statement_timeout={outs.statement}s",
        *_SERVER_WATCHES,
    )
    theirs = (text("PGOPTIONS", ""), options.get("options", ""))
    options["options"] = " ".join([*(f"-c {one}" for one in ours), *(one for one in theirs if one)])
