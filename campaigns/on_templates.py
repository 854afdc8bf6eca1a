"""What the pages of templates show of campaigns and audiences, through the hooks that templates_5g declares."""

from collections.abc import Mapping, Sequence

from django.urls import reverse

from campaigns.models import Audience, AudienceMember, Campaign
from campaigns.states import ImportState
from kit import masks
from kit.people import Person
from templates_5g import hooks


def campaigns_using(version_ids: Sequence[int]) -> Mapping[int, Sequence[hooks.Use]]:
    found: dict[int, list[hooks.Use]] = {}
    for campaign in Campaign.objects.filter(version__in=version_ids).order_by("-id"):
        url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
        use = hooks.Use(campaign.name, url, str(campaign.get_state_display()))
        found.setdefault(campaign.version_id, []).append(use)
    return found


def audiences(user: Person) -> Sequence[hooks.AudienceChoice]:
    if not user.has_perm("campaigns.view_audience"):
        return []
    rows = Audience.objects.filter(archived_at__isnull=True, size__gt=0)[:200]
    return [hooks.AudienceChoice(row.pk, row.name, tuple(row.columns)) for row in rows]


def sample_rows(audience_id: int, user: Person, most: int) -> hooks.SampleRows:
    """The first members of confirmed files, without their numbers; those within variables are hidden from who may not see them."""
    if not user.has_perm("campaigns.view_audience"):
        return hooks.SampleRows()
    audience = Audience.objects.filter(pk=audience_id).first()
    if audience is None:
        return hooks.SampleRows()
    members = AudienceMember.objects.filter(audience=audience, source__state=ImportState.DONE)
    found, read = members.order_by("phone").values_list("variables", flat=True)[:most], masks.reader(user)
    rows = [{name: read(str(value)) for name, value in row.items()} for row in found]
    return hooks.SampleRows(tuple(audience.columns), rows)


def fill() -> None:
    hooks.campaigns_using.fill(campaigns_using)
    hooks.audiences.fill(audiences)
    hooks.sample_rows.fill(sample_rows)
