"""The sheet of a check as a page shows it."""

from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.models import AudienceImport, Campaign
from campaigns.services import planning
from campaigns.states import Operator
from config.kit import show
from messaging.admin.accounts import balance_text
from messaging.models import TemplateReview
from messaging.states import Channel


def shown(campaign: Campaign) -> dict[str, Any]:
    """Context of the check and the confirm page; "sheet" is {} before the first check."""
    sheet = campaign.sheet
    if not sheet:
        return {"sheet": {}, "blocked": True}
    return {
        "sheet": sheet,
        "files": list(AudienceImport.objects.filter(pk__in=sheet["imports"])),
        "excluded": [(reason, badges.unsent(reason), people) for reason, people in sheet["excluded"].items()],
        "operators": [(_operator(code), people) for code, people in sheet["operators"].items()],
        "cost_lines": [(Channel(line["channel"]).label, line) for line in sheet["cost"]["lines"]],
        "balance": "" if campaign.account.balance is None else balance_text(campaign.account),
        "finish_at": parse_datetime(sheet["finish_at"]) if sheet["finish_at"] else None,
        "obstacles": [(planning.sentence(found), found["blocks"]) for found in sheet["obstacles"]],
        "blocked": planning.blocked(sheet),
        "review": _review(campaign),
    }


def watch_words(campaign: Campaign) -> list[tuple[str, str]]:
    """(label, words) of the canary, the limits, the second version and the fallback, as far as there are any."""
    found = []
    if campaign.sheet.get("canary"):
        words = _("first %(n)s people, then %(m)s minutes of watching")
        values = {"n": show.count(campaign.sheet["canary"]), "m": campaign.canary_minutes}
        found.append((_("Canary"), words % values))
    limits = [str(word) % {"limit": f"{limit.normalize():f}"} for word, limit in _limits(campaign) if limit is not None]
    if limits:
        found.append((_("Stops by itself"), "；".join(limits)))
    if campaign.version_b:
        parts = [show.count(part["to_send"]) for part in campaign.sheet.get("arms", [])]
        found.append((_("Compared with"), f"{campaign.version_b} · {campaign.share_b}% · {' / '.join(parts)}"))
    if campaign.fallback_account:
        found.append(
            (_("Fallback once"), f"{campaign.fallback_account} · {campaign.fallback_version or campaign.version}")
        )
    if campaign.sheet.get("holidays"):
        found.append((_("Waits on"), "、".join(campaign.sheet["holidays"][:20])))
    return found


def _limits(campaign: Campaign) -> list[tuple[Any, Any]]:
    return [
        (gettext_lazy("not delivered above %(limit)s%%"), campaign.stop_failed),
        (gettext_lazy("unknown above %(limit)s%%"), campaign.stop_unknown),
        (gettext_lazy("opted out above %(limit)s%%"), campaign.stop_opted_out),
    ]


def _operator(code: str) -> Any:
    return Operator(code).label if code in Operator.values else badges.unsent("other_operator")


def _review(campaign: Campaign) -> TemplateReview | None:
    reviews = TemplateReview.objects.filter(version=campaign.version_id, account=campaign.account_id, part="main")
    return reviews.filter(live=True).first()
