"""Errors that say: somebody else holds what is needed. Nothing is broken, and the same works later."""

from django.db import Error

_LOCK_NOT_AVAILABLE, _QUERY_CANCELED = "55P03", "57014"


def waited_in_vain(error: BaseException) -> bool:
    """PostgreSQL gave up waiting for a lock (lock_timeout), or the statement took too long (statement_timeout)."""
    return isinstance(error, Error) and getattr(error.__cause__, "sqlstate", "") in (
        _LOCK_NOT_AVAILABLE,
        _QUERY_CANCELED,
    )
