"""This process's own mark: a row that is counted up in the claim's transaction, and a file that is written after its commit."""

import logging
import os
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from kit import clock, sql
from messaging.fence import identity
from messaging.fence.files import MarkFile, Record
from messaging.models import Fence

log = logging.getLogger(__name__)

_SQL = sql.beside(__file__)


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
        on_server = connection.vendor == "postgresql"
        self._counted = clock.now() if not on_server or clean else self.record.beat_at
        counted = _SQL["count"].run(
            clean=clean,
            host=self.record.host,
            slot=self.record.slot,
            seq=self.record.seq,
            life=self._life,
            mark=self.mark,
            installation=settings.SONGDA_INSTALLATION,
            system_identifier=self._server.system_identifier,
            timeline=self._server.timeline,
            account=account,
            now=self._counted,
        )
        if counted == 1:
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
