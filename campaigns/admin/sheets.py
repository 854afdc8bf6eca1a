"""The sheet of a check as a page shows it."""

from typing import Any

from django.utils.dateparse import parse_datetime

from campaigns import badges
from campaigns.models import AudienceImport, Campaign
from campaigns.services import planning
from campaigns.states import Operator
from messaging.models import TemplateReview
from messaging.states import Channel


def shown(campaign: Campaign) -> dict[str, Any]:
    """Context of the check and the confirm page; "sheet" is {} before the first check."""
    sheet = campaign.sheet
    if not sheet:
        return {"sheet": {}, "blocked": True}
    balance = campaign.account.balance
    return {
        "sheet": sheet,
        "files": list(AudienceImport.objects.filter(pk__in=sheet["imports"])),
        "excluded": [(reason, badges.unsent(reason), people) for reason, people in sheet["excluded"].items()],
        "operators": [(_operator(code), people) for code, people in sheet["operators"].items()],
        "cost_lines": [(Channel(line["channel"]).label, line) for line in sheet["cost"]["lines"]],
        "balance": balance,
        "balance_is_yuan": campaign.account.balance_unit == "yuan",
        "finish_at": parse_datetime(sheet["finish_at"]) if sheet["finish_at"] else None,
        "obstacles": [(planning.sentence(found), found["blocks"]) for found in sheet["obstacles"]],
        "blocked": planning.blocked(sheet),
        "review": _review(campaign),
    }


def _operator(code: str) -> Any:
    return Operator(code).label if code in Operator.values else badges.unsent("other_operator")


def _review(campaign: Campaign) -> TemplateReview | None:
    reviews = TemplateReview.objects.filter(version=campaign.version_id, account=campaign.account_id, part="main")
    return reviews.filter(live=True).first()
