"""The report of a check as a page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges, preflight
from campaigns.models import AudienceImport, Campaign
from campaigns.preflight import repeats
from kit import display
from kit.labels import Label
from messaging import reviews, sentences
from messaging.accounts.admin.accounts import balance_text
from messaging.models import SendingWindow, TemplateReview
from messaging.reviews import status
from messaging.states import Channel, Operator, ReviewStatus


def shown(campaign: Campaign) -> Mapping[str, object]:
    """Context of the check and the confirm page; "report" is None before the first check."""
    report = campaign.report
    review = _review(campaign)
    if campaign.checked_at is None:
        return {"report": None, "blocked": True}
    return {
        "report": report,
        "files": list(AudienceImport.objects.filter(pk__in=report.imports)),
        "excluded": [(reason, sentences.label(reason), people) for reason, people in report.excluded.items()],
        "operators": [(_operator(code), people) for code, people in report.operators.items()],
        "cost_lines": [(Channel(line.channel).label, line) for line in report.cost.lines],
        "balance": "" if campaign.account.balance is None else balance_text(campaign.account),
        "obstacles": [(preflight.sentence(found), found.blocks) for found in report.obstacles],
        "blocked": report.blocked,
        "again": again_lines(campaign),
        "review": review,
        "review_left": status.note_of(review) if review and review.status == ReviewStatus.APPROVED else "",
        "start_words": start_words(campaign),
        "window_words": window_words(campaign),
        "submit_by": _submit_by(campaign, review),
    }


@dataclass(frozen=True)
class AgainLine:
    """One other campaign with the same content: its name and page, how it stands, when it was or is to be, and the people in
    both. Without a page for what was sent by the API or as an answer."""

    name: str
    url: str
    badge: Label
    at: datetime | None
    people: int


def again_lines(campaign: Campaign) -> list[AgainLine]:
    counted = sorted(campaign.report.again.by_campaign.items())
    others = Campaign.objects.in_bulk([key for key, _people in counted if key > 0])
    return [_again_line(key, others.get(key), people) for key, people in counted]


def elsewhere(key: int) -> str:
    """For what is no single campaign."""
    return _("Sent through the API, or as an answer") if key == repeats.NO_CAMPAIGN else _("Other campaigns")


def _again_line(key: int, other: Campaign | None, people: int) -> AgainLine:
    if other is None:
        return AgainLine(elsewhere(key), "", "", None, people)
    page = "check" if other.dispatch_id is None else "progress"
    url = reverse(f"admin:campaigns_campaign_{page}", args=[other.pk])
    return AgainLine(other.name, url, badges.campaign(other), other.started_at or other.start_at, people)


def again_words(campaign: Campaign) -> list[tuple[str, str]]:
    """For a list of facts: how many get the same content again, and in which campaigns; empty where nobody does."""
    lines = again_lines(campaign)
    if not lines:
        return []
    words = _("%(n)s people, who are also in: %(names)s")
    names = "、".join(f"{line.name} ({display.count(line.people)})" for line in lines[:10])
    n = display.count(campaign.report.again.people)
    return [(_("The same content again"), words % {"n": n, "names": names})]


def start_words(campaign: Campaign) -> str:
    """When it begins. A time always has its clock; one that has passed says so, since it would mean "at once"."""
    if campaign.start_at is None:
        return _("as soon as it is confirmed")
    at = display.to_the_minute(campaign.start_at)
    if preflight.start_passed(campaign, timezone.now()):
        return _("%(at)s has passed: whether it starts at once is asked on the confirmation") % {"at": at}
    return at


def window_words(campaign: Campaign) -> str:
    window = SendingWindow.of(campaign)
    return str(window) if window else _("at any hour, day and night")


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
    values = {"day": display.day(day), "n": reviews.usual_days(campaign.account)}
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
    if campaign.report.canary:
        words = _("first %(n)s people, then %(m)s minutes of watching")
        values = {"n": display.count(campaign.report.canary), "m": campaign.canary_minutes}
        found.append((_("Canary"), words % values))
    limits = [str(word) % {"limit": f"{limit.normalize():f}"} for word, limit in _limits(campaign) if limit is not None]
    if limits:
        found.append((_("Stops by itself"), "；".join(limits)))
    if campaign.version_b:
        parts = [display.count(one.to_send) for one in campaign.report.variants]
        found.append((_("Compared with"), f"{campaign.version_b} · {campaign.share_b}% · {' / '.join(parts)}"))
    if campaign.fallback_account:
        found.append(
            (_("Fallback once"), f"{campaign.fallback_account} · {campaign.fallback_version or campaign.version}")
        )
    if campaign.report.holidays:
        found.append((_("Waits on"), "、".join(campaign.report.holidays[:20])))
    return found


def _limits(campaign: Campaign) -> list[tuple[Label, Decimal | None]]:
    return [
        (gettext_lazy("not delivered above %(limit)s%%"), campaign.stop_failed),
        (gettext_lazy("unknown above %(limit)s%%"), campaign.stop_unknown),
        (gettext_lazy("opted out above %(limit)s%%"), campaign.stop_opted_out),
    ]


def _operator(code: str) -> Any:
    return Operator(code).label if code in Operator.values else gettext_lazy("Other or unknown prefix")


def _review(campaign: Campaign) -> TemplateReview | None:
    found = TemplateReview.objects.filter(version=campaign.version_id, account=campaign.account_id, part="main")
    return found.filter(live=True).select_related("account").first()
