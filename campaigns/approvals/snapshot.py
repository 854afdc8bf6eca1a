"""What an approval of a campaign covers, as it was when it was asked for."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.forms.models import model_to_dict

from campaigns.models import Campaign
from campaigns.models.campaigns import PLANNED, VERSIONS
from templates_5g.models import TemplateVersion

# The versions stand in the snapshot with their content; "options" are the fields that a vendor declares.
_FIELDS = [*(name for name in PLANNED if name not in VERSIONS), "options"]
_NUMBERS = (
    "imports",
    "rows",
    "excluded",
    "to_send",
    "again",
    "variants",
    "canary",
    "requests",
    "units",
    "cost",
    "holidays",
)


def versions_of(campaign: Campaign) -> list[TemplateVersion]:
    return [version for name in VERSIONS if (version := getattr(campaign, name)) is not None]


def of_campaign(campaign_id: int) -> Mapping[str, object]:
    """Everything that decides who gets what, when and at which cost, as JSON, from the stored row."""
    related = ("version__template", "version_b", "fallback_version")
    campaign = Campaign.objects.select_related(*related).get(pk=campaign_id)
    covers = {name: _plain(value) for name, value in model_to_dict(campaign, _FIELDS).items()}
    covers["versions"] = [[version.pk, _digest(version)] for version in versions_of(campaign)]
    counted = campaign.report.dump()
    return {**covers, **{name: counted[name] for name in _NUMBERS}}


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def _digest(version: TemplateVersion) -> str:
    text = json.dumps([version.content, version.fallback], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
