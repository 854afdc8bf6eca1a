"""Reading templates, versions and media: each function is one or two queries whatever the number of rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kit.ids import row_id
from templates_5g.blocks.checks import MediaInfo
from templates_5g.models import MediaAsset, MessageTemplate, TemplateVersion
from templates_5g.states import MediaState


def asset_keys(ids: Iterable[str]) -> list[int]:
    """The ids that can be keys at all: content holds text that anybody may have typed."""
    return [key for key in map(row_id, ids) if key is not None]


def assets_by_id(ids: Iterable[str]) -> Mapping[str, MediaAsset]:
    """Library rows by their id as text, as content names them."""
    assets = MediaAsset.objects.filter(pk__in=asset_keys(ids)).select_related("thumbnail")
    return {str(asset.pk): asset for asset in assets}


def media_info(asset: MediaAsset) -> MediaInfo:
    return MediaInfo(
        asset=str(asset.pk),
        mime=asset.mime,
        size=asset.size,
        width=asset.width,
        height=asset.height,
        seconds=float(asset.seconds) if asset.seconds is not None else None,
        usable=asset.state == MediaState.OK and asset.archived_at is None,
    )


def newest_number() -> Any:
    """Subquery: the highest version number of a template."""
    versions = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number")
    return Subquery(versions.values("number")[:1])


def newest_version(template: MessageTemplate) -> TemplateVersion:
    return template.versions.select_related("template", "edited_by").order_by("-number")[0]


def newest_versions(template_ids: Iterable[int]) -> dict[int, TemplateVersion]:
    """The newest version of each template, by template id, in one query."""
    last = TemplateVersion.objects.filter(template=OuterRef("template")).order_by("-number").values("pk")[:1]
    found = TemplateVersion.objects.filter(template__in=list(template_ids), pk=Subquery(last)).defer(
        "content", "fallback"
    )
    return {version.template_id: version for version in found}


def versions_by_template(template_ids: Iterable[int]) -> Mapping[int, Sequence[TemplateVersion]]:
    """Every version without its content, newest first, by template id, in one query."""
    rows = TemplateVersion.objects.filter(template__in=list(template_ids)).defer("content", "fallback")
    grouped: dict[int, list[TemplateVersion]] = {}
    for version in rows.order_by("-number"):
        grouped.setdefault(version.template_id, []).append(version)
    return grouped


def versions_of(template: MessageTemplate) -> QuerySet[TemplateVersion]:
    return template.versions.select_related("created_by", "edited_by").defer("content", "fallback").order_by("-number")


def library(*, query: str = "", family: str = "", archived: bool = False) -> QuerySet[MediaAsset]:
    """The media library, newest first, each with `used` = in how many versions it stands."""
    assets = MediaAsset.objects.filter(archived_at__isnull=not archived, is_thumbnail=False).select_related("thumbnail")
    if query:
        assets = assets.filter(name__icontains=query)
    if family in ("image", "audio", "video"):
        assets = assets.filter(mime__startswith=f"{family}/")
    return assets.annotate(used=Coalesce(Count("uses"), 0)).order_by("-pk")
