"""The steps of an import as a person takes them: upload, choose columns, look at the result, confirm or discard."""

from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from campaigns.models import Audience, AudienceImport
from campaigns.services.importing import columns
from campaigns.services.importing.phones import masked
from campaigns.services.importing.sentences import ImportRefused
from campaigns.states import ImportState
from config.kit import audit
from config.kit.tables.reading import sniff
from config.kit.tables.uploads import digest
from messaging.queue import nudge

PREVIEW_ROWS = 50
# A bigger workbook takes seconds and much memory to open: a worker does it, not the web request.
_INLINE_XLSX = 4 << 20


def start_import(audience: Audience, uploaded: "UploadedFile[Any]", actor: Any) -> AudienceImport:
    """Keep the file and look at it: header, preview and a guessed mapping. A big workbook is looked at by a worker, and
    the header stays empty until then. Raises ImportRefused, and then nothing is kept."""
    sha256 = digest(uploaded)
    source = AudienceImport(audience=audience, file_name=(uploaded.name or "")[:200], sha256=sha256, created_by=actor)
    source.file.save(f"{source.sha256[:16]}.dat", uploaded, save=False)
    try:
        with transaction.atomic():
            source.save()
            _look_now_or_later(source)
            audit.record(_("Uploaded a recipient file"), actor=actor, target=audience, detail=_facts(source))
    except ImportRefused:
        source.file.delete(save=False)
        raise
    return source


def _facts(source: AudienceImport) -> dict[str, Any]:
    return {"file": source.file_name, "sha256": source.sha256[:12]}


def _look_now_or_later(source: AudienceImport) -> None:
    path = Path(source.file.path)
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    if is_zip and path.stat().st_size > _INLINE_XLSX:
        nudge("campaigns.tasks.look_at_import", source.pk, queue="import")
    else:
        _look(source)


def _look(source: AudienceImport) -> None:
    found = sniff(Path(source.file.path))
    rows = [row for _line, row in islice(found.rows(), PREVIEW_ROWS + 1)]
    if not rows:
        raise ImportRefused("empty")
    header = columns.check_header(rows[0])
    if len(rows) == 1:
        raise ImportRefused("only_header")
    source.header, source.encoding, source.delimiter = header, found.encoding, found.delimiter
    source.mapping = columns.guess(header, rows[1:])
    source.preview = [[masked(cell) for cell in row] for row in rows[1:]]
    source.save(update_fields=["header", "encoding", "delimiter", "mapping", "preview"])


def look_at_import(import_id: int) -> None:
    """Task. The look at a big workbook; a refusal becomes state FAILED with its sentence."""
    source = AudienceImport.objects.get(pk=import_id)
    if source.header or source.state != ImportState.UPLOADED:
        return
    try:
        _look(source)
    except ImportRefused as refusal:
        waiting = AudienceImport.objects.filter(pk=import_id, state=ImportState.UPLOADED)
        waiting.update(state=ImportState.FAILED, error=refusal.dump(), finished_at=timezone.now())
        source.file.delete(save=False)


def earlier_import(source: AudienceImport) -> AudienceImport | None:
    """The newest confirmed import of a byte-equal file, into whichever audience."""
    same = AudienceImport.objects.filter(sha256=source.sha256, state=ImportState.DONE).exclude(pk=source.pk)
    return same.select_related("audience").order_by("-id").first()


@transaction.atomic
def choose_columns(source: AudienceImport, mapping: columns.Mapping, actor: Any) -> None:
    """UPLOADED -> CHECKING, and the check goes to a worker. Raises ImportRefused."""
    mapping = columns.checked(mapping, source.header)
    Audience.objects.select_for_update().get(pk=source.audience_id)
    open_states = Q(state__in=(ImportState.CHECKING, ImportState.READY))
    other = source.audience.imports.filter(open_states).exclude(pk=source.pk).first()
    if other:
        raise ImportRefused("other_open", name=other.file_name)
    waiting = AudienceImport.objects.filter(pk=source.pk, state=ImportState.UPLOADED).exclude(header=[])
    if not waiting.update(state=ImportState.CHECKING, mapping=mapping, moved_at=timezone.now()):
        raise _moved_on(source)
    nudge("campaigns.tasks.check_import", source.pk, queue="import")
    audit.record(_("Chose the columns of a recipient file"), actor=actor, target=source.audience, detail=_facts(source))


@transaction.atomic
def confirm(source: AudienceImport, actor: Any) -> None:
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
        _("Imported recipients"), actor=actor, target=audience, detail={**_facts(source), "stored": source.stored}
    )
    transaction.on_commit(lambda: source.file.delete(save=False))


@transaction.atomic
def discard(source: AudienceImport, actor: Any) -> None:
    """Take back a file that is not confirmed: its members and problems go. Raises ImportRefused once it is confirmed."""
    open_states = (ImportState.UPLOADED, ImportState.READY, ImportState.FAILED)
    if not AudienceImport.objects.filter(pk=source.pk, state__in=open_states).update(state=ImportState.FAILED):
        raise _moved_on(source)
    source.audience.members.filter(source=source)._raw_delete("default")
    source.problems.all()._raw_delete("default")
    audit.record(_("Discarded a recipient file"), actor=actor, target=source.audience, detail=_facts(source))
    transaction.on_commit(lambda: source.file.delete(save=False))
    source.delete()


def _moved_on(source: AudienceImport) -> ImportRefused:
    state = AudienceImport.objects.get(pk=source.pk).get_state_display()
    return ImportRefused("not_now", state=str(state))


def wake_stuck() -> int:
    """Nudge again what has not got on for a while: its worker died, or the nudge was lost. Returns how many."""
    before = timezone.now() - timedelta(seconds=settings.SONGDA["STUCK_SECONDS"])
    unread = Q(state=ImportState.UPLOADED, header=[], created_at__lt=before) & (
        Q(moved_at__isnull=True) | Q(moved_at__lt=before)
    )
    stuck = AudienceImport.objects.filter(unread | Q(state=ImportState.CHECKING, moved_at__lt=before))
    for source in stuck:
        AudienceImport.objects.filter(pk=source.pk).update(moved_at=timezone.now())
        task = "check_import" if source.state == ImportState.CHECKING else "look_at_import"
        nudge(f"campaigns.tasks.{task}", source.pk, queue="import")
    return len(stuck)
