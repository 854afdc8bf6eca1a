"""What every connection must have."""

import sqlite3
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_a_commit_on_sqlite_outlives_a_power_cut(tmp_path, monkeypatch):
    """Write-ahead logging syncs each commit only at FULL; a `sending` that was forgotten would be sent twice."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    options = env.database(f"sqlite:///{tmp_path / 'x.sqlite3'}")["OPTIONS"]
    with sqlite3.connect(tmp_path / "x.sqlite3") as base:
        base.executescript(options["init_command"])
        found = [
            base.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_statements_are_prepared_unless_a_pooler_stands_before_the_database(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_POOLED", raising=False)
    url = "postgres://songda@127.0.0.1/songda"
    assert env.database(url)["OPTIONS"]["prepare_threshold"] == 0
    monkeypatch.setenv("DATABASE_POOLED", "true")
    assert env.database(url)["OPTIONS"]["prepare_threshold"] is None


def test_a_worker_asks_one_processor_of_the_database_unless_a_pooler_would_refuse_it(monkeypatch):
    monkeypatch.delenv("DATABASE_POOLED", raising=False)
    monkeypatch.setenv("PGOPTIONS", "-c jit=off")
    one_processor = {"PGOPTIONS": "-c max_parallel_workers_per_gather=0 -c jit=off"}
    assert env.of_workers("bulk") == {"DATABASE_TIMEOUTS": "send", **one_processor}
    assert env.of_workers("import") == {"DATABASE_TIMEOUTS": "long", **one_processor}
    monkeypatch.setenv("DATABASE_POOLED", "true")
    assert env.of_workers("notice") == {"DATABASE_TIMEOUTS": "send"}


def settings_of(url: str) -> dict[str, str]:
    """What a connection asks of PostgreSQL, as it will have it: the last word counts."""
    words = env.database(url)["OPTIONS"]["options"].split()
    return dict(word.split("=", 1) for word in words if word != "-c")


@pytest.mark.parametrize(
    ("command", "idle", "lock", "statement"),
    [
        (["/usr/bin/gunicorn", "config.wsgi"], "15s", "5s", "30s"),
        (["manage.py", "runserver"], "15s", "5s", "30s"),
        (["manage.py", "worker"], "15s", "3s", "30s"),
        (["manage.py", "verify"], "30s", "30s", "0s"),
        (["/srv/songda/manage.py", "migrate"], "0s", "3s", "0s"),
    ],
)
def test_postgresql_gives_up_on_each_kind_of_process_in_time(monkeypatch, command, idle, lock, statement):
    for name in ("DATABASE_URL", "DATABASE_POOLED", "DATABASE_TIMEOUTS", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", command)
    found = settings_of("postgres://songda@127.0.0.1/songda")
    assert found == {
        "idle_in_transaction_session_timeout": idle,
        "lock_timeout": lock,
        "statement_timeout": statement,
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "20s",
        "client_connection_check_interval": "5s",
    }


def test_a_queue_says_which_time_outs_it_has_and_the_operator_has_the_last_word(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_POOLED", raising=False)
    monkeypatch.setenv("DATABASE_TIMEOUTS", "long")
    monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=7s")
    found = settings_of("postgres://songda@127.0.0.1/songda?options=-c%20statement_timeout=9s")
    assert (found["idle_in_transaction_session_timeout"], found["lock_timeout"]) == ("30s", "7s")
    assert found["statement_timeout"] == "9s"
    monkeypatch.setenv("DATABASE_TIMEOUTS", "for ever")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_TIMEOUTS must be one of web, send, long, migrate"):
        env.database("postgres://songda@127.0.0.1/songda")


def test_through_a_pooler_nothing_is_asked_of_the_server_and_no_cursor_is_kept(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_POOLED", "true")
    found = env.database("postgres://songda@127.0.0.1/songda")
    assert found["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "options" not in found["OPTIONS"]
    assert found["OPTIONS"]["connect_timeout"] == 5
    assert found["OPTIONS"]["tcp_user_timeout"] == 20_000
