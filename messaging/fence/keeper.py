"""Looks whether the database is behind what was sent, by the rules of ADR 0018, and takes this process's slot when it is not.

In one life of a database no file can be ahead of its row, since the row is committed first. Files are read before rows, so that
a neighbour at work never looks ahead.
"""

import contextlib
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit import clock
from messaging.fence import files, holds, identity, moves, switches
from messaging.fence.files import MarkFile, Record
from messaging.fence.rules import Rule
from messaging.fence.slot import Slot
from messaging.models import Attempt, Batch, Fence, FenceHold, FenceMark
from messaging.states import BatchState, DispatchState

log = logging.getLogger(__name__)
CLEAN_GAP = timedelta(minutes=15)
LONG_GAP = timedelta(hours=6)
RECENT = timedelta(minutes=10)
FIRST_DAY = timedelta(hours=24)  # so long after a new life began nobody asks where its first mark comes from
KEPT = timedelta(days=180)
MOST_SLOTS = 1000
Marks = Mapping[tuple[str, str], FenceMark]


class State(Enum):
    OPEN = "open"
    WAIT = "wait"
    HELD = "held"


@dataclass(frozen=True)
class Standing:
    """Whether this process may send: OPEN; WAIT, which ends by itself; or HELD until a person decides (`hold`), and then only
    what was let go."""

    state: State
    hold: FenceHold | None = None

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN


_OPEN, _WAIT = Standing(State.OPEN), Standing(State.WAIT)


