"""Campaigns: made, checked, started, paused, resumed, cancelled, looked at."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from campaigns import preflight
from campaigns.api import references
from campaigns.api.errors import Problem
from campaigns.api.openapi import call
from campaigns.api.serializers import campaigns as shapes
from campaigns.api.views.base import View, token_of
from campaigns.approvals import campaign_approvals, decide
from campaigns.lifecycle import edit, progress, steps
from campaigns.lifecycle.forms import CampaignForm, policy_values
from campaigns.models import ApiToken, Approval, Audience, Campaign
from campaigns.states import CampaignState, Scope
from messaging.models import SendingPolicy

_RELATED = ("account", "audience", "version__template", "signature", "chatbot", "dispatch", "confirmed_by")
# Names of the form that are others in the API.
_API_NAMES = {"version": "template", "chatbot": "sender", "__all__": "non_field_errors"}
EXAMPLE = {
    "name": "双十一老客",
    "template": "会员日满减",
    "audience": 12,
    "account": "5G-主账号",
    "signature": "示例商城",
    "window_from": "09:00",
    "window_until": "20:30",
}


def _campaign(pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related(*_RELATED), pk=pk)


class Campaigns(View):
    scopes = {"POST": Scope.CAMPAIGNS}

    @call(
        "Make a campaign; nothing is sent before its start is confirmed",
        {201: shapes.CampaignOut},
        body=shapes.NewCampaign,
        fails=(409,),
        example=EXAMPLE,
        tag="campaigns",
        operation="campaigns_create",
    )
    def post(self, request: Request) -> Response:
        data = self.read(shapes.NewCampaign, request.data)
        campaign = _make(data, token_of(request))
        return Response(_shown(_campaign(campaign.pk)), 201)


def _make(data: Mapping[str, Any], token: ApiToken) -> Campaign:
    """Through the same form as a person's, so that the same rules hold."""
    account = references.account(data["account"])
    options = references.options(data.get("options"), account)
    sender = references.sender(data.get("sender"), account)
    if not Audience.objects.filter(pk=data["audience"], archived_at__isnull=True).exists():
        raise ValidationError({"audience": [_("There is no audience of this number.")]}, "unknown")
    form = CampaignForm(
        {
            **_watched(data),
            **data,
            "account": account.pk,
            "version": references.version(data, account).pk,
            "signature": references.signature(data["signature"]).pk,
            "chatbot": sender.pk if sender else None,
        }
    )
    if not form.is_valid():
        found: Any = {_API_NAMES.get(name, name): list(words) for name, words in form.errors.items()}
        raise ValidationError(found)
    with transaction.atomic():
        campaign = edit.save(form, token.created_by)
        Campaign.objects.filter(pk=campaign.pk).update(options=options, token_holder=token.holder)
    return campaign


def _watched(data: Mapping[str, object]) -> Mapping[str, object]:
    """The policy's canary and stop limits: a machine does not get round them by saying nothing."""
    values = policy_values(SendingPolicy.current())
    return {name: value for name, value in values.items() if name != "canary_percent" or not data.get("canary_people")}


