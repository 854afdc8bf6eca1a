"""Whether PostgreSQL will really give up on this process's connection, as config/env.py asks it to."""

from django.db import connection

# Without the first a host that stands still keeps its locks for hours, without the second everybody waits for them.
NEEDED = ("idle_in_transaction_session_timeout", "lock_timeout")


def missing() -> list[str]:
    """The names of time-outs that are switched off. Always empty on SQLite."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0' ORDER BY name", [list(NEEDED)]
        )
        return [name for (name,) in cursor.fetchall()]
