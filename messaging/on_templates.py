"""What the pages of templates show from messaging: review cells, refusals, senders, prices, links; and the variables
that vendors fill. Fills their hooks."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from kit import display
from kit.people import Person
from messaging import badges
from messaging.gateway.registry import all_vendors, vendor_class
from messaging.models import Chatbot, TemplateReview, VendorAccount, VendorMedia
from messaging.reviews import status as reviews_status
from messaging.states import AccountStatus, ReviewStatus
from templates_5g import hooks
from templates_5g.blocks import Content, Fallback
from templates_5g.blocks.variables import VENDOR_VARIABLES
from templates_5g.models import TemplateVersion
from templates_5g.services import local_url


def fill() -> None:
    """Called once, when the app is ready."""
    hooks.review_cells.fill(review_cells)
    hooks.refusals.fill(refusals)
    hooks.senders.fill(senders)
    hooks.prices.fill(prices)
    hooks.version_actions.fill(version_actions)
    hooks.account_problems.fill(account_problems)
    hooks.media_uses.fill(media_uses)
    VENDOR_VARIABLES.update(*(vendor.capabilities.own_variables for vendor in all_vendors().values()))


def review_cells(version_ids: Sequence[int]) -> Mapping[int, Sequence[hooks.ReviewCell]]:
    cells: dict[int, list[hooks.ReviewCell]] = {pk: [] for pk in version_ids}
    found = TemplateReview.objects.filter(reviews_status.STANDING, version__in=version_ids).select_related("account")
    for review in found.exclude(renewal=True, status=ReviewStatus.WITHDRAWN).order_by("account__name", "part", "-live"):
        status = reviews_status.status_of(review)
        word, role = badges.REVIEW.get(status, (status, "idle"))
        url = reverse("admin:messaging_templatereview_change", args=[review.pk])
        renewal = _("Renewal") if review.renewal else ""
        note = f"{renewal} {reviews_status.note_of(review)}".strip()
        cell = hooks.ReviewCell(review.account.name, str(word), role, note, url, reviews_status.moves(review))
        cells[review.version_id].append(cell)
    return cells


def refusals(template_id: int) -> Sequence[hooks.Refusal]:
    rejected = TemplateReview.objects.filter(version__template=template_id, status=ReviewStatus.REJECTED)
    return [
        hooks.Refusal(
            review.version.number, review.account.name, review.decided_at or review.created_at, review.vendor_message
        )
        for review in rejected.select_related("version", "account").order_by("-id")[:20]
    ]


def senders() -> Sequence[hooks.Sender]:
    return [
        hooks.Sender(bot.name, bot.signature.text, local_url(bot.logo) if bot.logo else "", bot.verified)
        for bot in Chatbot.objects.select_related("signature", "logo").order_by("name")[:50]
    ]


def prices() -> Sequence[hooks.Price]:
    return [
        hooks.Price(account.name, channel, Decimal(str(amount)))
        for account in VendorAccount.objects.all()
        for channel, amount in account.prices.items()
    ]


def version_actions(version: TemplateVersion, user: Person) -> Sequence[hooks.Action]:
    actions = []
    if user.has_perm("messaging.submit_templatereview"):
        url = reverse("admin:messaging_templatereview_submit", args=[version.pk])
        actions.append(hooks.Action(_("Submit for review"), url, primary=True))
    if user.has_perm("messaging.add_dispatch"):
        actions.append(hooks.Action(_("Send a test"), reverse("admin:messaging_dispatch_test", args=[version.pk])))
    if user.has_perm("messaging.view_templatereview"):
        url = f"{reverse('admin:messaging_templatereview_matrix')}?template={version.template_id}"
        actions.append(hooks.Action(_("Review states"), url))
    return actions


def account_problems(content: Content, fallback: Fallback, purpose: str) -> Sequence[hooks.AccountProblems]:
    """From the vendors' own folders; accounts that are switched off are left out."""
    found = []
    for account in VendorAccount.objects.exclude(status=AccountStatus.OFF):
        vendor = vendor_class(account.vendor)(account.config)
        problems = vendor.check(content, fallback)
        if problems:
            found.append(hooks.AccountProblems(account.name, tuple(problems)))
    return found


def media_uses(asset_ids: Sequence[int]) -> Mapping[int, Sequence[hooks.Use]]:
    """Where a file is known at a vendor and until when, and which senders show it as their logo. Two queries."""
    found: dict[int, list[hooks.Use]] = {}
    for known in VendorMedia.objects.filter(asset__in=asset_ids).select_related("account").order_by("account__name"):
        state = str(known.get_state_display())
        if known.expires_at:
            state += " · " + _("until %(day)s") % {"day": display.day(known.expires_at)}
        found.setdefault(known.asset_id, []).append(hooks.Use(known.account.name, state=state))
    for bot in Chatbot.objects.filter(logo__in=asset_ids):
        url = reverse("admin:messaging_chatbot_change", args=[bot.pk])
        found.setdefault(bot.logo_id or 0, []).append(hooks.Use(bot.name, url, _("logo")))
    return found