class Keeper:
    """One for each thread that claims, one for each supervisor, one for each web process."""

    def __init__(self, kind: str = FenceMark.Kind.WORKER) -> None:
        self.kind = kind
        self.slot: Slot | None = None
        self._watching_since: float | None = None
        self._beats: dict[tuple[str, str], datetime] = {}

    def ready(self) -> Slot | None:
        """The slot to claim with; None while nothing may be claimed. Costs nothing while all is as it was."""
        if self.slot is None or not self.slot.is_good:
            self.look()
        return self.slot

    def beat(self) -> Standing:
        """Look, and leave a sign of life if all is well."""
        standing = self.look()
        if self.slot is not None and not self.slot.beat():
            self.drop()
            standing = self.look()
        return standing

    def drop(self) -> None:
        if self.slot is not None:
            self.slot.close()
            self.slot = None

    def look(self) -> Standing:
        """Compare everything. Holds what must be held; never sends, never waits."""
        fence = identity.row()
        found = holds.everywhere()
        if found is None or moves.arrived(fence, found):
            standing = self._judge(_named(fence))
            if standing.hold is None:
                return standing
            fence, found = identity.row(), standing.hold
            self.drop()
        # What a person lets go while the rest is held needs a slot too.
        records = _of_this_life(fence)
        self._keep_or_take(fence, records, _rows_of(records))
        return Standing(State.HELD, found)

    def _judge(self, fence: Fence) -> Standing:
        if fence.installation != settings.SONGDA_INSTALLATION:
            return _held(Rule.INSTALLATION, row=fence.installation, here=settings.SONGDA_INSTALLATION)
        records = _of_this_life(fence)
        rows = _rows_of(records)
        here = identity.ask()
        if here.system_identifier and here != identity.Server(fence.system_identifier, fence.timeline):
            if not fence.system_identifier:
                fence = _first_server(here)
            elif here.system_identifier != fence.system_identifier:
                return _held(Rule.SYSTEM, host=socket.gethostname())
            else:
                held = switches.judge(fence, here, _ahead(fence, records, rows), list(records.values()))
                if isinstance(held, FenceHold):
                    return Standing(State.HELD, held)
                if held is not None:
                    self.drop()
                    return _WAIT
                fence = identity.row()
        if (ahead := _ahead(fence, records, rows)) is not None:
            return Standing(State.HELD, holds.hold(Rule.FILE_AHEAD, _evidence(*ahead)))
        return self._keep_or_take(fence, records, rows)

    # --- this process's own slot ---------------------------------------------------------------------------------------

    def _keep_or_take(self, fence: Fence, records: Mapping[Path, Record], rows: Marks) -> Standing:
        if self.slot is not None:
            row = rows.get((self.slot.record.host, self.slot.record.slot))
            if self.slot.is_good and row is not None and row.seq == self.slot.record.seq:
                return _OPEN
            self.drop()
        if records and (held := _long_gap()) is not None:
            return held
        for number in range(MOST_SLOTS):
            file = MarkFile.locked(files.path_of(str(fence.key), number))
            if file is not None:
                return self._take(file, fence, records)
        raise RuntimeError(f"More than {MOST_SLOTS} processes hold files in {files.folder(str(fence.key))}")

    def _take(self, file: MarkFile, fence: Fence, records: Mapping[Path, Record]) -> Standing:
        """Its own again, or a new one where that is beyond doubt."""
        found = file.read()
        if found is not None and (found.key != str(fence.key) or found.life != fence.life):
            found = None
        row = FenceMark.objects.filter(host=found.host, slot=found.slot).first() if found else None
        if found is not None and row is not None and row.seq - found.seq in (0, 1):
            return self._sit(file, found, row, fence)
        is_cloned = found is not None and row is not None and row.seq > found.seq + 1
        if is_cloned:
            log.warning("%s is used by another host too; taking a new slot", file.path)
        neighbours = any(path != file.path for path in records)
        standing = _OPEN if neighbours and not is_cloned else self._stranger(fence)
        if not standing.is_open:
            file.close()
            return standing
        row = FenceMark.objects.create(
            host=socket.gethostname()[:64],
            slot=f"{file.path.stem}-{identity.new_mark()}",
            kind=self.kind,
            beat_at=clock.now(),
        )
        record = Record(str(fence.key), fence.life, row.host, row.slot, row.kind, 0, row.beat_at)
        return self._sit(file, record, row, fence)

    def _sit(self, file: MarkFile, record: Record, row: FenceMark, fence: Fence) -> Standing:
        record = record.moved(row.seq, row.beat_at)
        file.write(record)
        self.slot = Slot(file, record, fence)
        self._watching_since = None
        return _OPEN

    # --- a host without a file -----------------------------------------------------------------------------------------

    def _stranger(self, fence: Fence) -> Standing:
        """Nobody of this host has a file: go on where nothing was ever sent, somebody is alive, or all was stopped in order a
        moment ago; else a person decides."""
        now, marks = clock.now(), list(FenceMark.objects.order_by("-beat_at")[:MOST_SLOTS])
        if not marks:
            is_new = fence.life_since is None or now - fence.life_since < FIRST_DAY
            return _OPEN if is_new or not Attempt.objects.exists() else _held(Rule.STRANGER, host=socket.gethostname())
        workers = [mark for mark in marks if mark.kind == FenceMark.Kind.WORKER]
        newest = max((mark.beat_at for mark in workers), default=marks[0].beat_at)
        recent = [mark for mark in workers if mark.beat_at > newest - RECENT]
        if recent and now - newest < CLEAN_GAP and all(mark.clean_stop for mark in recent):
            return _OPEN
        return self._watch(marks, now)

    def _watch(self, marks: list[FenceMark], now: datetime) -> Standing:
        """A verified slot is alive if its beat moves on while we look: in a copy it stands still, however young it is."""
        limit = settings.SONGDA["FENCE_WAIT_SECONDS"]
        for mark in marks:
            before = self._beats.setdefault((mark.host, mark.slot), mark.beat_at)
            if mark.beat_at > before and now - mark.beat_at <= timedelta(seconds=limit):
                return _OPEN
        if self._watching_since is None:
            self._watching_since = time.monotonic()
        if time.monotonic() - self._watching_since <= limit or self.kind == FenceMark.Kind.WEB:
            return _WAIT  # a web process sends nothing: that it stands alone harms nobody
        return _held(Rule.STRANGER, host=socket.gethostname())


