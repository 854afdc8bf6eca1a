"""What campaigns put on the home page: what waits for a decision, and what is being sent."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns import badges
from campaigns.models import Approval, AudienceImport, Campaign, FirstUse
from campaigns.services import approving, progress, running
from campaigns.states import ApprovalState, CampaignState, ImportState
from config.kit import show, workbench

_SHOWN = 10


def waiting(request: HttpRequest) -> Iterator[workbench.Todo]:
    if request.user.has_perm("campaigns.send_campaign"):
        for campaign in Campaign.objects.filter(state=CampaignState.STOPPED)[:_SHOWN]:
            why, _todo = badges.note(campaign.state_note)
            url = reverse("admin:campaigns_campaign_progress", args=[campaign.pk])
            yield workbench.Todo(_("Stopped by itself"), f"{campaign} · {why}", url, _("Look at the reason"), rank=15)
    if request.user.has_perm("campaigns.approve_campaign"):
        for approval in _to_approve(request)[:_SHOWN]:
            covers = approval.snapshot["covers"]
            parts = [str(approval.campaign), _("%(n)s people") % {"n": show.count(covers["to_send"])}]
            parts += [str(approving.sentence(found)) for found in approval.snapshot["because"]]
            url = reverse("admin:campaigns_approval_change", args=[approval.pk])
            yield workbench.Todo(_("To be approved by me"), " · ".join(parts), url, _("Look and decide"), rank=12)
        for row in _first_uses(request)[:_SHOWN]:
            url = reverse("admin:first_use_decide", args=[row.pk, "grant"])
            text = _("%(version)s · first use by API · %(token)s") % {"version": row.version, "token": row.token.name}
            yield workbench.Todo(_("To be approved by me"), text, url, _("Look and decide"), rank=13)
    if request.user.has_perm("campaigns.import_audience"):
        rows = AudienceImport.objects.filter(state__in=(ImportState.READY, ImportState.UPLOADED))
        for source in rows.select_related("audience")[:_SHOWN]:
            url = reverse("admin:campaigns_audience_file", args=[source.pk])
            text = f"{source.file_name} · {source.audience}"
            yield workbench.Todo(source.get_state_display(), text, url, _("Go on"), rank=40)


def _to_approve(request: HttpRequest) -> QuerySet[Approval]:
    """Open requests of others."""
    waiting = Approval.objects.filter(state=ApprovalState.PENDING).select_related("campaign")
    return waiting.exclude(asked_by=request.user.pk).exclude(campaign__created_by=request.user.pk)


def _first_uses(request: HttpRequest) -> QuerySet[FirstUse]:
    """Of tokens and versions of others."""
    waiting = FirstUse.objects.filter(state=ApprovalState.PENDING).select_related("version__template", "token")
    return waiting.exclude(asked_by=request.user.pk).exclude(version__created_by=request.user.pk)


def to_approve_count(request: HttpRequest) -> int | None:
    if not request.user.has_perm("campaigns.approve_campaign"):
        return None
    return _to_approve(request).count() + _first_uses(request).count()


def now_running(request: HttpRequest) -> str:
    if not request.user.has_perm("campaigns.view_campaign"):
        return ""
    states = running.ALIVE
    rows = Campaign.objects.filter(state__in=states, dispatch__isnull=False).select_related("dispatch", "account")
    shown = []
    for campaign in rows[:_SHOWN]:
        now = progress.progress(campaign)
        bar = show.progress(now["handed_over"], now["people"])
        shown.append((campaign, badges.campaign(campaign), bar, now["finish_at"]))
    return render_to_string("campaigns/running_panel.html", {"rows": shown}, request) if shown else ""


def register() -> None:
    workbench.todo(waiting)
    workbench.panel(now_running, rank=10)
