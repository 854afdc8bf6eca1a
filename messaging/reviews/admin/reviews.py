"""Review states: the matrix, one review with what to do about it, and entries by hand."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from kit import display
from kit.labels import Label
from kit.people import signed_in
from messaging import badges, form_tokens, reviews
from messaging.admin_base import needs, post_only, say_error
from messaging.compatibility.admin import MediaIdPages
from messaging.gateway.outcomes import Outcome, Unsupported
from messaging.models import TemplateReview, VendorAccount
from messaging.reviews import status
from messaging.reviews.admin import matrix
from messaging.reviews.admin.forms import PARTS, ByHandForm
from messaging.reviews.admin.submission import SubmissionPages
from messaging.reviews.admin.withdraw import Withdrawing, may_withdraw
from messaging.sentences import sentence
from messaging.states import ReviewStatus
from templates_5g import hooks
from templates_5g.json_request import whole
from templates_5g.models import TemplateVersion

PER_PAGE = 20
MOST_PAGES = 10_000
_SHOWN: Mapping[str, Callable[[QuerySet[TemplateVersion]], QuerySet[TemplateVersion] | list[TemplateVersion]]] = {
    "trouble": matrix.trouble,
    "expiring": matrix.soonest_first,
}
_CSRF = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*')


class EndFilter(admin.SimpleListFilter):
    title = gettext_lazy("approval ends")
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("soon", gettext_lazy("within a week")),
            ("over", pgettext_lazy("approval", "has ended")),
            ("never", gettext_lazy("renewed by the vendor")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TemplateReview]) -> QuerySet[TemplateReview]:
        now = timezone.now()
        approved = queryset.filter(live=True, status=ReviewStatus.APPROVED)
        ways = {
            "soon": approved.filter(approved_until__gt=now, approved_until__lte=now + status.LISTED),
            "over": approved.filter(approved_until__lte=now),
            "never": approved.filter(renews_itself=True),
        }
        return ways.get(self.value() or "", queryset)


class AbsentForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("how you know"),
        max_length=200,
        help_text=gettext_lazy("For instance: not in the list of the vendor's console. It is kept in the audit trail."),
    )


@admin.register(TemplateReview)
class ReviewAdmin(SubmissionPages, MediaIdPages, Withdrawing):
    list_display = ("__str__", "part_name", "state_badge", "until", "submitted", "by_hand")
    list_filter = ("status", EndFilter, "account", "by_hand")
    list_select_related = ("version__template", "account")
    fields = ("version", "account", "part_name", "signature", "chatbot")
    readonly_fields = fields
    change_form_template = "messaging/review.html"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Links lead only to pages that this user may open."""
        shown = {"version": "templates_5g.view_templateversion", "account": "messaging.view_vendoraccount",
                 "signature": "messaging.view_signature", "chatbot": "messaging.view_chatbot"}  # fmt: skip
        hidden = {name for name, permission in shown.items() if not request.user.has_perm(permission)}
        return tuple(f"{name}_name" if name in hidden else name for name in self.fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    @admin.display(description=gettext_lazy("version"))
    def version_name(self, review: TemplateReview) -> str:
        return str(review.version)

    @admin.display(description=gettext_lazy("vendor account"))
    def account_name(self, review: TemplateReview) -> str:
        return str(review.account)

    @admin.display(description=gettext_lazy("signature"))
    def signature_name(self, review: TemplateReview) -> str:
        return str(review.signature or display.UNKNOWN)

    @admin.display(description=gettext_lazy("5G sender"))
    def chatbot_name(self, review: TemplateReview) -> str:
        return str(review.chatbot or display.UNKNOWN)

    @admin.display(description=gettext_lazy("part"))
    def part_name(self, review: TemplateReview) -> str:
        return str(PARTS.get(review.part, review.part))

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, review: TemplateReview) -> SafeString:
        return badges.review(status.status_of(review))

    @admin.display(description=gettext_lazy("approved until"), ordering="approved_until")
    def until(self, review: TemplateReview) -> str:
        return status.note_of(review) if review.status == ReviewStatus.APPROVED else display.UNKNOWN

    @admin.display(description=gettext_lazy("submitted at"))
    def submitted(self, review: TemplateReview) -> str:
        return display.when(review.submitted_at)

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("matrix/", self.matrix_view, "matrix"),
            self.own_url("matrix.json", self.matrix_state_view, "matrix_state"),
            *self.submission_urls(),
            self.own_url("by-hand/<int:version_id>/", self.by_hand_view, "by_hand"),
            self.own_url("<int:pk>/state.json", self.state_view, "state"),
            self.own_url("<int:pk>/refresh/", self.refresh_view, "refresh"),
            self.own_url("<int:pk>/take-back/", self.take_back_view, "take_back"),
            self.own_url("<int:pk>/absent/", self.absent_view, "absent"),
            *self.media_id_urls(),
            *self.withdraw_urls(),
            *super().get_urls(),
        ]

    # --- the matrix -------------------------------------------------------------------------------------------------

    @needs("messaging.view_templatereview")
    def matrix_view(self, request: HttpRequest) -> HttpResponse:
        show_only = request.GET.get("show", "") if request.GET.get("show", "") in _SHOWN else ""
        page = max(min(whole(request.GET.get("p", "")), MOST_PAGES), 1)
        versions = TemplateVersion.objects.select_related("template").filter(template__archived_at__isnull=True)
        versions = matrix.of_template(versions, request.GET.get("template", "")).order_by("-updated_at", "-pk")
        chosen = _SHOWN[show_only](versions) if show_only else versions
        start = (page - 1) * PER_PAGE
        found = list(chosen[start : start + PER_PAGE + 1])
        accounts = list(VendorAccount.objects.all())
        planned, audience = parse_day(request.GET.get("send_on", "")), request.GET.get("audience", "")
        rejected = TemplateReview.objects.filter(status.STANDING, status=ReviewStatus.REJECTED)
        columns = _columns(accounts, planned)
        rows = matrix.matrix(
            found[:PER_PAGE], accounts, reach=matrix.reach_of(audience, signed_in(request))
        )  # fmt: skip
        return self.page(
            request,
            "messaging/review_matrix.html",
            title=_("Review states"),
            accounts=columns,
            rows=[
                (version, list(zip(cells, columns, strict=True)), matrix.wants_submission(cells))
                for version, cells in rows
            ],
            live=_live_address(rows, audience),
            rejected=rejected.select_related("version__template", "account").order_by("-decided_at")[:5],
            show_only=show_only,
            send_on=planned.isoformat() if planned else "",
            audiences=hooks.audiences(signed_in(request)),
            audience=audience,
            kept=_kept(request, "send_on", "audience", "template"),
            newer=page - 1 if page > 1 else None,
            older=page + 1 if len(found) > PER_PAGE else None,
            may_submit=request.user.has_perm("messaging.submit_templatereview"),
        )

    @needs("messaging.view_templatereview")
    def matrix_state_view(self, request: HttpRequest) -> JsonResponse:
        """{"parts": {id: {html, said}}, "open"}: the cells of the named versions (`v`, at most a page of them) that hold a
        review, and whether any may still change by itself."""
        ids = [whole(one) for one in request.GET.get("v", "").split(",")[:PER_PAGE]]
        versions = list(TemplateVersion.objects.select_related("template").filter(pk__in=ids))
        reach = matrix.reach_of(request.GET.get("audience", ""), signed_in(request))
        cells, is_open = matrix.open_cells(versions, list(VendorAccount.objects.all()), reach=reach)
        may_submit = request.user.has_perm("messaging.submit_templatereview")
        parts = {cell.key: _part(request, "cell", cell.words, cell=cell, may_submit=may_submit) for cell in cells}
        return JsonResponse({"parts": parts, "open": is_open})

    # --- one review -------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = TemplateReview.objects.select_related("account", "version__template")
        review = found.filter(pk=whole(object_id)).first()
        extra = {"form_title": f"{review.version} · {review.account}", **self._state(request, review)} if review else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    @needs("messaging.view_templatereview")
    def state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        review = get_object_or_404(TemplateReview.objects.select_related("account", "version__template"), pk=pk)
        state = self._state(request, review)
        parts = {"review-state": _part(request, "state", state["line"].badge, **state)}
        return JsonResponse({"parts": parts, "open": state["moving"]})

    def _state(self, request: HttpRequest, review: TemplateReview) -> dict[str, Any]:
        """What the state's panel shows: the line with its acts, and what this user may do besides."""
        (line,) = matrix.lines_of(review)
        may_submit = request.user.has_perm("messaging.submit_templatereview")
        decides = request.user.has_perm("messaging.change_templatereview")
        others = TemplateReview.objects.filter(status.STANDING, version=review.version_id, account=review.account_id)
        waiting_here = review.status == ReviewStatus.SUBMITTING and review.claimed_at is None
        return {
            "review": review,
            "line": line,
            "beside": others.filter(part=review.part).exclude(pk=review.pk).first(),
            "moving": status.moves(review),
            "may_submit": may_submit,
            "may_register": decides and (review.live or review.renewal),
            "may_ask": may_submit and review.status == ReviewStatus.WAITING,
            "may_take_back": may_submit and waiting_here,
            "may_decide_absent": (may_submit or decides) and review.status == ReviewStatus.UNKNOWN,
            "may_withdraw": may_submit and may_withdraw(review),
        }

    @needs("messaging.change_templatereview")
    def by_hand_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=version_id)
        form = ByHandForm(request.POST or None, initial={"account": request.GET.get("account")})
        if form.is_valid():
            try:
                reviews.register_by_hand(version, actor=signed_in(request), **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error.messages)  # type: ignore[arg-type]
            else:
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
            asked = reviews.refresh(review)
        except Unsupported:
            messages.error(request, _("This vendor cannot be asked about a template; it pushes its decision."))
        else:
            _say_asked(request, asked)
        return redirect(self.address("change", pk))

    @needs("messaging.submit_templatereview")
    @post_only
    def take_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            reviews.take_back(get_object_or_404(TemplateReview, pk=pk), signed_in(request))
        except ValidationError as error:
            say_error(request, error)
        else:
            messages.success(request, _("Taken back; the vendor never had it."))
        return redirect(self.address("change", pk))

    @needs("messaging.submit_templatereview", "messaging.change_templatereview")
    def absent_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Of an unknown submission: the vendor does not have it, so it can be submitted anew."""
        review = get_object_or_404(TemplateReview.objects.select_related("account", "version__template"), pk=pk)
        form = AbsentForm(request.POST or None)
        if review.status != ReviewStatus.UNKNOWN:
            messages.info(request, _("It was decided meanwhile."))
            return redirect(self.address("change", pk))
        if request.method == "POST" and form.is_valid():
            return self._absent(request, review, form.cleaned_data["reason"])
        return self.page(
            request,
            "songda/confirm.html",
            title=_("The vendor does not have it"),
            facts=[
                (_("Content"), review.version),
                (_("Vendor account"), review.account),
                (_("Name at the vendor"), f"{review.version.template.name} v{review.version.number}"),
                (pgettext("review", "Submitted"), display.when(review.submitted_at)),
            ],
            warning=_("If the vendor has it after all, a second submission makes it a second template there."),
            form=form,
            token=form_tokens.issue(signed_in(request), f"absent:{pk}"),
            button=_("It is not there"),
            back=self.address("change", pk),
        )

    def _absent(self, request: HttpRequest, review: TemplateReview, reason: str) -> HttpResponse:
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), f"absent:{review.pk}")
                reviews.declare_absent(review, reason, signed_in(request))
        except (ValidationError, form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
            return redirect(self.address("change", review.pk))
        if request.user.has_perm("messaging.submit_templatereview"):
            return redirect(f"{self.address('submit', review.version_id)}?account={review.account_id}")
        return redirect(self.address("matrix"))


def parse_day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _columns(accounts: list[VendorAccount], planned: date | None) -> list[tuple[VendorAccount, date | None, bool]]:
    """(account, last day to submit for the planned day, is it over?)"""
    if planned is None or abs(planned - timezone.localdate()) > timedelta(days=3650):
        return [(account, None, False) for account in accounts]
    calendar, today = reviews.Calendar.here_and_now(), timezone.localdate()
    last = [calendar.submit_by(one, planned) if reviews.must_be_reviewed(one) else None for one in accounts]
    return [(one, day, day is not None and day < today) for one, day in zip(accounts, last, strict=True)]


def _live_address(rows: list[tuple[TemplateVersion, list[matrix.Cell]]], audience: str) -> str:
    """Where the page asks for what has changed; "" where nothing can change by itself."""
    moving = any(status.moves(line.review) for _version, cells in rows for cell in cells for line in cell.lines)
    asked = urlencode({"v": ",".join(str(version.pk) for version, _cells in rows), "audience": audience})
    return f"{reverse('admin:messaging_templatereview_matrix_state')}?{asked}" if moving else ""


def _kept(request: HttpRequest, *names: str) -> str:
    """These parameters as they are, for links on the page."""
    kept = request.GET.copy()
    for name in list(kept):
        if name not in names or not kept[name]:
            del kept[name]
    return kept.urlencode()


def _part(request: HttpRequest, name: str, said: Label, **context: object) -> dict[str, str]:
    """One piece of a live page. `mark` is equal as long as nothing but the form's token differs."""
    html = render_to_string(f"messaging/review_{name}.html", context, request)
    return {"html": html, "mark": _CSRF.sub(r"\1", html), "said": str(said)}


def _say_asked(request: HttpRequest, asked: reviews.Asked) -> None:
    if asked.changed:
        messages.info(request, _("The vendor decided."))
    elif asked.verdict.outcome is Outcome.ACCEPTED:
        messages.info(request, _("The vendor says nothing new."))
    else:
        word = f"{asked.verdict.code} {asked.verdict.message}".strip() or "—"
        why = sentence(asked.verdict.reason)
        messages.error(
            request,
            _("The vendor gave no decision: %(why)s %(do)s (%(word)s)") % {"why": why.what, "do": why.do, "word": word},
        )
