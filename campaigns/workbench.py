"""What campaigns put on the home page: what waits for a decision, and what is being sent."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns import badges
from campaigns.api import tokens
from campaigns.approvals import reasons, role_grants
from campaigns.lifecycle import progress, steps
from campaigns.models import Approval, AudienceImport, Campaign, FirstUse, RoleGrant
from campaigns.states import ApprovalState, CampaignState, ImportState
from kit import display, workbench
from kit.people import signed_in

_SHOWN = 10
_NAMES_SHOWN = 3


def waiting(request: HttpRequest) -> Iterator[workbench.Todo]:
    if request.user.has_perm("campaigns.send_campaign"):
        for campaign in Campaign.objects.filter(state=CampaignState.STOPPED)[:_SHOWN]:
            why, _todo = badges.note(campaign.state_note)
            url = reverse("admin:campaigns_campaign_progress", args=[campaign.pk])
            yield workbench.Todo(_("Stopped by itself"), f"{campaign} · {why}", url, _("Look at the reason"), rank=15)
    if request.user.has_perm("campaigns.approve_campaign"):
        for approval in _to_approve(request)[:_SHOWN]:
            covers = approval.snapshot["covers"]
            parts = [str(approval.campaign), _("%(n)s people") % {"n": display.count(covers["to_send"])}]
            parts += reasons.sentences(approval)
            url = reverse("admin:campaigns_approval_change", args=[approval.pk])
            yield workbench.Todo(_("To be approved by me"), " · ".join(parts), url, _("Look and decide"), rank=12)
        for row in _first_uses(request)[:_SHOWN]:
            url = reverse("admin:first_use_decide", args=[row.pk, "grant"])
            text = _("%(version)s · first use by API · %(token)s") % {"version": row.version, "token": row.token.name}
            yield workbench.Todo(_("To be approved by me"), text, url, _("Look and decide"), rank=13)
    if request.user.has_perm(role_grants.DECIDE):
        for grant in role_grants.to_decide(signed_in(request))[:_SHOWN]:
            url = reverse("admin:campaigns_rolegrant_decide", args=[grant.pk, "yes"])
            words = _("%(person)s is to get: %(role)s · asked by %(asker)s")
            names = {
                "person": display.person(grant.user),
                "role": grant.words,
                "asker": display.person(grant.asked_by),
            }
            yield workbench.Todo(_("To be confirmed by me"), words % names, url, _("Look and decide"), rank=14)
    if request.user.has_perm("campaigns.change_apitoken"):
        for token in tokens.ending()[:_SHOWN]:
            url = reverse("admin:campaigns_apitoken_change", args=[token.pk])
            ended = _("%(token)s · ended %(at)s") if token.is_expired else _("%(token)s · ends %(at)s")
            what = ended % {"token": token.name, "at": display.day_and_time(token.expires_at)}
            yield workbench.Todo(_("API token ends"), what, url, _("Rotate or stop it"), rank=35)
    if request.user.has_perm("campaigns.import_audience"):
        rows = AudienceImport.objects.filter(state__in=(ImportState.READY, ImportState.UPLOADED))
        for source in rows.select_related("audience")[:_SHOWN]:
            url = reverse("admin:campaigns_audience_file", args=[source.pk])
            text = f"{source.file_name} · {source.audience}"
            yield workbench.Todo(source.get_state_display(), text, url, _("Go on"), rank=40)


def _to_approve(request: HttpRequest) -> QuerySet[Approval]:
    """Open requests of others."""
    waiting = Approval.objects.filter(state=ApprovalState.PENDING).select_related("campaign")
    me = request.user.pk
    mine = Q(asked_by=me) | Q(token_holder=me) | Q(campaign__created_by=me) | Q(campaign__token_holder=me)
    return waiting.exclude(pk__in=Approval.objects.filter(mine, state=ApprovalState.PENDING).values("pk"))


def _first_uses(request: HttpRequest) -> QuerySet[FirstUse]:
    """Of tokens and versions of others."""
    waiting = FirstUse.objects.filter(state=ApprovalState.PENDING).select_related("version__template", "token")
    me = request.user.pk
    mine = Q(asked_by=me) | Q(token_holder=me) | Q(version__created_by=me)
    return waiting.exclude(pk__in=FirstUse.objects.filter(mine, state=ApprovalState.PENDING).values("pk"))


def to_approve_count(request: HttpRequest) -> int | None:
    if not request.user.has_perm("campaigns.approve_campaign"):
        return None
    return _to_approve(request).count() + _first_uses(request).count()


def now_running(request: HttpRequest) -> str:
    if not request.user.has_perm("campaigns.view_campaign"):
        return ""
    states = steps.ALIVE
    rows = Campaign.objects.filter(state__in=states, dispatch__isnull=False).select_related("dispatch", "account")
    shown = []
    for campaign in rows[:_SHOWN]:
        now = progress.progress(campaign)
        bar = display.progress(now.handed_over, now.people)
        shown.append((campaign, badges.campaign(campaign), bar, now.finish_at))
    return render_to_string("campaigns/running_panel.html", {"rows": shown}, request) if shown else ""


def own_roles(request: HttpRequest) -> str:
    """Why somebody sees little or nothing: their role waits for a colleague, was refused, or there is none."""
    waits = [_role_waits(grant) for grant in role_grants.pending(request.user.pk)]
    refused = [_role_refused(grant) for grant in role_grants.refused_lately(signed_in(request))]
    none = not waits and not request.user.get_all_permissions()
    if not (waits or refused or none):
        return ""
    return render_to_string("campaigns/own_roles.html", {"waits": waits, "refused": refused, "none": none}, request)


def _role_waits(grant: RoleGrant) -> str:
    names = [display.person(one) for one in role_grants.may_confirm(grant)]
    values = {"role": grant.words, "asker": display.person(grant.asked_by), "at": display.day_and_time(grant.asked_at)}
    if not names:
        return (
            _(
                "%(role)s is not in force yet: %(asker)s asked for it %(at)s. It needs a second person, and there is nobody else "
                "who may confirm it. Ask %(asker)s to have it given on the server: manage.py grant_role."
            )
            % values
        )
    values["people"] = "、".join(names[:_NAMES_SHOWN])
    if len(names) == 1:
        return _("%(role)s is not in force yet: %(asker)s asked for it %(at)s. %(people)s has to confirm it.") % values
    if len(names) <= _NAMES_SHOWN:
        return (
            _("%(role)s is not in force yet: %(asker)s asked for it %(at)s. One of %(people)s has to confirm it.")
            % values
        )
    values["n"] = display.count(len(names))
    return (
        _(
            "%(role)s is not in force yet: %(asker)s asked for it %(at)s. One of %(n)s people has to confirm it: "
            "%(people)s and others."
        )
        % values
    )


def _role_refused(grant: RoleGrant) -> str:
    at = display.day_and_time(grant.decided_at) if grant.decided_at else display.UNKNOWN
    values = {"role": grant.words, "who": display.person(grant.decided_by), "at": at}
    return _("%(role)s was refused by %(who)s %(at)s: %(reason)s") % {**values, "reason": grant.reason}


def register() -> None:
    workbench.todo(waiting)
    workbench.panel(own_roles, rank=-20)
    workbench.panel(now_running, rank=10)
