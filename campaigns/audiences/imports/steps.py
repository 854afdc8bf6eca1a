"""The steps of an import as a person takes them: upload, choose columns, look at the result, confirm or discard."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from campaigns.audiences.imports import attempts, columns
from campaigns.audiences.imports.operators import masked
from campaigns.audiences.imports.sentences import ImportRefused
from campaigns.audit_actions import AuditAction
from campaigns.models import Audience, AudienceImport
from campaigns.states import ImportState
from kit import audit
from kit.people import Actor
from kit.tables.cells import tidy
from kit.tables.kinds import is_for_worker
from kit.tables.layouts import Layout, look
from kit.tables.rows import sniff
from kit.tables.uploads import Upload, digest
from messaging.queue import enqueue

PREVIEW_ROWS = 50
# A bigger text takes seconds to look through: a worker does it, not the web request. A workbook is never opened there.
INLINE_TEXT = 20 << 20


def start_import(audience: Audience, uploaded: Upload, actor: Actor, *, check_at_once: bool = False) -> AudienceImport:
    """Keep the file and look at it: header, preview and a guessed mapping. A workbook or a big text is looked at by a worker,
    and the header stays empty until then. `check_at_once`: with the guessed columns, nobody chooses. A new audience may be
    given unsaved. Raises ImportRefused, and then nothing is kept."""
    sha256 = digest(uploaded)
    source = AudienceImport(audience=audience, file_name=(uploaded.name or "")[:200], sha256=sha256, created_by=actor)
    source.check_at_once = check_at_once
    source.file.save(f"{source.sha256[:16]}.dat", uploaded, save=False)
    try:
        # Before the transaction: reading takes time, and locks are not to wait for it.
        if not is_for_worker(Path(source.file.path), INLINE_TEXT):
            _look(source)
        _keep(source, actor)
    except Exception:
        source.file.delete(save=False)
        raise
    return source


@transaction.atomic
def _keep(source: AudienceImport, actor: Actor) -> None:
    if source.audience.pk is None:
        source.audience.save()
    source.save()
    audit.record(AuditAction.IMPORT_UPLOADED, actor=actor, target=source.audience, detail=_facts(source))
    if not source.header:
        enqueue("campaigns.tasks.look_at_import", source.pk, queue="import")
    elif source.check_at_once:
        choose_columns(source, source.mapping, actor)


def _facts(source: AudienceImport) -> Mapping[str, object]:
    return {"file": source.file_name, "sha256": source.sha256[:12]}


def _look(source: AudienceImport) -> None:
    """Fill in what the file says of itself. Raises ImportRefused."""
    found = sniff(Path(source.file.path))
    layout, first, rows = look(found, PREVIEW_ROWS)
    header = columns.check_header(first)
    cells = [row for _line, row in rows]
    source.header, source.encoding, source.delimiter = header, found.encoding, found.delimiter
    source.layout = layout.stored()
    source.mapping = columns.guess(header, cells)
    source.preview = [[masked(tidy(cell)) for cell in row] for row in cells]


_LOOKED_AT = ("header", "encoding", "delimiter", "layout", "mapping", "preview", "tries")


def look_at_import(import_id: int) -> None:
    """Task. The look at a workbook; a refusal becomes state FAILED with its sentence."""
    source = AudienceImport.objects.select_related("audience", "created_by").get(pk=import_id)
    if source.header or not attempts.begin(source, ImportState.UPLOADED):
        return
    try:
        _look(source)
    except ImportRefused as refusal:
        attempts.fail(source, refusal, ImportState.UPLOADED)
    except FileNotFoundError:
        attempts.fail(source, ImportRefused("gone"), ImportState.UPLOADED)
    else:
        source.tries = 0
        _keep_look(source)


@transaction.atomic
def _keep_look(source: AudienceImport) -> None:
    looked_at = {name: getattr(source, name) for name in _LOOKED_AT}
    waiting = AudienceImport.objects.filter(pk=source.pk, state=ImportState.UPLOADED, header=[])
    if waiting.update(**looked_at) and source.check_at_once:
        # What nobody can decide for its owner (hidden rows, another open file) waits for their choice.
        with suppress(ImportRefused):
            choose_columns(source, source.mapping, source.created_by)


def unfilled(name: str) -> Audience | None:
    """The audience of this name if files were uploaded and every one failed: nobody is in it."""
    empty = Audience.objects.filter(name=name, size=0, imports__state=ImportState.FAILED)
    return empty.exclude(imports__state__in=set(ImportState) - {ImportState.FAILED}).distinct().first()


def earlier_import(source: AudienceImport) -> AudienceImport | None:
    """The newest confirmed import of a byte-equal file, into whichever audience."""
    same = AudienceImport.objects.filter(sha256=source.sha256, state=ImportState.DONE).exclude(pk=source.pk)
    return same.select_related("audience").order_by("-id").first()


@transaction.atomic
def choose_columns(
    source: AudienceImport, mapping: columns.Mapping, actor: Actor, *, take_hidden: bool | None = None
) -> None:
    """UPLOADED -> CHECKING, and the check goes to a worker. `take_hidden` has to be said where the sheet hides rows. Raises
    ImportRefused."""
    mapping = columns.checked(mapping, source.header)
    hidden = Layout.of(source.layout).hidden_rows
    if hidden and take_hidden is None:
        raise ImportRefused("hidden_rows", n=hidden)
    Audience.objects.select_for_update().get(pk=source.audience_id)
    open_states = Q(state__in=(ImportState.CHECKING, ImportState.READY))
    other = source.audience.imports.filter(open_states).exclude(pk=source.pk).first()
    if other:
        raise ImportRefused("other_open", name=other.file_name)
    waiting = AudienceImport.objects.filter(pk=source.pk, state=ImportState.UPLOADED).exclude(header=[])
    if not waiting.update(
        state=ImportState.CHECKING, mapping=mapping, take_hidden=take_hidden, tries=0, moved_at=timezone.now()
    ):
        raise _moved_on(source)
    enqueue("campaigns.tasks.check_import", source.pk, queue="import")
    audit.record(AuditAction.IMPORT_COLUMNS_CHOSEN, actor=actor, target=source.audience, detail=_facts(source))


@transaction.atomic
def confirm(source: AudienceImport, actor: Actor) -> None:
    """READY -> DONE: from now on these members are planned for. The file itself is removed; its hash and counts stay.
    Raises ImportRefused."""
    audience = Audience.objects.select_for_update().get(pk=source.audience_id)
    ready = AudienceImport.objects.filter(pk=source.pk, state=ImportState.READY)
    if ready.filter(stored=0).exists():
        raise ImportRefused("nothing_usable")
    if not ready.update(state=ImportState.DONE, preview=[], finished_at=timezone.now()):
        raise _moved_on(source)
    source.refresh_from_db()
    names = list(dict.fromkeys([*audience.columns, *source.mapping["variables"]]))
    Audience.objects.filter(pk=audience.pk).update(size=F("size") + source.stored, columns=names)
    audit.record(
        AuditAction.IMPORT_CONFIRMED, actor=actor, target=audience, detail={**_facts(source), "stored": source.stored}
    )
    transaction.on_commit(lambda: source.file.delete(save=False))


@transaction.atomic
def discard(source: AudienceImport, actor: Actor) -> None:
    """Take back a file that is not confirmed: its members and problems go. Raises ImportRefused once it is confirmed."""
    open_states = (ImportState.UPLOADED, ImportState.READY, ImportState.FAILED)
    if not AudienceImport.objects.filter(pk=source.pk, state__in=open_states).update(state=ImportState.FAILED):
        raise _moved_on(source)
    source.audience.members.filter(source=source)._raw_delete("default")
    source.problems.all()._raw_delete("default")
    audit.record(AuditAction.IMPORT_DISCARDED, actor=actor, target=source.audience, detail=_facts(source))
    transaction.on_commit(lambda: source.file.delete(save=False))
    source.delete()


def _moved_on(source: AudienceImport) -> ImportRefused:
    state = AudienceImport.objects.get(pk=source.pk).get_state_display()
    return ImportRefused("not_now", state=str(state))


def wake_stuck() -> int:
    """Wake a worker again for what has not got on for a while: its worker died, or the job was lost. Returns how many."""
    before = timezone.now() - timedelta(seconds=settings.SONGDA["STUCK_SECONDS"])
    unread = Q(state=ImportState.UPLOADED, header=[], created_at__lt=before) & (
        Q(moved_at__isnull=True) | Q(moved_at__lt=before)
    )
    stuck = AudienceImport.objects.filter(unread | Q(state=ImportState.CHECKING, moved_at__lt=before))
    for source in stuck:
        AudienceImport.objects.filter(pk=source.pk).update(moved_at=timezone.now())
        task = "check_import" if source.state == ImportState.CHECKING else "look_at_import"
        enqueue(f"campaigns.tasks.{task}", source.pk, queue="import")
    return len(stuck)
