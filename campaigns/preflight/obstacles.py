"""What keeps a campaign from being sent (blocks) and what should be known before (warns), each as a sentence."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Obstacle, PreflightReport
from campaigns.preflight.audience_query import capabilities_of, closed_days, fallback_of, variants
from campaigns.preflight.duration import opens_at
from campaigns.states import Operator
from kit import display
from messaging.gateway.registry import vendor_class
from messaging.models import SendingWindow, Signature, TemplateReview
from messaging.reviews import problems_for
from messaging.states import AccountStatus, ReviewStatus
from templates_5g.blocks import Problem, errors
from templates_5g.blocks.variables import names_of
from templates_5g.path_labels import place
from templates_5g.problems import sentence as sentence_of

SENTENCES = {
    "nobody": _("Nobody would be sent to. Look at the reasons, or choose another audience."),
    "no_members": _("The audience is empty. Import recipients and confirm the file first."),
    "not_closed": _("The sum differs from the rows of the file by %(n)s, so nothing can be sent. Check again."),
    "account": _("The vendor account does not send now: %(status)s. It has to be mended and tested first."),
    "cannot_send": _("This vendor sends nothing: it only keeps templates. Choose another account."),
    "not_approved": _("This version is not approved at the account. Submit it for review, or choose another version."),
    "approval_ends": _("The approval of the template ends on %(day)s, before the last message. Renew it first."),
    "approval_near": _("The approval of the template ends on %(day)s."),
    "not_carried": _("The account cannot send this version. %(path)s: %(why)s"),
    "send_options": _("The vendor's send options: %(why)s"),
    "signature": _("The signature is not filed with %(operators)s and may not be used until then."),
    "signature_warning": _("The signature is not filed with %(operators)s; messages may be intercepted."),
    "sender_account": _("The 5G sender belongs to another account. Choose one of this account."),
    "balance_short": _("The balance is short by %(amount)s. Top up the account."),
    "balance_maybe": _("The balance may be short by %(amount)s if everybody gets the fallback."),
    "start_past": _(
        "The start time %(at)s has passed. Choose another one, or say on the confirmation that it starts at once."
    ),
    "again": _(
        "%(n)s of these people got the same content in the last %(days)s days, or are in another planned campaign with it."
    ),
    "past": _("The time until which the message is sent has passed. Set a later one."),
    "window_after": _(
        "It may go out from %(at)s on, which is later than it is to be sent. "
        "Set a later time until which it is sent, or another window."
    ),
    "too_late": _("About %(n)s people will not be reached in time; they are not sent to."),
    "never_ends": _("At this pace and window it would take more than a year. Raise the pace or the window."),
    "fallback_not_ready": _(
        "The fallback cannot be sent: its account does not send now, or its template is not approved there."
    ),
    "no_consent": _("The audience has no proven consent. Enter its source and date, or the people are left out."),
}


def sentence(obstacle: Obstacle) -> str:
    """The sentence in the active language; stored statuses, operators and places are named only here."""
    params = dict(obstacle.params)
    if "path" in params:
        problem = Problem(params["path"], "", params["why"], params.get("values", {}))
        params["path"], params["why"] = place(problem.path), sentence_of(problem)
    if "operators" in params:
        params["operators"] = "、".join(str(Operator(code).label) for code in params["operators"])
    if "at" in params:
        params["at"] = display.to_the_minute(datetime.fromisoformat(params["at"]))
    if "status" in params:
        params["status"] = AccountStatus(params["status"]).label
    return str(SENTENCES[obstacle.key]) % params


def _found(key: str, *, blocks: bool = True, **params: Any) -> Obstacle:
    return Obstacle(key, blocks, params)


def start_passed(campaign: Campaign, now: datetime) -> bool:
    """Whether it would start at once although a time is set: that is asked, never assumed."""
    return campaign.start_at is not None and campaign.start_at <= now


def passed_words(campaign: Campaign) -> str:
    return sentence(_start_past(campaign))


def _start_past(campaign: Campaign) -> Obstacle:
    return _found("start_past", blocks=False, at=campaign.start_at.isoformat() if campaign.start_at else "")


def obstacles(campaign: Campaign, report: PreflightReport, now: datetime) -> list[Obstacle]:
    """Blocking ones first. `report` has everything but its obstacles."""
    found = [
        *_people(report),
        *_account(campaign),
        *(found for variant in variants(campaign) for found in (*_carried(variant), *_template(variant, report, now))),
        *_fallback(campaign, report, now),
        *_signature(campaign),
        *_balance(campaign, report),
        *_time(campaign, report, now),
    ]
    return sorted(found, key=lambda one: not one.blocks)


def _people(report: PreflightReport) -> Iterator[Obstacle]:
    if report.difference:
        yield _found("not_closed", n=abs(report.difference))
    if not report.rows:
        yield _found("no_members")
    elif not report.to_send:
        yield _found("nobody")
    if report.again.people:
        yield _found("again", blocks=False, n=display.count(report.again.people), days=report.again.days)
    if report.excluded.get("no_consent"):
        yield _found("no_consent", blocks=False)


def _account(campaign: Campaign) -> Iterator[Obstacle]:
    if not campaign.account.usable:
        yield _found("account", status=campaign.account.status)
    if not capabilities_of(campaign).max_batch:
        yield _found("cannot_send")
    if campaign.chatbot is not None and campaign.chatbot.account_id != campaign.account_id:
        yield _found("sender_account")


def _fallback(campaign: Campaign, report: PreflightReport, now: datetime) -> Iterator[Obstacle]:
    fallback = fallback_of(campaign)
    if fallback is not None and any(
        found.blocks for found in (*_account(fallback), *_carried(fallback), *_template(fallback, report, now))
    ):
        yield _found("fallback_not_ready")


def _carried(campaign: Campaign) -> Iterator[Obstacle]:
    for problem in errors(problems_for(campaign.version, campaign.account))[:3]:
        yield _found("not_carried", path=problem.path, why=problem.message, values=dict(problem.params))
    vendor = vendor_class(campaign.account.vendor)(campaign.account.config)
    version = campaign.version
    for problem in vendor.check_send(version.blocks, version.fallback_blocks, campaign.options, _columns(campaign)):
        yield _found(
            "send_options",
            blocks=problem.severity == "error",
            path=problem.path,
            why=problem.message,
            values=dict(problem.params),
        )


def _columns(campaign: Campaign) -> list[str]:
    """What each person has a value for. An order by API has no audience; it gives just what the version names."""
    if campaign.audience_id is None:
        return names_of(campaign.version.content, campaign.version.fallback)
    return list(campaign.audience.columns)


def _template(campaign: Campaign, report: PreflightReport, now: datetime) -> Iterator[Obstacle]:
    capabilities = capabilities_of(campaign)
    if "main" not in capabilities.review_parts or capabilities.review_optional:
        return
    review = TemplateReview.objects.filter(
        Q(approved_until__isnull=True) | Q(approved_until__gt=now),
        version=campaign.version_id,
        account=campaign.account_id,
        part="main",
        live=True,
        status=ReviewStatus.APPROVED,
    ).first()
    if review is None:
        yield _found("not_approved")
    elif review.approved_until:
        ends_early = report.finish_at is not None and report.finish_at > review.approved_until
        key = "approval_ends" if ends_early else "approval_near"
        yield _found(key, blocks=ends_early, day=display.day(review.approved_until))


def _signature(campaign: Campaign) -> Iterator[Obstacle]:
    signature, filed = campaign.signature, Signature.Filing.FILED
    lacking = [name for name in ("cmcc", "cucc", "ctcc") if getattr(signature, name) != filed]
    wanted = [name for name in lacking if not campaign.operators or name in campaign.operators]
    if wanted:
        key = "signature" if signature.blocks_unfiled else "signature_warning"
        yield _found(key, blocks=signature.blocks_unfiled, operators=wanted)


def _balance(campaign: Campaign, report: PreflightReport) -> Iterator[Obstacle]:
    """Compared only where the vendor says that it is yuan."""
    account, low, high = campaign.account, report.cost.low, report.cost.high
    if account.balance is None or account.balance_unit != "yuan" or low is None or high is None:
        return
    if low > account.balance:
        yield _found("balance_short", amount=display.money(low - account.balance))
    elif high > account.balance:
        yield _found("balance_maybe", blocks=False, amount=display.money(high - account.balance))


def _opens(campaign: Campaign, start: datetime) -> datetime | None:
    return opens_at(start, SendingWindow.of(campaign), closed_days(campaign))


def _time(campaign: Campaign, report: PreflightReport, now: datetime) -> Iterator[Obstacle]:
    if start_passed(campaign, now):
        yield _start_past(campaign)
    start = max(now, campaign.start_at or now)
    if campaign.send_until and campaign.send_until <= start:
        yield _found("past")
    elif campaign.send_until and (opens := _opens(campaign, start)) and opens >= campaign.send_until:
        yield _found("window_after", at=opens.isoformat())
    elif report.late:
        yield _found("too_late", blocks=False, n=display.count(report.late))
    if report.finish_at is None:
        yield _found("never_ends")