def _held(rule: Rule, **evidence: str) -> Standing:
    return Standing(State.HELD, holds.hold(rule, dict(evidence)))


def _named(fence: Fence) -> Fence:
    """A database that belongs to no named installation yet takes the name that the setting gives first."""
    if not fence.installation and settings.SONGDA_INSTALLATION:
        Fence.objects.filter(pk=1, installation="").update(installation=settings.SONGDA_INSTALLATION)
        return identity.row()
    return fence


def _first_server(here: identity.Server) -> Fence:
    Fence.objects.filter(pk=1, system_identifier="").update(
        system_identifier=here.system_identifier, timeline=here.timeline
    )
    return identity.row()


def _of_this_life(fence: Fence) -> dict[Path, Record]:
    """A file of a later life is ahead too; one of an earlier life was decided about. One that is so old that its row may have
    been cleaned away says nothing any more."""
    oldest = clock.now() - KEPT / 2
    found = files.all_of(str(fence.key)).items()
    return {path: one for path, one in found if one.life >= fence.life and one.beat_at > oldest}


def forget_old() -> int:
    """Marks of processes that are long gone. Returns how many."""
    return FenceMark.objects.filter(beat_at__lt=clock.now() - KEPT).delete()[0]


def _rows_of(records: Mapping[Path, Record]) -> dict[tuple[str, str], FenceMark]:
    wanted = Q(pk__in=[])
    for record in records.values():
        wanted |= Q(host=record.host, slot=record.slot)
    return {(mark.host, mark.slot): mark for mark in FenceMark.objects.filter(wanted)} if records else {}


def _ahead(fence: Fence, records: Mapping[Path, Record], rows: Marks) -> tuple[Record, FenceMark | None] | None:
    """A file that has seen more than the database."""
    for record in records.values():
        row = rows.get((record.host, record.slot))
        if row is None or record.seq > row.seq or record.life > fence.life:
            return record, row
    return None


def _evidence(record: Record, row: FenceMark | None) -> dict[str, object]:
    return {
        "host": record.host,
        "slot": record.slot,
        "file": record.seq,
        "database": row.seq if row else 0,
        "batches": list(record.batches),
        "last_beat": record.beat_at.isoformat(),
    }


def _long_gap() -> Standing | None:
    """All files agree, but nobody was there for hours and nobody said goodbye, and something waits to be sent: a machine that
    was put back together with its files looks like this, and so does one that was without power."""
    newest = FenceMark.objects.aggregate(at=models.Max("beat_at"))["at"]
    if newest is None:
        return None
    gap = clock.now() - newest
    if gap <= LONG_GAP or FenceMark.objects.filter(beat_at__gt=newest - RECENT, clean_stop=True).exists():
        return None
    due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
    waiting = Batch.objects.filter(due, state__in=(BatchState.QUEUED, BatchState.CLAIMED))
    alive = (DispatchState.READY, DispatchState.RUNNING)
    if not waiting.filter(dispatch__state__in=alive).exists():
        return None
    return _held(Rule.LONG_GAP, hours=str(int(gap.total_seconds() // 3600)), host=socket.gethostname())


def say_goodbye() -> None:
    """All processes of this host have ended in order: their marks say so. For the last one that goes."""
    fence = identity.row()
    for path in files.all_of(str(fence.key)):
        file = MarkFile.locked(path)
        if file is None:
            continue  # somebody else of this host, the web server perhaps, is still there
        record = file.read()
        row = FenceMark.objects.filter(host=record.host, slot=record.slot).first() if record else None
        if record is not None and row is not None and record.life == fence.life and row.seq - record.seq in (0, 1):
            slot = Slot(file, record.moved(row.seq, row.beat_at), fence)
            with contextlib.suppress(OSError):
                slot.beat(clean=True)
        file.close()
