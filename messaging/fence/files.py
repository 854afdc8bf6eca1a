"""The half of a mark that lies outside the database: one small file for each process slot of this host.

Written in place, which costs a quarter of a new file and its renaming. Two pages take turns, so a write that a power cut tears
leaves the one before, and a record's checksum says which are whole. Whoever sends holds the file's lock until it ends.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

PAGE = 4096
_SUFFIX = ".mark"


@dataclass(frozen=True)
class Record:
    """What stands in a file. `batches`: ids of the last claim, of which some may have been sent."""

    key: str
    life: int
    host: str
    slot: str
    kind: str
    seq: int
    beat_at: datetime
    clean_stop: bool = False
    batches: tuple[int, ...] = field(default=())

    def moved(
        self, seq: int, beat_at: datetime, *, batches: tuple[int, ...] | None = None, clean: bool = False
    ) -> "Record":
        kept = self.batches if batches is None else batches
        return replace(self, seq=seq, beat_at=beat_at, batches=kept, clean_stop=clean)


class MarkFile:
    """One file, opened and locked until `close`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def locked(cls, path: Path) -> "MarkFile | None":
        """Opened, made if it is not there; None while another process has it. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    def read(self) -> Record | None:
        return _newest(os.pread(self._descriptor, 2 * PAGE, 0))

    def write(self, record: Record) -> None:
        """On the disk when it returns. Raises OSError."""
        body = orjson.dumps(asdict(record))
        page = b"%08x %s\n" % (zlib.crc32(body), body)
        if len(page) > PAGE:
            raise OSError(f"A record of {len(page)} bytes does not fit into {self.path}")
        os.pwrite(self._descriptor, page.ljust(PAGE), (record.seq % 2) * PAGE)
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


def folder(key: str) -> Path:
    """Where this host keeps the files about the database `key`: one host may look at several, as developers do."""
    return Path(settings.FENCE_DIR) / key[:8]


def path_of(key: str, number: int) -> Path:
    return folder(key) / f"{number}{_SUFFIX}"


def all_of(key: str) -> dict[Path, Record]:
    """Every whole record about the database on this host, without a lock: each file is written after its row."""
    return {path: record for path, record in _read_all(folder(key)) if record.key == key}


def _read_all(place: Path) -> Iterator[tuple[Path, Record]]:
    for path in sorted(place.glob(f"*{_SUFFIX}")):
        try:
            record = _newest(path.read_bytes())
        except FileNotFoundError:
            continue
        if record is not None:
            yield path, record


def _newest(data: bytes) -> Record | None:
    found = [record for start in (0, PAGE) if (record := _record(data[start : start + PAGE])) is not None]
    return max(found, key=lambda record: (record.life, record.seq), default=None)


def _record(page: bytes) -> Record | None:
    """None for a page that is empty or torn."""
    checksum, _space, body = page.strip().partition(b" ")
    if not body or checksum != b"%08x" % zlib.crc32(body):
        return None
    values: dict[str, Any] = orjson.loads(body)
    moment = datetime.fromisoformat(values["beat_at"])
    return Record(**{**values, "beat_at": moment, "batches": tuple(values["batches"])})
