"""The do-not-send list as a file, out and in. A worker takes a file in, a piece at a time; the same file again changes nothing."""

import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from config.kit import audit, masking
from config.kit.sheets import csv_lines
from config.kit.tables import NUMBER_WORDS, ImportRefused, Source, masked, normalise, sniff
from config.kit.tables.uploads import digest
from config.kit.words import gettext_noop
from messaging import queue
from messaging.bulk import blocking, skipping
from messaging.models import Batch, Suppression, SuppressionImport, SuppressionProblem

PIECE = 10_000  # rows read between two looks at the progress
CHUNK = 5_000  # numbers entered in one transaction: short locks on the batches that hold them
_PAGE = 5_000
# A bigger file takes seconds to look through: the worker does it, not the web request.
_INLINE = 4 << 20
_PHONE_NAMES = frozenset({"手机号", "手机号码", "号码", "手机", "PHONE", "NUMBER", "MOBILE"})
_NOTE_NAMES = frozenset({"原因", "备注", "REASON", "NOTE"})
_LIFTED_NAMES = frozenset({"恢复时间", "LIFTED AT"})


# --- in -------------------------------------------------------------------------------------------------------------


def start(uploaded: "UploadedFile[Any]", scope: dict[str, Any], actor: Any) -> SuppressionImport:
    """Keep the file and queue its reading. `scope` holds scope, account and signature. Raises ImportRefused for a file that is
    seen at once to be unusable, and then nothing is kept."""
    sha256 = digest(uploaded)
    source = SuppressionImport(file_name=(uploaded.name or "")[:200], sha256=sha256, created_by=actor, **scope)
    source.file.save(f"{source.sha256[:16]}.dat", uploaded, save=False)
    try:
        with transaction.atomic():
            source.save()
            if source.file.size <= _INLINE:
                _layout(sniff(Path(source.file.path)))
            detail = {"file": source.file_name, "sha256": source.sha256[:12], "scope": source.scope}
            audit.record(gettext_noop("Uploaded a do-not-send list"), actor=actor, detail=detail)
            queue.nudge("messaging.tasks.take_in_suppressions", source.pk, queue="import")
    except ImportRefused:
        source.file.delete(save=False)
        raise
    return source


class _Layout(NamedTuple):
    phone: int
    note: int | None
    lifted: int | None


def _layout(file: Source) -> _Layout:
    """Which column is what. Raises ImportRefused."""
    rows = [row for _line, row in islice(file.rows(), 2)]
    header = [_plain(name) for name in rows[0]] if rows else []
    phone, note, lifted = (_place(header, names) for names in (_PHONE_NAMES, _NOTE_NAMES, _LIFTED_NAMES))
    if phone is None:
        raise ImportRefused("no_phone", columns="、".join(filter(None, map(masked, rows[0] if rows else []))))
    if len(rows) < 2:
        raise ImportRefused("only_header")
    return _Layout(phone, note, lifted)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().lstrip("\ufeff").upper()


def _place(header: list[str], names: frozenset[str]) -> int | None:
    return next((place for place, name in enumerate(header) if name in names), None)


def take_in(import_id: int) -> SuppressionImport:
    """Task. READING -> DONE, or FAILED with its sentence. Goes on where an earlier run ended: what is entered is counted in the
    same transaction, and the numbers come in the same order."""
    source = SuppressionImport.objects.get(pk=import_id)
    if source.state != SuppressionImport.State.READING:
        return source
    blocking.create()
    try:
        _read_and_enter(source)
    except ImportRefused as refusal:
        _fail(source, refusal)
    except FileNotFoundError:
        _fail(source, ImportRefused("gone"))
    finally:
        blocking.drop()
    source.refresh_from_db()
    return source


def _read_and_enter(source: SuppressionImport) -> None:
    file = sniff(Path(source.file.path))
    layout = _layout(file)
    rows = file.rows()
    next(rows)
    read = _Read()
    while piece := list(islice(rows, PIECE)):
        _stage(source, [_row(line, cells, layout) for line, cells in piece], read)
    numbers = blocking.number()
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


def _row(line: int, cells: list[str], layout: _Layout) -> _Row:
    typed = _cell(cells, layout.phone)
    phone, reason = normalise(typed)
    if reason:
        return _Row(line, "", masked(typed), False, reason)
    note = _cell(cells, layout.note).replace("\0", "")[:200]
    return _Row(line, phone, note, bool(_cell(cells, layout.lifted)), "")


