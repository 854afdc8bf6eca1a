"""The do-not-send list as a file, out and in. A worker takes a file in, a piece at a time; the same file again changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, masks
from kit.export_files import csv_lines
from kit.people import Actor
from kit.phones import NUMBER_WORDS, normalise
from kit.tables import ImportRefused, Source, headers, masked, sniff
from kit.tables.cells import tidy
from kit.tables.kinds import is_for_worker
from kit.tables.layouts import Layout, look
from kit.tables.uploads import Upload, digest
from messaging import queue
from messaging.audit_actions import AuditAction
from messaging.eligibility import exclude, file_rows
from messaging.eligibility.scope import batches_within
from messaging.models import Batch, Signature, Suppression, SuppressionImport, SuppressionProblem, VendorAccount

PIECE = 10_000  # rows read between two looks at the progress
CHUNK = 5_000  # numbers entered in one transaction: short locks on the batches that hold them
_PAGE = 5_000
# A bigger file takes seconds to look through: the worker does it, not the web request.
_INLINE = 4 << 20
# As kit.tables.headers.plain gives them; our own export says “Number”.
_PHONE_NAMES = frozenset({*headers.PHONE_NAMES, "number"})
_NOTE_NAMES = frozenset({"原因", "备注", "reason", "note"})
_LIFTED_NAMES = frozenset({"恢复时间", "liftedat"})
# A worker may be ended from outside now and then: several ends in a row are the file's fault.
MOST_TRIES = 5


# --- in -------------------------------------------------------------------------------------------------------------


class ListScope(TypedDict):
    """For which messages the numbers of a list are suppressed."""

    scope: str
    account: VendorAccount | None
    signature: Signature | None


def start(uploaded: Upload, scope: ListScope, actor: Actor, *, take_hidden: bool | None = None) -> SuppressionImport:
    """Keep the file and queue its reading. `scope` holds scope, account and signature; `take_hidden`: whether rows that the sheet
    hides count, None to be asked. Raises ImportRefused for a file that is
    seen at once to be unusable, and then nothing is kept."""
    sha256 = digest(uploaded)
    source = SuppressionImport(file_name=(uploaded.name or "")[:200], sha256=sha256, created_by=actor, **scope)
    source.take_hidden = take_hidden
    source.file.save(f"{source.sha256[:16]}.dat", uploaded, save=False)
    path = Path(source.file.path)
    try:
        # Before the transaction: reading takes time, and locks are not to wait for it.
        if not is_for_worker(path, _INLINE):
            _lie(sniff(path))
        with transaction.atomic():
            source.save()
            detail = {"file": source.file_name, "sha256": source.sha256[:12], "scope": source.scope}
            audit.record(AuditAction.SUPPRESSION_UPLOADED, actor=actor, detail=detail)
            queue.enqueue("messaging.worker.tasks.take_in_suppressions", source.pk, queue="import")
    except Exception:
        source.file.delete(save=False)
        raise
    return source


class _Columns(NamedTuple):
    phone: int
    note: int | None
    lifted: int | None


def _lie(file: Source) -> tuple[Layout, _Columns]:
    """How the list lies in the file, and which column is what. Raises ImportRefused."""
    layout, first, _rows = look(file, 1, _PHONE_NAMES)
    header = [headers.plain(name) for name in first]
    phone, note, lifted = (_place(header, names) for names in (_PHONE_NAMES, _NOTE_NAMES, _LIFTED_NAMES))
    if phone is None:
        raise ImportRefused("no_phone", columns="、".join(filter(None, map(masked, first))))
    return layout, _Columns(phone, note, lifted)


def _place(header: list[str], names: frozenset[str]) -> int | None:
    return next((place for place, name in enumerate(header) if name in names), None)


def take_in(import_id: int) -> SuppressionImport:
    """Task. READING -> DONE, or FAILED with its sentence. Goes on where an earlier run ended: what is entered is counted in the
    same transaction, and the numbers come in the same order."""
    source = SuppressionImport.objects.get(pk=import_id)
    if not _begin(source):
        source.refresh_from_db()
        return source
    file_rows.create()
    try:
        _read_and_enter(source)
    except ImportRefused as refusal:
        _fail(source, refusal)
    except FileNotFoundError:
        _fail(source, ImportRefused("gone"))
    finally:
        file_rows.drop()
    source.refresh_from_db()
    return source


def _begin(source: SuppressionImport) -> bool:
    """Count one more try, committed before the file is opened. False where it is over already, or was tried too often: then
    it has failed."""
    if SuppressionImport.objects.get(pk=source.pk).tries >= MOST_TRIES:
        _fail(source, ImportRefused("gave_up", times=MOST_TRIES))
        return False
    return _update(source, tries=F("tries") + 1, moved_at=timezone.now())


def _read_and_enter(source: SuppressionImport) -> None:
    file = sniff(Path(source.file.path), take_hidden=source.take_hidden is not False)
    layout, columns = _lie(file)
    if layout.hidden_rows and source.take_hidden is None:
        raise ImportRefused("hidden_rows_unsaid", n=layout.hidden_rows)
    _update(source, layout=layout.stored())
    rows = (row for row in file.rows() if row[0] > layout.header_line)
    read = _Read()
    while piece := list(islice(rows, PIECE)):
        _stage(source, [_row(line, cells, columns) for line, cells in piece], read)
    numbers = file_rows.number()
    while (done := source.added + source.known) < numbers:
        if not _enter(source, done, min(CHUNK, numbers - done)):
            return
    _finish(source, read)


class _Row(NamedTuple):
    """`reason` says why there is no number: a key of NUMBER_WORDS, with the masked cell in `note`."""

    line: int
    phone: str
    note: str
    lifted: bool
    reason: str


class _Read:
    rows = lifted = invalid = 0


def _row(line: int, cells: list[str], columns: _Columns) -> _Row:
    typed = _cell(cells, columns.phone)
    phone, reason = normalise(typed)
    if reason:
        return _Row(line, "", masked(typed), False, reason)
    note = _cell(cells, columns.note).replace("\0", "")[:200]
    return _Row(line, phone, note, bool(_cell(cells, columns.lifted)), "")


def _cell(cells: list[str], place: int | None) -> str:
    """Without the apostrophe that our own export puts before what a spreadsheet would run."""
    text = tidy(cells[place]) if place is not None and place < len(cells) else ""
    return text[1:] if text.startswith("'") else text


def _stage(source: SuppressionImport, rows: list[_Row], read: _Read) -> None:
    bad = [
        SuppressionProblem(source=source, line=row.line, reason=row.reason, value=row.note)
        for row in rows
        if row.reason
    ]
    with transaction.atomic():
        file_rows.add([(row.line, row.phone, row.note) for row in rows if row.phone and not row.lifted])
        SuppressionProblem.objects.bulk_create(bad, batch_size=2000, ignore_conflicts=True)
        read.rows += len(rows)
        read.invalid += len(bad)
        read.lifted += sum(row.lifted for row in rows)
        _update(source, rows=read.rows, invalid=read.invalid, lifted=read.lifted, moved_at=timezone.now())


def _update(source: SuppressionImport, **values: object) -> bool:
    reading = SuppressionImport.objects.filter(pk=source.pk, state=SuppressionImport.State.READING)
    return bool(reading.update(**values))


def _enter(source: SuppressionImport, done: int, most: int) -> bool:
    """One chunk, counted together with what it did. While it runs, `known` holds numbers; at the end, rows. False where
    another worker has come further with the same file."""
    scope = {"scope": source.scope, "account_id": source.account_id, "signature_id": source.signature_id}
    with transaction.atomic():
        now = SuppressionImport.objects.select_for_update().get(pk=source.pk)
        if now.state != SuppressionImport.State.READING or now.added + now.known != done:
            return False
        added = file_rows.enter(done, most, scope, source.created_by_id)
        stopped = _stop(source, file_rows.numbers(done, most))
        counts = {"added": F("added") + added, "known": F("known") + most - added, "stopped": F("stopped") + stopped}
        _update(source, **counts, tries=0, moved_at=timezone.now())
    source.added, source.known = source.added + added, source.known + most - added
    return True


def _stop(source: SuppressionImport, numbers: Sequence[str]) -> int:
    """Lock the batches first, as a single entry does."""
    if not Batch.objects.filter(state__in=("queued", "claimed")).exists():
        return 0
    batches = batches_within(source, exclude.queued_batches_of(numbers))
    keys = list(batches.values_list("pk", flat=True))
    locked = Batch.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    open_ones = [batch.pk for batch in locked if batch.state in ("queued", "claimed")]
    return sum(exclude.skip_phones(numbers, open_ones, "opted_out").values())


@transaction.atomic
def _finish(source: SuppressionImport, read: _Read) -> None:
    known = read.rows - read.invalid - read.lifted - source.added
    done = SuppressionImport.State.DONE
    if not _update(source, state=done, known=known, finished_at=timezone.now()):
        return  # another worker was quicker with the same file
    source.refresh_from_db()
    audit.record(
        AuditAction.SUPPRESSION_IMPORTED,
        actor=source.created_by,
        detail={name: getattr(source, name) for name in ("rows", "added", "invalid", "scope", "stopped")},
    )
    transaction.on_commit(lambda: source.file.delete(save=False))


def _fail(source: SuppressionImport, refusal: ImportRefused) -> None:
    if _update(source, state=SuppressionImport.State.FAILED, error=refusal.dump(), finished_at=timezone.now()):
        source.file.delete(save=False)


def wake_stuck() -> int:
    """Wake a worker again for what has not got on for a while: its worker died, or the job was lost. Returns how many."""
    before = timezone.now() - timedelta(seconds=settings.SONGDA["STUCK_SECONDS"])
    stuck = SuppressionImport.objects.filter(state=SuppressionImport.State.READING, moved_at__lt=before)
    for source in stuck:
        _update(source, moved_at=timezone.now())
        queue.enqueue("messaging.worker.tasks.take_in_suppressions", source.pk, queue="import")
    return len(stuck)


def problem_words(problem: SuppressionProblem) -> tuple[str, str]:
    """(what is wrong, what to do)."""
    what, remedy = NUMBER_WORDS[problem.reason]
    return str(what), str(remedy)


def problems_file(source: SuppressionImport) -> Iterator[str]:
    """All bad rows, by line. Numbers are masked: the line leads to the row in the file that was uploaded."""

    def rows() -> Iterator[list[Any]]:
        last = 0
        while page := list(source.problems.filter(line__gt=last).order_by("line")[:_PAGE]):
            yield from ([problem.line, problem.value, *problem_words(problem)] for problem in page)
            last = page[-1].line

    return csv_lines([_("Line"), _("Cell"), _("What is wrong"), _("What to do")], rows())


# --- out ------------------------------------------------------------------------------------------------------------


def export_header() -> list[str]:
    return [
        _("Number"), _("Scope"), _("Source"), _("Reason"), _("Since"), _("Lifted at"), _("Reason for lifting")
    ]  # fmt: skip


def export_rows(*, full_numbers: bool) -> Iterator[list[Any]]:
    """Every entry, lifted ones too, the oldest first, streaming."""
    entries = Suppression.objects.select_related("signature", "account").order_by("id")
    last = 0
    while page := list(entries.filter(pk__gt=last)[:_PAGE]):
        yield from (_entry(row, full_numbers) for row in page)
        last = page[-1].pk


def _entry(row: Suppression, full_numbers: bool) -> list[Any]:
    read = str if full_numbers else masks.numbers
    return [
        row.phone if full_numbers else masks.phone(row.phone),
        str(row.signature or row.account or row.get_scope_display()),
        row.get_source_display(),
        read(row.note),
        timezone.localtime(row.since).strftime("%Y-%m-%d %H:%M:%S"),
        timezone.localtime(row.lifted_at).strftime("%Y-%m-%d %H:%M:%S") if row.lifted_at else "",
        read(row.lift_reason),
    ]
