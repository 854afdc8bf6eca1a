"""A file is begun with a few times and no more: one that ends its reader again and again ends as failed, with a sentence."""

from django.db.models import F
from django.utils import timezone

from campaigns.audiences.imports.sentences import ImportRefused
from campaigns.models import AudienceImport
from campaigns.states import ImportState

# A worker may be ended from outside now and then: several ends in a row are the file's fault.
MOST_TRIES = 5


def begin(source: AudienceImport, state: ImportState) -> bool:
    """Count one more try, committed before the file is opened. False where the import has moved on, or was tried too often:
    then it has failed."""
    now = AudienceImport.objects.filter(pk=source.pk, state=state)
    if now.filter(tries__gte=MOST_TRIES).exists():
        fail(source, ImportRefused("gave_up", times=MOST_TRIES), state)
        return False
    return bool(now.update(tries=F("tries") + 1, moved_at=timezone.now()))


def fail(source: AudienceImport, refusal: ImportRefused, state: ImportState) -> None:
    """`state` -> FAILED with its sentence; the file goes."""
    failed = AudienceImport.objects.filter(pk=source.pk, state=state).update(
        state=ImportState.FAILED, error=refusal.dump(), finished_at=timezone.now()
    )
    if failed:
        source.file.delete(save=False)
