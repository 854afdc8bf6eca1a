"""What every connection must have."""

import sqlite3

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
    assert env.database(url)["OPTIONS"] == {"prepare_threshold": 0}
    monkeypatch.setenv("DATABASE_POOLED", "true")
    assert env.database(url)["OPTIONS"] == {"prepare_threshold": None}


def test_a_worker_asks_one_processor_of_the_database_unless_a_pooler_would_refuse_it(monkeypatch):
    monkeypatch.delenv("DATABASE_POOLED", raising=False)
    monkeypatch.setenv("PGOPTIONS", "-c jit=off")
    assert env.of_workers() == {"PGOPTIONS": "-c max_parallel_workers_per_gather=0 -c jit=off"}
    monkeypatch.setenv("DATABASE_POOLED", "true")
    assert env.of_workers() == {}
