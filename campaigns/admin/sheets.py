"""The sheet of a check as a page shows it."""

from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.models import AudienceImport, Campaign
from campaigns.services import planning
from campaigns.states import Operator
from config.kit import show
from messaging import standing
from messaging.admin.accounts import balance_text
from messaging.models import TemplateReview
from messaging.services import reviews
from messaging.states import Channel, ReviewStatus


def shown(campaign: Campaign) -> dict[str, Any]:
    """Context of the check and the confirm page; "sheet" is {} before the first check."""
    sheet = campaign.sheet
    review = _review(campaign)
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
        "review": review,
        "review_left": standing.note_of(review) if review and review.status == ReviewStatus.APPROVED else "",
        "submit_by": _submit_by(campaign, review),
    }


def _submit_by(campaign: Campaign, review: TemplateReview | None) -> tuple[str, bool] | None:
    """(sentence, is it too late?) where the template of a planned campaign is not approved and nothing is under way."""
    ready = review is not None and review.status in (
        ReviewStatus.APPROVED,
        ReviewStatus.WAITING,
        ReviewStatus.SUBMITTING,
    )
    if campaign.start_at is None or ready or not reviews.must_be_reviewed(campaign.account):
        return None
    day = reviews.Calendar.here_and_now().submit_by(campaign.account, timezone.localtime(campaign.start_at).date())
    if day is None:
        return None
    values = {"day": show.day(day), "n": reviews.usual_days(campaign.account)}
    if day >= timezone.localdate():
        return _(
            "The template has to be approved first: submit it by %(day)s (a review takes about %(n)s working days here)."
        ) % values, False
    return _(
        "The template should have been submitted by %(day)s; its review (about %(n)s working days) may not be back in "
        "time. Choose a later start or another account, or ask the vendor to hurry."
    ) % values, True


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
    found = TemplateReview.objects.filter(version=campaign.version_id, account=campaign.account_id, part="main")
    return found.filter(live=True).select_related("account").first()