class OneCampaign(View):
    scopes = {"GET": Scope.CAMPAIGNS}

    @call(
        "How a campaign stands, with numbers that close",
        {200: shapes.CampaignOut},
        tag="campaigns",
        operation="campaigns_read",
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(_shown(_campaign(pk)))


class Check(View):
    scopes = {"POST": Scope.CAMPAIGNS}

    @call(
        "Count who would get it; a big audience is counted by a worker (202)",
        {200: shapes.CampaignOut, 202: shapes.CampaignOut},
        fails=(409,),
        tag="campaigns",
        operation="campaigns_check",
    )
    def post(self, request: Request, pk: int) -> Response:
        campaign = _campaign(pk)
        try:
            at_once = preflight.begin_check(campaign)
        except preflight.NotNow as moved_on:
            words = _("The campaign has moved on: %(state)s.") % {"state": moved_on}
            raise Problem(words, "not_now") from moved_on
        return Response(_shown(_campaign(pk)), 200 if at_once else 202)


class Start(View):
    scopes = {"POST": Scope.CAMPAIGNS}

    @call(
        "Confirm and start it; the number of people must be that of the check",
        {200: shapes.CampaignOut},
        body=shapes.People,
        fails=(409,),
        example={"people": 45200},
        tag="campaigns",
        operation="campaigns_start",
    )
    def post(self, request: Request, pk: int) -> Response:
        campaign = _campaign(pk)
        said = self.read(shapes.People, request.data)
        people = said["people"]
        if campaign.checked_at and people != campaign.report.to_send:
            words = _("The check counted %(n)s people. Confirm that number, or check again.")
            raise Problem(words % {"n": campaign.report.to_send}, "count_differs", path="people")
        because = campaign_approvals.missing(campaign) if campaign.state in steps.CAN_START else []
        if because:
            words = _("A colleague has to approve this first: %(because)s. Submit it for approval.")
            details = [{"code": "approval_needed", "message": one, "path": ""} for one in because]
            raise Problem(words % {"because": "；".join(because)}, "approval_needed", details=details)
        try:
            actor = token_of(request).created_by
            again = str(said["again"])
            steps.confirm_and_start(campaign, str(people), actor, at_once=said["at_once"], typed_again=again)
        except steps.SameContent as error:
            words = _("%(again)s Send their number as again.") % {"again": error}
            raise Problem(words, "again_differs", path="again") from error
        except steps.StartPassed as error:
            words = _("%(passed)s Send at_once: true to start it now.") % {"passed": error}
            raise Problem(words, "start_passed", path="at_once") from error
        except steps.CannotStart as error:
            raise Problem(str(error), "cannot_start") from error
        return Response(_shown(_campaign(pk)))


class Ask(View):
    scopes = {"POST": Scope.CAMPAIGNS}

    @call(
        "Submit it for a colleague's approval, as it was checked",
        {200: shapes.CampaignOut},
        fails=(409,),
        tag="campaigns",
        operation="campaigns_ask",
    )
    def post(self, request: Request, pk: int) -> Response:
        try:
            token = token_of(request)
            campaign_approvals.ask(_campaign(pk), token.created_by, token.holder)
        except decide.CannotDecide as error:
            raise Problem(str(error), "not_now") from error
        return Response(_shown(_campaign(pk)))


class _Step(View):
    scopes = {"POST": Scope.CAMPAIGNS}

    def step(self, act: Callable[[Campaign, Any], bool], request: Request, pk: int) -> Response:
        campaign = _campaign(pk)
        if not act(campaign, token_of(request).created_by):
            words = _("Not now: the campaign is “%(state)s”.")
            raise Problem(words % {"state": _campaign(pk).get_state_display()}, "not_now")
        return Response(_shown(_campaign(pk)))


def _step(summary: str, operation: str) -> Any:
    return call(summary, {200: shapes.CampaignOut}, fails=(409,), tag="campaigns", operation=operation)


class Pause(_Step):
    @_step("Pause it; requests under way go out", "campaigns_pause")
    def post(self, request: Request, pk: int) -> Response:
        return self.step(steps.pause, request, pk)


class Resume(_Step):
    @call(
        "Go on with it",
        {200: shapes.CampaignOut},
        body=shapes.Resuming,
        fails=(409,),
        example={},
        tag="campaigns",
        operation="campaigns_resume",
    )
    def post(self, request: Request, pk: int) -> Response:
        said = self.read(shapes.Resuming, request.data)
        try:
            return self.step(partial(steps.resume, at_once=said["at_once"]), request, pk)
        except steps.StartPassed as error:
            words = _("%(passed)s Send at_once: true to start it now.") % {"passed": error}
            raise Problem(words, "start_passed", path="at_once") from error
        except steps.CannotStart as error:
            raise Problem(str(error), "cannot_start") from error


class Withdraw(_Step):
    @_step("Take back the request for approval", "campaigns_withdraw")
    def post(self, request: Request, pk: int) -> Response:
        return self.step(campaign_approvals.withdraw, request, pk)


class Cancel(_Step):
    @_step("Send nothing more of it, for good", "campaigns_cancel")
    def post(self, request: Request, pk: int) -> Response:
        return self.step(steps.cancel, request, pk)


def _shown(campaign: Campaign) -> Any:
    return shapes.CampaignOut(_values(campaign)).data


def _values(campaign: Campaign) -> Mapping[str, object]:
    return {
        "id": campaign.pk,
        "name": campaign.name,
        "state": campaign.state,
        "note": campaign.state_note,
        "template": campaign.version.template.name,
        "version": campaign.version.number,
        "account": campaign.account.name,
        "audience": campaign.audience_id,
        "start_at": campaign.start_at,
        "send_until": campaign.send_until,
        "watch": _watch(campaign),
        "report": campaign.report if _is_checked(campaign) else None,
        "approval": _approval(campaign),
        "progress": _progress(campaign) if campaign.dispatch_id else None,
    }


def _is_checked(campaign: Campaign) -> bool:
    return campaign.checked_at is not None and campaign.state != CampaignState.CHECKING


def _approval(campaign: Campaign) -> Mapping[str, object] | None:
    """The newest request, and why one is needed; None where nobody has to approve and nobody was asked."""
    asked = campaign.approvals.filter(kind=Approval.Kind.CAMPAIGN).select_related("decided_by").order_by("-pk").first()
    because = campaign_approvals.reasons(campaign) if _is_checked(campaign) else []
    if asked is None and not because:
        return None
    return {
        "needed": bool(because),
        "because": [{"code": one.key, "message": one.sentence} for one in because],
        "state": asked.state if asked else None,
        "asked_at": asked.asked_at if asked else None,
        "decided_at": asked.decided_at if asked else None,
        "decided_by": asked.decided_by.get_username() if asked and asked.decided_by else None,
        "reason": asked.reason if asked else "",
    }


def _watch(campaign: Campaign) -> Mapping[str, object]:
    percents = ("canary_percent", "stop_failed", "stop_unknown", "stop_opted_out")
    values = {name: getattr(campaign, name) for name in percents}
    return {
        "canary_people": campaign.canary_people,
        "canary_minutes": campaign.canary_minutes,
        **{name: None if value is None else float(value) for name, value in values.items()},
    }


def _progress(campaign: Campaign) -> Mapping[str, object]:
    now = progress.progress(campaign)
    delivered, of = now.delivery_rate
    same = ("total", "people", "left_out", "handed_over", "without_result", "counts", "closes", "per_second")
    return {
        **{name: getattr(now, name) for name in same},
        "delivered": delivered,
        "delivered_of": of,
        "finish_at": now.finish_at,
    }
