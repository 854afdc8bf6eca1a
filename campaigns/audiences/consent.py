"""Who has agreed to marketing: what proves it, and who of some numbers has no such proof.

The rule stands here for people and for the API, and as SQL for the members of one audience in `preflight/audience_query.sql`."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import AudienceMember
from campaigns.states import ImportState


def problem(source: str | None, day: date | None) -> tuple[str, str] | None:
    """What keeps `consent_source` and `consent_on` from being a proof: (name of the field, sentence)."""
    if bool(source) != bool(day):
        missing = "consent_on" if source else "consent_source"
        return missing, _("Consent is proven by its source and its date together; fill in both or none.")
    if day and day > timezone.localdate():
        return "consent_on", _("This day is still to come. Enter the day on which consent was given.")
    return None


def proven(today: date) -> Q:
    """Members with a consent that holds: their own where their file has such, else their audience's."""
    own = Q(consent_source__isnull=False, consent_on__lte=today)
    named = ~Q(consent_source="") | ~Q(audience__consent_source="")
    of_list = Q(consent_source__isnull=True, audience__consent_on__lte=today) & ~Q(audience__consent_source="")
    return (own & named) | of_list


def without(phones: Collection[str]) -> set[str]:
    """Those of the numbers for which no confirmed file of any audience proves consent."""
    rows = AudienceMember.objects.filter(proven(timezone.localdate()), phone__in=phones, source__state=ImportState.DONE)
    return set(phones) - set(rows.values_list("phone", flat=True))
