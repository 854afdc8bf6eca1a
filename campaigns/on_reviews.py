"""What the pages of reviews show of campaigns: planned sends, who is in an audience."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone

from campaigns.models import Audience, AudienceMember, Campaign
from campaigns.states import CampaignState
from kit.people import Person
from messaging import hooks

# Not begun yet, so that an approval may still come in time.
_PLANNED = (
    CampaignState.DRAFT,
    CampaignState.CHECKING,
    CampaignState.CHECKED,
    CampaignState.AWAITING,
    CampaignState.SCHEDULED,
)
_KEPT = 600  # seconds: counting a million members takes about one


def planned_starts(version_ids: Sequence[int]) -> Mapping[tuple[int, int], datetime]:
    """The first start that is still to come, by version and account; second versions and fallbacks count too."""
    planned = Campaign.objects.filter(state__in=_PLANNED, start_at__gt=timezone.now())
    found: dict[tuple[int, int], datetime] = {}
    for version, account in (
        ("version", "account"),
        ("version_b", "account"),
        ("fallback_version", "fallback_account"),
    ):
        rows = planned.filter(**{f"{version}__in": list(version_ids), f"{account}__isnull": False})
        for version_id, account_id, start in rows.values_list(version, account).annotate(first=Min("start_at")):
            place = (version_id, account_id)
            found[place] = min(start, found.get(place, start))
    return found


def people_by_operator(audience_id: int, user: Person) -> Mapping[str, int]:
    """Kept for ten minutes for as long as the audience has the same size."""
    audience = Audience.objects.filter(pk=audience_id, archived_at__isnull=True).first()
    if audience is None or not user.has_perm("campaigns.view_audience"):
        return {}
    key = f"audience-operators:{audience.pk}:{audience.size}"
    counts: dict[str, int] | None = cache.get(key)
    if counts is None:
        rows = AudienceMember.objects.filter(audience=audience).values_list("operator").annotate(n=Count("id"))
        counts = dict(rows.order_by())
        cache.set(key, counts, _KEPT)
    return counts


def fill() -> None:
    """Called once, when the app is ready."""
    hooks.planned_starts.append(planned_starts)
    hooks.people_by_operator.append(people_by_operator)
