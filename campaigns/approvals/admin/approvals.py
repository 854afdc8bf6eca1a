"""What waits for a colleague's word: the list, and the page on which somebody else than the asker decides."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.approvals import decide, reasons
from campaigns.approvals.admin import first_uses
from campaigns.lifecycle.admin.follow_ups import group_words
from campaigns.models import Approval, Campaign
from campaigns.preflight import admin as preflight_admin
from campaigns.states import ApprovalState
from kit import display
from kit.ids import row_id
from kit.people import signed_in
from messaging.admin_base import LookOnly, say_error

_RELATED = (
    "campaign__account",
    "campaign__audience",
    "campaign__signature",
    "campaign__version__template",
    "campaign__version_b__template",
    "campaign__fallback_account",
    "campaign__fallback_version__template",
    "asked_by",
    "decided_by",
)


def shown(campaign: Campaign) -> list[tuple[Approval, SafeString]]:
    """Every request for a campaign with its badge, newest first."""
    rows = campaign.approvals.select_related("asked_by", "decided_by").order_by("-pk")
    return [(row, badges.approval(row)) for row in rows]


@admin.register(Approval)
class ApprovalAdmin(LookOnly):
    list_display = ("campaign_name", "status", "people", "cost", "because", "asked", "decided")
    list_filter = ("state",)
    list_select_related = ("campaign", "asked_by", "decided_by")
    list_empty = gettext_lazy("Nothing waits for approval.")
    search_fields = ("campaign__name",)
    # What waits first; within both the newest first.
    ordering = (Case(When(state=ApprovalState.PENDING, then=Value(0)), default=Value(1)), "-id")
    change_list_template = "campaigns/approval_list.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The menu has its entry with a count instead."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The first uses that tokens asked for stand above, on the first page, under the same filter and search."""
        asked = {name: request.GET.get(name, "") for name in ("state__exact", "q", "p")}
        shown = (
            []
            if asked["p"] not in ("", "1")
            else first_uses.shown(signed_in(request), asked["state__exact"], asked["q"])
        )
        return super().changelist_view(request, {"first_uses": shown, **(extra_context or {})})

    @admin.display(description=gettext_lazy("campaign"))
    def campaign_name(self, approval: Approval) -> str:
        if approval.kind == Approval.Kind.FOLLOW_UP:
            return _("%(campaign)s, follow-up") % {"campaign": approval.campaign}
        return str(approval.campaign)

    @admin.display(description=gettext_lazy("status"), ordering="state")
    def status(self, approval: Approval) -> SafeString:
        return badges.approval(approval)

    @admin.display(description=gettext_lazy("people"))
    def people(self, approval: Approval) -> str:
        return display.count(approval.snapshot["covers"]["to_send"])

    @admin.display(description=gettext_lazy("cost at most"))
    def cost(self, approval: Approval) -> str:
        return display.money(approval.snapshot["covers"]["cost"]["high"])

    @admin.display(description=gettext_lazy("why"))
    def because(self, approval: Approval) -> str:
        return "；".join(reasons.sentences(approval))

    @admin.display(description=gettext_lazy("asked"), ordering="id")
    def asked(self, approval: Approval) -> str:
        return format_html("{} {}", display.person(approval.asked_by), display.when(approval.asked_at))

    @admin.display(description=gettext_lazy("decided"))
    def decided(self, approval: Approval) -> str:
        if approval.decided_by is None:
            return ""
        return format_html("{} {}", display.person(approval.decided_by), display.when(approval.decided_at))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = row_id(object_id) or 0
        approval = get_object_or_404(Approval.objects.select_related(*_RELATED), pk=key)
        may_decide = request.user.has_perm("campaigns.approve_campaign")
        if request.method == "POST":
            if not may_decide:
                raise PermissionDenied
            return self._decide(request, approval)
        return self._show(request, approval, may_decide)

    def _decide(self, request: HttpRequest, approval: Approval) -> HttpResponse:
        reason = request.POST.get("reason", "").strip()[:200]
        try:
            if request.POST.get("decision") == "grant":
                decide.grant(approval, signed_in(request), reason, at_once="at_once" in request.POST)
                follow_up = approval.kind == Approval.Kind.FOLLOW_UP
                words = _("Approved. The follow-up can be confirmed now.")
                self.message_user(request, words if follow_up else _("Approved. The campaign can be confirmed now."))
            else:
                decide.refuse(approval, signed_in(request), reason)
                self.message_user(request, _("Sent back with your reason."))
        except decide.CannotDecide as refusal:
            say_error(request, refusal)
            return redirect(self.address("change", approval.pk))
        return redirect(self.address("changelist"))

    def _show(self, request: HttpRequest, approval: Approval, may_decide: bool) -> HttpResponse:
        is_open = approval.state == ApprovalState.PENDING
        return self.page(
            request,
            "campaigns/approval.html",
            title=_("Approval: %(campaign)s") % {"campaign": approval.campaign},
            approval=approval,
            badge=badges.approval(approval),
            because=reasons.sentences(approval),
            facts=_facts(approval),
            own=is_open and may_decide and bool(decide.why_not(approval, signed_in(request))),
            open=is_open and may_decide,
            passed=decide.passed_words(approval),
        )


def _follow_up(approval: Approval) -> list[tuple[Any, Any]]:
    """Who gets it again, and until when: of a follow-up alone."""
    if approval.kind != Approval.Kind.FOLLOW_UP:
        return []
    wanted = approval.snapshot["covers"]["follow_up"]
    until = parse_datetime(wanted["until"]) if wanted["until"] else None
    return [
        (_("Dispatch"), _("follow-up")),
        (_("Who"), group_words(wanted["groups"])),
        (_("Not sent after"), display.when(until) if until else _("no limit")),
    ]


def _when(campaign: Campaign) -> list[tuple[Any, Any]]:
    return [
        (_("Start"), preflight_admin.start_words(campaign)),
        (_("Send window"), preflight_admin.window_words(campaign)),
        (_("Not sent after"), display.when(campaign.send_until) if campaign.send_until else _("no limit")),
    ]


def _facts(approval: Approval) -> list[tuple[Any, Any]]:
    """The numbers are the snapshot's; the names are those of the campaign, which is unchanged while the request is open."""
    campaign, covers = approval.campaign, approval.snapshot["covers"]
    cost = covers["cost"]["high"]
    version = reverse("admin:templates_5g_templateversion_change", args=[campaign.version_id])
    facts = [
        (_("To"), _("%(n)s people") % {"n": display.count(covers["to_send"])}),
        (_("Not sent to"), display.count(sum(covers["excluded"].values()))),
        (_("Cost at most"), display.money(Decimal(cost)) if cost else _("not known: the account has no prices")),
        (_("Content"), format_html('<a href="{}">{}</a>', version, campaign.version)),
        (_("Audience"), campaign.audience),
        (_("Vendor account"), f"{campaign.account} · {campaign.signature}"),
        *(_follow_up(approval) or _when(campaign)),
    ]
    asked = format_html("{} {}", display.person(approval.asked_by), display.moment(approval.asked_at))
    follow_up = approval.kind == Approval.Kind.FOLLOW_UP
    watch = [] if follow_up else [*preflight_admin.again_words(campaign), *preflight_admin.watch_words(campaign)]
    return [*facts, *watch, (_("Asked by"), asked)]
