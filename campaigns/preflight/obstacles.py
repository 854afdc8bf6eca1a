"""What keeps a campaign from being sent (blocks) and what should be known before (warns): its people, and what holds for every
dispatch."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, PreflightReport
from campaigns.preflight import specs
from campaigns.preflight.specs import Variant
from kit import display
from messaging.sending import preflight
from messaging.sending.preflight import Forecast, Obstacle, obstacle
from messaging.sending.spec import Timing

SENTENCES = {
    **preflight.SENTENCES,
    "nobody": _("Nobody would be sent to. Look at the reasons, or choose another audience."),
    "no_members": _("The audience is empty. Import recipients and confirm the file first."),
    "not_closed": _("The sum differs from the rows of the file by %(n)s, so nothing can be sent. Check again."),
    "again": _(
        "%(n)s of these people got the same content in the last %(days)s days, or are in another planned campaign with it."
    ),
    "fallback_not_ready": _(
        "The fallback cannot be sent: its account does not send now, or its template is not approved there."
    ),
    "no_consent": _("The audience has no proven consent. Enter its source and date, or the people are left out."),
}


def sentence(found: Obstacle) -> str:
    """In the active language."""
    return preflight.sentence(found, SENTENCES)


def start_passed(campaign: Campaign, now: datetime) -> bool:
    """Whether it would start at once although a time is set: that is asked, never assumed."""
    return preflight.start_passed(Timing(start_at=campaign.start_at), now)


def passed_words(campaign: Campaign) -> str:
    return sentence(preflight.start_past(Timing(start_at=campaign.start_at)))


def obstacles(
    campaign: Campaign, variants: Sequence[Variant], report: PreflightReport, now: datetime
) -> list[Obstacle]:
    """Blocking ones first. `variants` are the campaign's; `report` has everything but its obstacles."""
    main = variants[0].spec
    forecast = Forecast(finish_at=report.finish_at, late=report.late, low=report.cost.low, high=report.cost.high)
    found = [
        *_people(report),
        *preflight.account(main.message),
        *(found for variant in variants for found in _content(campaign, variant, report, now)),
        *_fallback(campaign, report, now),
        *preflight.signature(main.message, campaign.operators),
        *preflight.balance(main.message, forecast),
        *preflight.time(main.timing, forecast, now),
    ]
    return sorted(found, key=lambda one: not one.blocks)


def _people(report: PreflightReport) -> Iterator[Obstacle]:
    if report.difference:
        yield obstacle("not_closed", n=abs(report.difference))
    if not report.rows:
        yield obstacle("no_members")
    elif not report.to_send:
        yield obstacle("nobody")
    if report.again.people:
        yield obstacle("again", blocks=False, n=display.count(report.again.people), days=report.again.days)
    if report.excluded.get("no_consent"):
        yield obstacle("no_consent", blocks=False)


def _content(campaign: Campaign, variant: Variant, report: PreflightReport, now: datetime) -> Iterator[Obstacle]:
    return preflight.content(variant.spec.message, campaign.audience.columns, report.finish_at, now)


def _fallback(campaign: Campaign, report: PreflightReport, now: datetime) -> Iterator[Obstacle]:
    fallback = specs.fallback(campaign)
    if fallback is None:
        return
    of_account, of_content = preflight.account(fallback.spec.message), _content(campaign, fallback, report, now)
    if any(found.blocks for found in (*of_account, *of_content)):
        yield obstacle("fallback_not_ready")
