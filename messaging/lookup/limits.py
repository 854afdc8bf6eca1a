"""Looking up a number that somebody typed: written down, and so many an hour and person. A mask leaves ten thousand numbers;
found by trying, one would take days."""

import time

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from kit import audit, masks
from kit.people import Person
from messaging.audit_actions import AuditAction
from messaging.models import LookupCount


class TooMany(Exception):
    """Nothing was looked up. str() says until when."""


def note(user: Person, phone: str) -> None:
    """Count and record that this person looks for `phone` (a number, or its last digits). Raises TooMany."""
    limit, now = settings.SONGDA["LOOKUPS_PER_HOUR"], int(time.time())
    mine = LookupCount.objects.filter(user=user.pk, hour=now // 3600)
    with transaction.atomic():
        LookupCount.objects.get_or_create(user=user, hour=now // 3600)
        taken = mine.filter(used__lt=limit).update(used=F("used") + 1)
        if taken:
            audit.record(AuditAction.NUMBER_LOOKED_UP, actor=user, detail={"phone": masks.phone(phone)})
        elif mine.filter(used=limit).update(used=F("used") + 1):  # written down once an hour
            audit.record(AuditAction.NUMBER_LIMIT_REACHED, actor=user, detail={"limit": limit})
    if not taken:
        words = _(
            "You have looked up %(n)s numbers in this hour, the most that one person may. Go on in %(minutes)s minutes."
        )
        raise TooMany(words % {"n": limit, "minutes": 60 - now % 3600 // 60})


def forget_old() -> None:
    """Counts of hours past are of no use. The audit trail has what was looked up."""
    LookupCount.objects.filter(hour__lt=int(time.time()) // 3600 - 24).delete()
