"""Read, check and store one file. The audience changes in one short transaction at the very end.

Rows are staged in pieces (memory stays flat), and the progress is noted now and then. Members of an unconfirmed file
are in the table already, since moving a million rows twice would double the time; planning counts confirmed files only.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from campaigns.audiences.imports import attempts, staged_rows
from campaigns.audiences.imports import consents as imports_consents
from campaigns.audiences.imports.operators import operators_by_prefix
from campaigns.audiences.imports.row_checks import BLOCK, Plan, sift
from campaigns.audiences.imports.sentences import ImportRefused
from campaigns.models import AudienceImport
from campaigns.states import ImportState
from kit import gc_pause
from kit.tables.layouts import Layout
from kit.tables.rows import Block, Source, sniff

PIECE = 10_000
NOTE_SECONDS = 0.5  # between two notes of the progress, each a commit


def check_and_store(import_id: int) -> AudienceImport:
    """Task. UPLOADED-and-chosen (state CHECKING) -> READY, or FAILED with its sentence and the audience as it was.
    A second run of the same import changes nothing."""
    source = AudienceImport.objects.select_related("audience").get(pk=import_id)
    if not attempts.begin(source, ImportState.CHECKING):
        source.refresh_from_db()
        return source
    try:
        _store(source)
    except ImportRefused as refusal:
        attempts.fail(source, refusal, ImportState.CHECKING)
    except FileNotFoundError:
        attempts.fail(source, ImportRefused("gone"), ImportState.CHECKING)
    source.refresh_from_db()
    return source


def _store(source: AudienceImport) -> None:
    file = sniff(Path(source.file.path), take_hidden=source.take_hidden is not False)
    plan = _plan(source, file)
    consent = imports_consents.Columns.of(source.header, source.mapping)
    staged_rows.create()
    try:
        read, good, bad = _stage_all(source, file, plan, consent)
        if not read:
            raise ImportRefused("only_header")
        _finish(source, plan, read, good, bad)
    finally:
        staged_rows.drop()


def _plan(source: AudienceImport, file: Source) -> Plan:
    variables = source.mapping["variables"]
    return Plan(
        source.header,
        source.mapping["phone"],
        tuple(variables),
        tuple(variables.values()),
        operators_by_prefix(),
    )


def _stage_all(
    source: AudienceImport, file: Source, plan: Plan, consent: imports_consents.Columns | None
) -> tuple[int, int, int]:
    """(rows, good, bad). A piece is read and checked while the database takes the one before it."""
    good = bad = 0
    noted = time.monotonic()
    with _tuned(), staged_rows.Adder() as adder:
        for piece in _pieces(file, Layout.of(source.layout)):
            consents, blocks, wrong = imports_consents.read(piece, consent) if consent else ((), piece, [])
            staged, problems = sift(blocks, plan)
            problems += wrong
            adder.wait()
            if time.monotonic() - noted > NOTE_SECONDS:
                _note(source, good + bad)
                noted = time.monotonic()
            adder.add(staged, problems, consents)
            good, bad = good + len(staged), bad + len(problems)
        adder.wait()
    return good + bad, good, bad


def _pieces(file: Source, layout: Layout) -> Iterator[Iterable[Block]]:
    """The rows after the header. A piece is never a list: rows that are used at once stay in the processor's cache, which
    makes a quarter of the whole pass."""
    blocks = file.blocks(BLOCK, layout.header_line)
    while (first := next(blocks, None)) is not None:
        yield chain([first], islice(blocks, max(PIECE // BLOCK, 1) - 1))


def _note(source: AudienceImport, read: int) -> None:
    still = AudienceImport.objects.filter(pk=source.pk, state=ImportState.CHECKING)
    still.update(rows_read=read, moved_at=timezone.now())


@contextmanager
def _tuned() -> Iterator[None]:
    """No cyclic collector, and the thread that feeds the database gets its turn at once, not after the usual 5 ms: it has
    next to nothing to do, and the database waits meanwhile."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.00005)
    try:
        with gc_pause.paused():
            yield
    finally:
        sys.setswitchinterval(interval)


@transaction.atomic
def _finish(source: AudienceImport, plan: Plan, read: int, good: int, bad: int) -> None:
    mine = AudienceImport.objects.filter(pk=source.pk, state=ImportState.CHECKING)
    if not mine.update(state=ImportState.READY, finished_at=timezone.now()):
        return  # another worker was quicker with the same file
    others = source.audience.members.exists()
    column = plan.header[plan.phone]
    stored, duplicate = staged_rows.store_members(
        source, column, others=others, consents="consent_on" in source.mapping
    )
    invalid = staged_rows.store_problems(source)
    if (stored + duplicate, invalid) != (good, bad):
        raise RuntimeError(f"Import {source.pk} does not close: {good}={stored}+{duplicate}, {bad}={invalid}")
    AudienceImport.objects.filter(pk=source.pk).update(
        rows=read, rows_read=read, stored=stored, invalid=invalid, duplicate=duplicate
    )
