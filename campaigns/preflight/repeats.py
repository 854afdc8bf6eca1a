"""The same content to the same people: what counts as the same, who got it lately, who is in another planned campaign with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.models import Again, Approval, Campaign
from campaigns.preflight import repeat_counts
from campaigns.preflight.audience_query import query_for
from campaigns.preflight.repeat_counts import MORE_CAMPAIGNS, NO_CAMPAIGN, Content, Source
from campaigns.preflight.specs import Variant, variants
from campaigns.states import ApprovalState, CampaignState
from messaging.models import Dispatch, SendingPolicy
from templates_5g.models import MessageTemplate, TemplateVersion

__all__ = ["MORE_CAMPAIGNS", "NO_CAMPAIGN", "find", "lock", "people", "same_versions"]

_TEXT_KINDS = ("text", "sms")
# So many campaigns are counted by name. Each one is a hash of its people to look into.
MOST_SOURCES = 12


def find(campaign: Campaign, now: datetime, imports: Sequence[int]) -> Again:
    """At this moment. Costs nothing to speak of where the content was not used elsewhere."""
    days = SendingPolicy.current().same_content_days_for(campaign.version.template.purpose)
    people = 0
    found: dict[int, int] = {}
    for variant in variants(campaign) if days and imports else []:
        content = _content(campaign, variant, now - timedelta(days=days))
        if content is None:
            continue
        repeated = repeat_counts.count(query_for(campaign, variant, imports, now), variant.spec, content)
        people += repeated.people
        for key, number in repeated.by_source.items():
            found[key] = found.get(key, 0) + number
    return Again(people, days, found)


def people(campaign: Campaign, now: datetime, imports: Sequence[int], most: int) -> list[tuple[str, list[int]]]:
    """The first of them by number, each with the campaigns."""
    days = SendingPolicy.current().same_content_days_for(campaign.version.template.purpose)
    rows: list[tuple[str, list[int]]] = []
    for variant in variants(campaign) if days and imports else []:
        content = _content(campaign, variant, now - timedelta(days=days))
        if content is not None:
            query = query_for(campaign, variant, imports, now)
            rows += repeat_counts.people(query, variant.spec, content, most)
    return sorted(rows)[:most]


def lock(campaign: Campaign) -> None:
    """Until the end of the transaction nobody else confirms a campaign with the same content: of two that are confirmed in one
    moment, the second sees the first. The rows locked are those of the templates, in order."""
    templates = {
        template
        for variant in variants(campaign)
        for template in same_versions(variant.version).values_list("template", flat=True)
    }
    rows = MessageTemplate.objects.select_for_update(no_key=True).filter(pk__in=templates).order_by("pk")
    list(rows.values_list("pk", flat=True))


def same_versions(version: TemplateVersion) -> QuerySet[TemplateVersion]:
    """Versions of the same template, and those of other templates that say the same."""
    same = Q(template=version.template_id)
    if version.kind in _TEXT_KINDS:
        same |= Q(kind__in=_TEXT_KINDS, content__text=_text(version))
    else:
        same |= Q(kind=version.kind, content=version.content)
    return TemplateVersion.objects.filter(same).order_by()


def _text(version: TemplateVersion) -> str:
    return str(version.content.get("text", "")) if version.kind in _TEXT_KINDS else ""


def _content(campaign: Campaign, variant: Variant, since: datetime) -> Content | None:
    """None where nobody else sent or plans it."""
    version = variant.version
    versions = list(same_versions(version).values_list("pk", flat=True))
    text = _text(version)
    sources = [*_sent(campaign, versions, text, since), *_planned(campaign, versions)]
    return Content(versions, text, since, variant.spec.origin.run_id, sources) if sources else None


def _sent(campaign: Campaign, versions: list[int], text: str, since: datetime) -> list[Source]:
    """Other runs that may have sent it since then, or have it waiting: the biggest campaigns one by one, the others together."""
    others = Dispatch.objects.exclude(pk__in=campaign.dispatches).exclude(kind=Dispatch.Kind.TEST)
    others = others.filter(Q(finished_at__isnull=True) | Q(finished_at__gte=since))
    same = others.filter(version__in=versions)
    found = (
        Campaign.objects.filter(run_id__in=same.values("run_id"))
        .annotate(size=F("dispatch__total"))
        .order_by("-size", "pk")
    )
    rows = list(found.values_list("pk", "run_id"))
    sources = [Source(pk, [run]) for pk, run in rows[:MOST_SOURCES]]
    if len(rows) > MOST_SOURCES:
        sources.append(Source(MORE_CAMPAIGNS, [run for _pk, run in rows[MOST_SOURCES:]]))
    apart = ~Exists(Campaign.objects.filter(run_id=OuterRef("run_id")))
    answers = others.filter(kind=Dispatch.Kind.ANSWER, version=None, text=text) if text else others.none()
    if same.filter(apart).exists() or answers.exists():
        sources.append(Source(NO_CAMPAIGN, apart=True))
    return sources


def _planned(campaign: Campaign, versions: list[int]) -> list[Source]:
    """Other campaigns that are submitted, approved or confirmed and have no rows yet."""
    granted = Approval.objects.filter(campaign=OuterRef("pk"), kind=Approval.Kind.CAMPAIGN, state=ApprovalState.GRANTED)
    waiting = Q(state__in=(CampaignState.AWAITING, CampaignState.SCHEDULED))
    approved = Q(Exists(granted), state=CampaignState.CHECKED)
    same = Q(version__in=versions) | Q(version_b__in=versions)
    others = Campaign.objects.filter(waiting | approved, same, dispatch__isnull=True).exclude(pk=campaign.pk)
    return [
        Source(
            one.pk if number < MOST_SOURCES else MORE_CAMPAIGNS,
            audience=one.audience_id,
            imports=list(one.report.imports),
        )
        for number, one in enumerate(others.order_by("-audience__size", "pk"))
    ]
