"""Review states: versions against accounts, what a vendor refused and why, submission, and entries by hand."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import show
from messaging import badges
from messaging.admin.base import needs, post_only, say_error
from messaging.admin.review_forms import PARTS, AccountPart, ByHandForm, SubmitForm
from messaging.admin.withdrawing import Withdrawing
from messaging.gateway.errors import Unsupported
from messaging.gateway.registry import vendor_class
from messaging.models import TemplateReview, VendorAccount
from messaging.services import once, reviews
from messaging.states import ReviewStatus
from templates_5g.blocks import errors
from templates_5g.models import TemplateVersion
from templates_5g.places import place
from templates_5g.problems import sentence

EXPIRES_SOON = timedelta(days=14)
PER_PAGE = 20
_TROUBLE = (ReviewStatus.REFUSED, ReviewStatus.UNKNOWN)


def shown_status(review: TemplateReview) -> str:
    """The stored status, or expiring / expired where its end is near or past."""
    until = review.approved_until
    if review.status != ReviewStatus.APPROVED or until is None:
        return review.status
    if until <= timezone.now():
        return "expired"
    return "expiring" if until - timezone.now() < EXPIRES_SOON else review.status


def note_of(review: TemplateReview) -> str:
    if review.status == ReviewStatus.APPROVED:
        return _("until %(date)s") % {"date": show.day(review.approved_until)} if review.approved_until else ""
    if review.status == ReviewStatus.WAITING and review.submitted_at:
        return _("for %(time)s") % {"time": show.duration(review.submitted_at)}
    return review.vendor_word if review.status in _TROUBLE else ""


@dataclass(frozen=True)
class Cell:
    """One version at one account: (part, badge, note, review) for each part, or one derived word with its reason. Where it
    was not submitted yet, `may_submit` (the vendor has an operation for it) and `may_register` (by hand)."""

    account: VendorAccount
    parts: list[tuple[Any, SafeString, str, TemplateReview]] = field(default_factory=list)
    badge: Any = ""
    note: str = ""
    may_submit: bool = False
    may_register: bool = False


def cell_of(version: TemplateVersion, account: VendorAccount, found: list[TemplateReview]) -> Cell:
    if found:
        parts = [
            (PARTS.get(review.part, review.part) if len(found) > 1 else "", badges.review(shown_status(review)),
             note_of(review), review)
            for review in sorted(found, key=lambda review: review.part != "main")
        ]  # fmt: skip
        return Cell(account, parts)
    vendor = vendor_class(account.vendor)
    hard = errors(vendor(account.config).check(version.blocks, version.fallback_blocks))
    if hard:
        return Cell(account, badge=badges.review("unsupported"), note=_line(hard[0]))
    if not vendor.capabilities.review_parts:
        return Cell(account, badge=badges.review("not_needed"))
    note = _("may be sent without a review") if vendor.capabilities.review_optional else ""
    return Cell(account, badge=badges.review("none"), note=note, may_register=True, may_submit=reviews.audits(account))


def matrix(versions: list[TemplateVersion], accounts: list[VendorAccount]) -> list[tuple[TemplateVersion, list[Cell]]]:
    """One row a version; one query for all cells."""
    live = TemplateReview.objects.filter(version__in=versions, live=True)
    by_place: dict[tuple[int, int], list[TemplateReview]] = {}
    for review in live:
        by_place.setdefault((review.version_id, review.account_id), []).append(review)
    return [
        (version, [cell_of(version, account, by_place.get((version.pk, account.pk), [])) for account in accounts])
        for version in versions
    ]


def in_trouble() -> Q:
    """Live reviews that want somebody: refused, unknown, expired or about to."""
    soon = timezone.now() + EXPIRES_SOON
    return Q(live=True) & (Q(status__in=_TROUBLE) | Q(status=ReviewStatus.APPROVED, approved_until__lt=soon))


@admin.register(TemplateReview)
class ReviewAdmin(Withdrawing):
    list_display = ("__str__", "part_name", "state_badge", "until", "submitted", "by_hand")
    list_filter = ("status", "account", "by_hand")
    list_select_related = ("version__template", "account")
    fields = (
        "version", "account", "part_name", "state_badge", "vendor_template_id", "vendor_word", "signature", "chatbot",
        "submitted", "decided", "until", "by_hand",
    )  # fmt: skip
    readonly_fields = fields
    change_form_template = "messaging/review.html"

    @admin.display(description=gettext_lazy("part"))
    def part_name(self, review: TemplateReview) -> str:
        return str(PARTS.get(review.part, review.part))

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, review: TemplateReview) -> SafeString:
        return badges.review(shown_status(review))

    @admin.display(description=gettext_lazy("approved until"))
    def until(self, review: TemplateReview) -> str:
        return show.when(review.approved_until)

    @admin.display(description=gettext_lazy("submitted at"))
    def submitted(self, review: TemplateReview) -> str:
        return show.when(review.submitted_at)

    @admin.display(description=gettext_lazy("decided at"))
    def decided(self, review: TemplateReview) -> str:
        return show.when(review.decided_at)

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("matrix/", self.matrix_view, "matrix"),
            self.own_url("submit/<int:version_id>/", self.submit_view, "submit"),
            self.own_url("by-hand/<int:version_id>/", self.by_hand_view, "by_hand"),
            self.own_url("<int:pk>/refresh/", self.refresh_view, "refresh"),
            *self.withdraw_urls(),
            *super().get_urls(),
        ]

    @needs("messaging.view_templatereview")
    def matrix_view(self, request: HttpRequest) -> HttpResponse:
        only_trouble = request.GET.get("trouble") == "1"
        page = max(int(request.GET["p"]), 1) if request.GET.get("p", "").isdigit() else 1
        versions = TemplateVersion.objects.select_related("template").filter(template__archived_at__isnull=True)
        if only_trouble:
            trouble = TemplateReview.objects.filter(in_trouble())
            versions = versions.filter(pk__in=trouble.values("version"))
        if request.GET.get("template", "").isdigit():
            versions = versions.filter(template=int(request.GET["template"]))
        start = (page - 1) * PER_PAGE
        found = list(versions.order_by("-updated_at", "-pk")[start : start + PER_PAGE + 1])
        accounts = list(VendorAccount.objects.all())
        refused = TemplateReview.objects.filter(live=True, status=ReviewStatus.REFUSED)
        return self.page(
            request,
            "messaging/review_matrix.html",
            title=_("Review states"),
            accounts=accounts,
            rows=matrix(found[:PER_PAGE], accounts),
            refused=refused.select_related("version__template", "account").order_by("-decided_at")[:5],
            only_trouble=only_trouble,
            newer=page - 1 if page > 1 else None,
            older=page + 1 if len(found) > PER_PAGE else None,
            may_submit=request.user.has_perm("messaging.submit_templatereview"),
        )

    # --- submission -------------------------------------------------------------------------------------------------

    @needs("messaging.submit_templatereview")
    def submit_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Accounts to choose, each with what it cannot carry named before anything is submitted."""
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        purpose = f"submit:{version_id}"
        form = SubmitForm(request.POST or None)
        choices = [_choice(version, account, request) for account in VendorAccount.objects.all()]
        chosen = [choice for choice in choices if choice.is_chosen]
        if request.method == "POST" and form.is_valid() and chosen and all(one.part.is_valid() for one in chosen):
            return self._submit(request, version, chosen, form.cleaned_data["signature"], purpose)
        if request.method == "POST" and not chosen:
            form.add_error(None, _("Choose at least one account."))
        return self.page(
            request,
            "messaging/review_submit.html",
            title=_("Submit %(version)s for review") % {"version": version},
            version=version,
            form=form,
            choices=choices,
            token=once.issue(request.user, purpose),
            back=self.address("matrix"),
        )

    def _submit(
        self, request: HttpRequest, version: TemplateVersion, chosen: list[Any], signature: Any, purpose: str
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                once.spend(request.POST.get("token", ""), request.user, purpose)
        except (once.AlreadyDone, once.BadToken) as error:
            say_error(request, error)
            return redirect(self.address("matrix"))
        for choice in chosen:
            self._submit_one(request, version, choice, signature)
        return redirect(self.address("matrix"))

    def _submit_one(self, request: HttpRequest, version: TemplateVersion, choice: Any, signature: Any) -> None:
        """Outside any transaction: the vendor is called, and what it said is kept whatever comes after."""
        values = choice.part.cleaned_data
        try:
            made = reviews.submit(
                version,
                choice.account,
                signature=signature,
                chatbot=values.get("chatbot"),
                options=choice.part.option_values,
                actor=request.user,
            )
        except ValidationError as error:
            say_error(request, error)
            return
        if not made:
            messages.info(request, _("%(account)s has this version already.") % {"account": choice.account})
        for review in made:
            say = messages.error if review.status in _TROUBLE else messages.success
            word = badges.REVIEW.get(review.status, (review.status, ""))[0]
            said = f" {review.vendor_word}" if review.status in _TROUBLE else ""
            say(request, f"{choice.account} · {PARTS.get(review.part, review.part)}: {word}{said}")

    @needs("messaging.change_templatereview")
    def by_hand_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        form = ByHandForm(request.POST or None, initial={"account": request.GET.get("account")})
        if form.is_valid():
            reviews.register_by_hand(version, actor=request.user, **form.cleaned_data)
            messages.success(request, _("Registered. The version is locked from now on."))
            return redirect(self.address("matrix"))
        return self.page(
            request,
            "songda/form.html",
            title=_("Register what %(version)s has at a vendor") % {"version": version},
            form=form,
            note=_("For templates that exist at the vendor already, or decisions that it does not report."),
            button=_("Register"),
            back=self.address("matrix"),
        )

    @needs("messaging.submit_templatereview", "messaging.change_templatereview")
    @post_only
    def refresh_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        review = get_object_or_404(TemplateReview.objects.select_related("account"), pk=pk)
        try:
            changed = reviews.refresh(review)
        except Unsupported:
            messages.error(request, _("This vendor cannot be asked about a template; it pushes its decision."))
        else:
            review.refresh_from_db()
            messages.info(request, _("The vendor decided.") if changed else _("The vendor says nothing new."))
        return redirect(self.address("change", pk))


@dataclass(frozen=True)
class Choice:
    """One account on the submission form. `blocking` and `warnings` are sentences."""

    account: VendorAccount
    part: AccountPart
    blocking: list[str]
    warnings: list[str]
    has: str

    @property
    def is_open(self) -> bool:
        return not self.blocking and not self.has

    @property
    def is_chosen(self) -> bool:
        return self.is_open and bool(self.part.data.get(self.part.add_prefix("chosen")))


def _choice(version: TemplateVersion, account: VendorAccount, request: HttpRequest) -> Choice:
    vendor = vendor_class(account.vendor)
    found = reviews.problems_for(version, account)
    hard = errors(found)
    blocking = [_line(problem) for problem in hard]
    if not hard and not vendor.capabilities.review_parts:
        blocking = [_("No review is needed here.")]
    elif not hard and not reviews.audits(account):
        blocking = [_("This vendor has no audit operation; register the template by hand.")]
    live = TemplateReview.objects.filter(version=version, account=account, live=True).exclude(
        status__in=(ReviewStatus.REFUSED, ReviewStatus.WITHDRAWN)
    )
    if vendor.capabilities.edits:
        live = live.exclude(by_hand=True)  # what was registered is what a submission edits
    waiting = live.first()
    has = str(badges.REVIEW.get(waiting.status, (waiting.status, ""))[0]) if waiting else ""
    initial = {"chosen": request.GET.get("account") == str(account.pk)}
    part = AccountPart(account, vendor, request.POST or None, initial=initial)
    return Choice(account, part, blocking, [_line(problem) for problem in found if problem not in hard], has)


def _line(problem: Any) -> str:
    return _("%(place)s: %(problem)s") % {"place": place(problem.path), "problem": sentence(problem)}
