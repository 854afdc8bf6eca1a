"""Whether PostgreSQL will really give up on this process's connection, as config/env.py asks it to."""

from django.db import connection

from kit import sql

_SQL = sql.beside(__file__)

# Without the first a host that stands still keeps its locks for hours, without the second everybody waits for them.
NEEDED = ("idle_in_transaction_session_timeout", "lock_timeout")


def missing() -> list[str]:
    """The names of time-outs that are switched off. Always empty on SQLite."""
    if connection.vendor != "postgresql":
        return []
    return _SQL["switched_off"].rows(str, names=list(NEEDED))
