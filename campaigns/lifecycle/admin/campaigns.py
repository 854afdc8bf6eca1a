"""Campaigns: the list, the form, and the check before anything is sent."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges, preflight
from campaigns.approvals import campaign_approvals, decide
from campaigns.approvals.admin import approvals
from campaigns.lifecycle import edit, progress, steps
from campaigns.lifecycle.admin.follow_ups import FollowingPages
from campaigns.lifecycle.admin.people import PeoplePages
from campaigns.lifecycle.admin.sending import SendingPages
from campaigns.lifecycle.forms import CampaignForm
from campaigns.models import Campaign
from campaigns.preflight import admin as preflight_admin
from campaigns.states import CampaignState
from kit import display
from kit.ids import row_id
from kit.people import signed_in
from messaging.admin_base import needs, post_only, say_error

CAN_CHECK = (*steps.CAN_EDIT, CampaignState.CHECKING)


@admin.register(Campaign)
class CampaignAdmin(SendingPages, FollowingPages, PeoplePages):
    list_display = ("name", "status", "bar", "delivered", "people", "starts")
    list_filter = ("state",)
    search_fields = ("name",)
    list_select_related = ("dispatch", "audience")
    list_empty = gettext_lazy("No campaign yet. Import an audience first.")
    list_add_label = gettext_lazy("New campaign")
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        answer = super().changelist_view(request, extra_context)
        results = getattr(answer, "context_data", {}).get("cl")
        if results is not None:
            _count_shown(results.result_list)
        return answer

    @admin.display(description=gettext_lazy("status"), ordering="state")
    def status(self, campaign: Campaign) -> SafeString:
        return badges.campaign(campaign)

    @admin.display(description=gettext_lazy("handed over"))
    def bar(self, campaign: Campaign) -> Any:
        counts = getattr(campaign, "counts", None)
        if not counts:
            return ""
        planned = sum(counts.values()) - counts.get("skipped", 0)
        waiting = sum(counts.get(status, 0) for status in ("queued", "cancelled", "too_late"))
        return display.progress(planned - waiting, planned)

    @admin.display(description=gettext_lazy("delivered"))
    def delivered(self, campaign: Campaign) -> str:
        counts = getattr(campaign, "counts", None)
        return display.count(counts.get("delivered", 0) + counts.get("read", 0)) if counts else ""

    @admin.display(description=gettext_lazy("people"))
    def people(self, campaign: Campaign) -> str:
        if campaign.checked_at:
            return display.count(campaign.report.to_send)
        return display.count(campaign.audience.size)

    @admin.display(description=gettext_lazy("start"), ordering="start_at")
    def starts(self, campaign: Campaign) -> str:
        return display.when(campaign.started_at or campaign.start_at)

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/check/", self.check_view, "check"),
            self.own_url("<int:pk>/check.json", self.check_state_view, "check_state"),
            self.own_url("<int:pk>/check/again/", self.check_again_view, "check_again"),
            self.own_url("<int:pk>/ask/", self.ask_view, "ask"),
            self.own_url("<int:pk>/ask/withdraw/", self.withdraw_view, "withdraw"),
            *self.sending_urls(),
            *self.following_urls(),
            *self.people_urls(),
            *super().get_urls(),
        ]

    # --- the form ----------------------------------------------------------------------------------------------

    @needs("campaigns.add_campaign")
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        version, audience = request.GET.get("version"), request.GET.get("audience")
        form = CampaignForm(request.POST or None, initial={"version": version, "audience": audience})
        saved = self._saved(request, form)
        return self._checked(request, saved, form) or self._form_page(
            request, form, _("New campaign"), self.address("changelist"), self.parents(request)
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        with transaction.atomic():
            campaign = self._stored(request, object_id)
            if campaign.state not in steps.CAN_EDIT or not self.has_change_permission(request):
                return redirect(self.address("check" if campaign.dispatch_id is None else "progress", campaign.pk))
            title = _("Campaign settings: %(campaign)s") % {"campaign": campaign}
            back = self.address(
                "check" if campaign.checked_at else "changelist", *([campaign.pk] if campaign.checked_at else [])
            )
            above = self.pages_above(campaign)
            form = CampaignForm(request.POST or None, instance=campaign)
            saved = self._saved(request, form)
        return self._checked(request, saved, form) or self._form_page(request, form, title, back, above)

    @staticmethod
    def _stored(request: HttpRequest, object_id: str) -> Campaign:
        """Locked when a form comes back, so that it is compared with what a colleague may be saving in this moment."""
        rows = Campaign.objects.select_related("account")
        if request.method == "POST":
            rows = rows.select_for_update(of=("self",), no_key=True)
        return get_object_or_404(rows, pk=row_id(object_id) or 0)

    def _saved(self, request: HttpRequest, form: CampaignForm) -> Campaign | None:
        """None where the form is to be shown (again)."""
        if not form.is_valid():
            return None
        try:
            return edit.save(form, signed_in(request))
        except preflight.NotNow as moved_on:
            form.add_error(None, _("The campaign has moved on: %(state)s.") % {"state": moved_on})
            return None

    def _checked(self, request: HttpRequest, campaign: Campaign | None, form: CampaignForm) -> HttpResponse | None:
        """On to the check of what was saved."""
        if campaign is None:
            return None
        try:
            self._begin(campaign)
        except preflight.NotNow as moved_on:
            form.add_error(None, _("The campaign has moved on: %(state)s.") % {"state": moved_on})
            return None
        return redirect(self.address("check", campaign.pk))

    def _form_page(
        self, request: HttpRequest, form: CampaignForm, title: str, back: str, parents: list[tuple[str, str]]
    ) -> HttpResponse:
        return self.page(
            request,
            "campaigns/campaign_form.html",
            title=title,
            parents=parents,
            form=form,
            groups=form.groups(),
            button=_("Save and check"),
            back=back,
        )

    def _begin(self, campaign: Campaign) -> None:
        preflight.begin_check(campaign)

    # --- the check ---------------------------------------------------------------------------------------------

    @needs("campaigns.view_campaign")
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        if campaign.dispatch_id is not None or campaign.state == CampaignState.SCHEDULED:
            return redirect(self.address("progress", pk))
        may_send = request.user.has_perm("campaigns.send_campaign")
        return self.page(
            request,
            "campaigns/check.html",
            title=_("Pre-send check: %(campaign)s") % {"campaign": campaign},
            campaign=campaign,
            badge=badges.campaign(campaign),
            note=badges.note(campaign.state_note) if campaign.state_note else None,
            moving=campaign.state == CampaignState.CHECKING,
            may_change=self.has_change_permission(request) and campaign.state in CAN_CHECK,
            may_send=may_send,
            because=campaign_approvals.missing(campaign) if campaign.state == CampaignState.CHECKED else [],
            approvals=approvals.shown(campaign),
            watch=preflight_admin.watch_words(campaign),
            may_test=request.user.has_perm("messaging.add_dispatch"),
            **preflight_admin.shown(campaign),
        )

    @needs("campaigns.view_campaign")
    def check_state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        campaign = get_object_or_404(Campaign, pk=pk)
        moving = campaign.state == CampaignState.CHECKING
        html = f'<p aria-busy="true">{_("The rows are being checked. You may leave this page.")}</p>'
        return JsonResponse({"html": html, "state": campaign.state, "final": not moving, "reload": not moving})

    @needs("campaigns.change_campaign")
    @post_only
    def check_again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            self._begin(self.campaign_or_404(pk))
        except preflight.NotNow as moved_on:
            say_error(request, Exception(_("The campaign has moved on: %(state)s.") % {"state": moved_on}))
        return redirect(self.address("check", pk))

    # --- a colleague's approval ----------------------------------------------------------------------------------

    @needs("campaigns.send_campaign")
    @post_only
    def ask_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            campaign_approvals.ask(self.campaign_or_404(pk), signed_in(request))
        except decide.CannotDecide as refusal:
            say_error(request, refusal)
        else:
            self.message_user(request, _("Submitted. A colleague who may approve finds it under Approvals."))
        return redirect(self.address("check", pk))

    @needs("campaigns.send_campaign")
    @post_only
    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not campaign_approvals.withdraw(self.campaign_or_404(pk), signed_in(request)):
            say_error(request, Exception(_("It was decided already.")))
        return redirect(self.address("check", pk))


def _count_shown(campaigns: Any) -> None:
    """Counts of the page's campaigns, two queries for all of them."""
    counts = progress.counts_by_campaign(campaigns)
    for campaign in campaigns:
        campaign.counts = counts.get(campaign.pk, {})
