"""Uploaded files that nobody needs any more, and imports whose file is gone. A process that dies between writing a file and its
row, or between a commit and the removal, leaves full numbers lying about where no page shows them."""

import logging
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from campaigns.audiences.imports import attempts
from campaigns.audiences.imports.sentences import ImportRefused
from campaigns.models import AudienceImport
from campaigns.states import ImportState
from messaging.models import SuppressionImport

log = logging.getLogger(__name__)

FOLDER = "imports"
# An upload writes its file before its row.
YOUNG = timedelta(hours=1)
EVERY_SECONDS = 600
_NEED_THEIRS = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.READY)


def sweep_now_and_then() -> None:
    if cache.add("importing.leftovers", True, EVERY_SECONDS):
        sweep()


def sweep() -> tuple[int, int]:
    """(files removed, imports that lack theirs and have failed)."""
    storage = AudienceImport._meta.get_field("file").storage
    try:
        names = storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return 0, 0  # the folder comes with the first upload; without it nothing can be said of any file
    present = {f"{FOLDER}/{name}" for name in names}
    needed = _needed()
    before = timezone.now() - YOUNG
    removed = [name for name in sorted(present - needed) if storage.get_modified_time(name) < before]
    for name in removed:
        storage.delete(name)
        log.warning("Removed an uploaded file that no import needs: %s", name)
    return len(removed), _fail_without_file(present)


def _needed() -> set[str]:
    lists = AudienceImport.objects.filter(state__in=_NEED_THEIRS).values_list("file", flat=True)
    suppressions = SuppressionImport.objects.filter(state=SuppressionImport.State.READING)
    return {*lists, *suppressions.values_list("file", flat=True)}


def _fail_without_file(present: set[str]) -> int:
    """Imports that wait for a person and could not go on. The others say so themselves when a worker opens them."""
    waiting = AudienceImport.objects.filter(state=ImportState.UPLOADED, created_at__lt=timezone.now() - YOUNG)
    gone = [source for source in waiting.exclude(file="") if source.file.name not in present]
    for source in gone:
        attempts.fail(source, ImportRefused("gone"), ImportState.UPLOADED)
        log.warning("Import %s lacks its file", source.pk)
    return len(gone)
