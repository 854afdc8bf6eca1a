"""This process's own mark: a row that is counted up in the claim's transaction, and a file that is written after its commit."""

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from kit import clock, rows
from messaging.fence import identity
from messaging.fence.files import MarkFile, Record
from messaging.models import Fence

log = logging.getLogger(__name__)

# Exactly one row, or the database is not the one that this slot was checked against.
_COUNT = """
UPDATE messaging_fencemark SET seq = seq + 1, beat_at = {now}, clean_stop = %s
WHERE host = %s AND slot = %s AND seq = %s
  AND EXISTS (
    SELECT 1 FROM messaging_fence WHERE id = 1 AND life = %s AND mark = %s AND installation = %s
      AND system_identifier = %s AND timeline = %s AND next_timeline IS NULL){free}
"""
_NO_HOLD = """
  AND NOT EXISTS (
    SELECT 1 FROM messaging_fencehold WHERE decided_at IS NULL AND (account_id IS NULL OR account_id = %s))"""


class Slot:
    """Checked against the database `fence` over the connection that is open now. Not for several threads at once."""

    def __init__(self, file: MarkFile, record: Record, fence: Fence) -> None:
        self.record = record
        self.mark = fence.mark
        self._file = file
        self._life = fence.life
        self._pid = os.getpid()
        self._server = identity.Server(fence.system_identifier, fence.timeline)
        self._connection = connection.connection
        self._counted: datetime | None = None

    @property
    def is_good(self) -> bool:
        """Still this process's, over the connection that it was checked with, or one that reaches the same server."""
        if self._pid != os.getpid() or self._counted is not None:
            return False
        connection.ensure_connection()
        return connection.connection is self._connection

    def count(self, account: int | None = None, *, clean: bool = False) -> bool:
        """One up, in the transaction that is open. False: nothing was counted, and nothing may be sent before the fence has
        been looked at. `account` refuses too while a hold is open there; None asks for no hold."""
        given: list[Any] = [clean, self.record.host, self.record.slot, self.record.seq, self._life, self.mark]
        given += [settings.SONGDA_INSTALLATION, self._server.system_identifier, self._server.timeline]
        if account is not None:
            given.append(account)
        on_server = connection.vendor == "postgresql"
        self._counted = clock.now() if not on_server or clean else self.record.beat_at
        sql = _COUNT.format(now="clock_timestamp()" if on_server else "%s", free="" if account is None else _NO_HOLD)
        if not on_server:
            given.insert(0, connection.ops.adapt_datetimefield_value(self._counted))
        with rows.plain_cursor() as cursor:
            cursor.execute(sql, given)
            if cursor.rowcount == 1:
                return True
        self._counted = None
        return False

    def note(self, batches: Sequence[int] | None = None, *, clean: bool = False) -> None:
        """After the commit: onto the disk, before anything is on the wire. Raises OSError, and then nothing may be sent."""
        if self._counted is None:
            raise RuntimeError("Nothing was counted that could be noted")
        kept = None if batches is None else tuple(batches)
        record = self.record.moved(self.record.seq + 1, self._counted, batches=kept, clean=clean)
        self._file.write(record)
        self.record, self._counted = record, None

    def beat(self, *, clean: bool = False) -> bool:
        """A sign of life. False as `count`."""
        with transaction.atomic():
            counted = self.count(clean=clean)
        if counted:
            self.note(clean=clean)
        return counted

    def close(self) -> None:
        """Another process may take the file over."""
        if self._pid == os.getpid():
            self._file.close()