def _cell(cells: list[str], place: int | None) -> str:
    """Without the apostrophe that our own export puts before what a spreadsheet would run."""
    text = cells[place].strip() if place is not None and place < len(cells) else ""
    return text[1:] if text.startswith("'") else text


def _stage(source: SuppressionImport, rows: list[_Row], read: _Read) -> None:
    bad = [
        SuppressionProblem(source=source, line=row.line, reason=row.reason, value=row.note)
        for row in rows
        if row.reason
    ]
    with transaction.atomic():
        blocking.add([(row.line, row.phone, row.note) for row in rows if row.phone and not row.lifted])
        SuppressionProblem.objects.bulk_create(bad, batch_size=2000, ignore_conflicts=True)
        read.rows += len(rows)
        read.invalid += len(bad)
        read.lifted += sum(row.lifted for row in rows)
        _update(source, rows=read.rows, invalid=read.invalid, lifted=read.lifted, moved_at=timezone.now())


def _update(source: SuppressionImport, **values: Any) -> bool:
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
        added = blocking.enter(done, most, scope, source.created_by_id)
        stopped = _stop(source, blocking.numbers(done, most))
        counts = {"added": F("added") + added, "known": F("known") + most - added, "stopped": F("stopped") + stopped}
        _update(source, **counts, moved_at=timezone.now())
    source.added, source.known = source.added + added, source.known + most - added
    return True


def _stop(source: SuppressionImport, numbers: Any) -> int:
    """Lock the batches first, as a single entry does."""
    if not Batch.objects.filter(state__in=("queued", "claimed")).exists():
        return 0
    batches = skipping.queued_batches_of(numbers)
    if source.scope == Suppression.Scope.ACCOUNT:
        batches = batches.filter(account=source.account_id)
    if source.scope == Suppression.Scope.SIGNATURE:
        batches = batches.filter(dispatch__signature=source.signature_id)
    keys = list(batches.values_list("pk", flat=True))
    locked = Batch.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    open_ones = [batch.pk for batch in locked if batch.state in ("queued", "claimed")]
    return sum(skipping.skip_phones(numbers, open_ones, "opted_out").values())


@transaction.atomic
def _finish(source: SuppressionImport, read: _Read) -> None:
    known = read.rows - read.invalid - read.lifted - source.added
    done = SuppressionImport.State.DONE
    if not _update(source, state=done, known=known, finished_at=timezone.now()):
        return  # another worker was quicker with the same file
    source.refresh_from_db()
    audit.record(
        gettext_noop("Imported a do-not-send list"),
        actor=source.created_by,
        detail={name: getattr(source, name) for name in ("rows", "added", "invalid", "scope", "stopped")},
    )
    transaction.on_commit(lambda: source.file.delete(save=False))


def _fail(source: SuppressionImport, refusal: ImportRefused) -> None:
    _update(source, state=SuppressionImport.State.FAILED, error=refusal.dump(), finished_at=timezone.now())
    source.file.delete(save=False)


def wake_stuck() -> int:
    """Nudge again what has not got on for a while: its worker died, or the nudge was lost. Returns how many."""
    before = timezone.now() - timedelta(seconds=settings.SONGDA["STUCK_SECONDS"])
    stuck = SuppressionImport.objects.filter(state=SuppressionImport.State.READING, moved_at__lt=before)
    for source in stuck:
        _update(source, moved_at=timezone.now())
        queue.nudge("messaging.tasks.take_in_suppressions", source.pk, queue="import")
    return len(stuck)


def problem_words(problem: SuppressionProblem) -> tuple[str, str]:
    """(what is wrong, what to do)."""
    what, mend = NUMBER_WORDS[problem.reason]
    return str(what), str(mend)


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
    return [
        row.phone if full_numbers else masking.phone(row.phone),
        str(row.signature or row.account or row.get_scope_display()),
        row.get_source_display(),
        row.note,
        timezone.localtime(row.since).strftime("%Y-%m-%d %H:%M:%S"),
        timezone.localtime(row.lifted_at).strftime("%Y-%m-%d %H:%M:%S") if row.lifted_at else "",
        row.lift_reason,
    ]
