"""The only reader of the environment.

Every setting that a machine may change is read here, once, with its meaning beside it. A value that is
missing or wrong stops the start with a sentence that names the variable.
"""

from pathlib import Path

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
    path.mkdir(parents=True, exist_ok=True)
    return path


def pooled() -> bool:
    """Whether a pooler stands before the database that gives each transaction another connection: nothing may be kept in one, and
    none may be opened with settings of its own."""
    return flag("DATABASE_POOLED", False)


def of_workers() -> dict[str, str]:
    """PostgreSQL then never takes a second processor for one question of a worker: pages and vendors' pushes come first. A
    pooler refuses connections with settings of their own."""
    if pooled():
        return {}
    return {"PGOPTIONS": f"-c max_parallel_workers_per_gather=0 {text('PGOPTIONS', '')}".strip()}


def database(default_url: str) -> dict:
    """DATABASE_URL as Django's dict, with what the house relies on: kept connections, WAL, immediate writes, and commits
    that outlive a power cut: a request whose `sending` were forgotten would be sent twice."""
    config = _env.db_url_config(text("DATABASE_URL", default_url))
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = True
    if config["ENGINE"].endswith("postgresql"):
        # 0: statements that ask for it are prepared at once (messaging/bulk/rows.plain_cursor); None: none ever.
        config.setdefault("OPTIONS", {})["prepare_threshold"] = None if pooled() else 0
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    return config
