"""A follow-up to those not reached: whom first, then the page that spends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.approvals import decide, follow_up_approvals
from campaigns.lifecycle import follow_ups, progress
from campaigns.lifecycle.admin.campaign_pages import CampaignPages
from campaigns.models import Campaign
from kit import display
from kit.form_parts import MomentInput
from kit.people import signed_in
from messaging import form_tokens
from messaging.admin_base import needs, say_error


class GroupsForm(forms.Form):
    groups = forms.MultipleChoiceField(label=gettext_lazy("send again to"), widget=forms.CheckboxSelectMultiple)
    send_until = forms.DateTimeField(
        label=gettext_lazy("send until"),
        required=False,
        widget=MomentInput(),
        help_text=gettext_lazy("Beijing time. What is not handed over by then is not sent any more."),
    )

    def __init__(self, *args: Any, counts: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["groups"]
        field.choices = [
            (key, f"{word} · {display.count(counts[key])}") for key, word in follow_ups.GROUPS.items() if counts[key]
        ]

    def clean_send_until(self) -> Any:
        value = self.cleaned_data["send_until"]
        if value and value <= timezone.now():
            raise forms.ValidationError(_("It must be later than now."))
        return value


class FollowingPages(CampaignPages):
    """Under the campaigns."""

    def following_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/again/", self.again_view, "again"),
            self.own_url("<int:pk>/again/confirm/", self.again_confirm_view, "again_confirm"),
        ]

    @needs("campaigns.send_campaign")
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        if campaign.state not in follow_ups.CAN_FOLLOW:
            return redirect(self.address("progress", pk))
        counts = {group: follow_ups.preview(campaign, [group]).people for group in follow_ups.GROUPS}
        if not any(counts.values()):
            messages.info(request, _("There is nobody to send a follow-up to."))
            return redirect(self.address("progress", pk))
        form = GroupsForm(request.POST or None, counts=counts)
        if request.method == "POST" and form.is_valid():
            wanted = Wanted(form.cleaned_data["groups"], form.cleaned_data["send_until"])
            return redirect(f"{self.address('again_confirm', pk)}?{wanted.query}")
        return self.page(
            request,
            "songda/form.html",
            title=_("Follow-up: %(campaign)s") % {"campaign": campaign},
            parents=self.pages_above(campaign),
            note=_note(campaign),
            form=form,
            button=_("Go on"),
            back=self.address("progress", pk),
        )

    @needs("campaigns.send_campaign")
    def again_confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        wanted = _wanted(request)
        if not wanted.groups or campaign.state not in follow_ups.CAN_FOLLOW:
            return redirect(self.address("progress", pk))
        if request.method == "POST":
            act = {"ask": self._ask_again, "withdraw": self._withdraw_again}.get(request.POST.get("act", ""))
            return (act or self._send_again)(request, campaign, wanted)
        found = follow_ups.preview(campaign, wanted.groups)
        because = follow_up_approvals.reasons(found.people, found.cost.high) if found.people else []
        approval = follow_up_approvals.latest(campaign, wanted.groups, wanted.until) if because else None
        free = not because or follow_up_approvals.is_enough(approval, found.people, found.cost.high)
        return self.page(
            request,
            "campaigns/follow_up.html",
            title=_("Confirm the follow-up: %(campaign)s") % {"campaign": campaign},
            campaign=campaign,
            facts=_facts(campaign, wanted, found),
            because=[one.sentence for one in because],
            approval=approval,
            badge=badges.approval(approval) if approval else "",
            enough=free,
            warning=_warning(wanted.groups),
            token=form_tokens.issue(signed_in(request), _purpose(campaign, wanted.groups, found.people)),
            people=found.people,
            back=self.address("again", pk),
        )

    def _ask_again(self, request: HttpRequest, campaign: Campaign, wanted: "Wanted") -> HttpResponse:
        found = follow_ups.preview(campaign, wanted.groups)
        numbers: Any = {"people": found.people, "left_out": found.left_out, "cost": found.cost}
        try:
            follow_up_approvals.ask(campaign, wanted.groups, wanted.until, **numbers, actor=signed_in(request))
        except decide.CannotDecide as refusal:
            say_error(request, refusal)
        else:
            messages.success(request, _("Submitted. A colleague who may approve finds it under Approvals."))
        return redirect(request.get_full_path())

    def _withdraw_again(self, request: HttpRequest, campaign: Campaign, wanted: "Wanted") -> HttpResponse:
        approval = follow_up_approvals.latest(campaign, wanted.groups, wanted.until)
        if approval is None or not follow_up_approvals.withdraw(approval, signed_in(request)):
            say_error(request, Exception(_("It was decided already.")))
        return redirect(request.get_full_path())

    def _send_again(self, request: HttpRequest, campaign: Campaign, wanted: "Wanted") -> HttpResponse:
        people = follow_ups.preview(campaign, wanted.groups).people
        try:
            with transaction.atomic():
                form_tokens.spend(
                    request.POST.get("token", ""), signed_in(request), _purpose(campaign, wanted.groups, people)
                )
                follow_ups.resend(campaign, wanted.groups, people, signed_in(request), wanted.until)
        except (follow_ups.CannotFollow, form_tokens.AlreadyDone, form_tokens.BadToken) as refusal:
            say_error(request, refusal)
            return redirect(self.address("again", campaign.pk))
        return redirect(self.address("progress", campaign.pk))


@dataclass(frozen=True)
class Wanted:
    """A follow-up as its address says it."""

    groups: list[str]
    until: Any

    @property
    def query(self) -> str:
        until = [("until", self.until.isoformat())] if self.until else []
        return urlencode([*(("group", group) for group in self.groups), *until])


def _wanted(request: HttpRequest) -> Wanted:
    groups = [group for group in request.GET.getlist("group") if group in follow_ups.GROUPS]
    try:
        until = forms.DateTimeField(required=False).to_python(request.GET.get("until") or None)
    except forms.ValidationError:
        return Wanted([], None)
    return Wanted(groups, until)


def asked(campaign: Campaign) -> Sequence[Mapping[str, object]]:
    """Requests for follow-ups that are still open or were sent back, as the progress page shows them."""
    rows = []
    for approval in follow_up_approvals.unspent(campaign):
        covers = approval.snapshot["covers"]
        groups, until = covers["follow_up"]["groups"], covers["follow_up"]["until"]
        query = Wanted(groups, parse_datetime(until) if until else None).query
        address = f"{reverse('admin:campaigns_campaign_again_confirm', args=[campaign.pk])}?{query}"
        rows.append(
            {
                "approval": approval,
                "badge": badges.approval(approval),
                "groups": group_words(groups),
                "people": covers["to_send"],
                "address": address,
            }
        )
    return rows


def group_words(groups: list[str]) -> str:
    return "、".join(str(follow_ups.GROUPS[group]) for group in groups)


def _facts(campaign: Campaign, wanted: Wanted, found: follow_ups.Preview) -> list[tuple[Any, Any]]:
    high, until = found.cost.high, wanted.until
    return [
        (_("To"), _("at most %(n)s people") % {"n": display.count(found.people)}),
        (_("Who"), group_words(wanted.groups)),
        (_("Left out by the rules"), display.count(found.left_out)),
        *_staying_out(campaign),
        (_("Cost at most"), display.money(high) if high is not None else _("not known: the account has no prices")),
        (_("Vendor account"), f"{campaign.account} · {campaign.signature}"),
        (_("Content"), str(campaign.version)),
        (_("Not sent after"), display.when(until) if until else _("no limit")),
    ]


def _staying_out(campaign: Campaign) -> list[tuple[Any, Any]]:
    """Who has no result yet, and therefore gets no follow-up now."""
    counts = progress.progress(campaign).counts
    waiting, unknown = counts.get("submitted", 0) + counts.get("sending", 0), counts.get("unknown", 0)
    words = []
    if waiting:
        words.append(_("%(n)s people wait for a receipt") % {"n": display.count(waiting)})
    if unknown:
        words.append(_("%(n)s people have an unknown outcome") % {"n": display.count(unknown)})
    if not words:
        return []
    return [(_("Not among them"), _("%(who)s; they stay out until they have a result") % {"who": "，".join(words)})]


def _note(campaign: Campaign) -> str:
    rule = _("Who was reached, waits for a receipt or has an unknown outcome is never among them.")
    return " ".join([rule, *(f"{words}。" for _label, words in _staying_out(campaign))])


def _warning(groups: list[str]) -> str:
    if "no_receipt" in groups:
        return _("Of whom nothing was heard, some may have got the first message: they would get it twice.")
    return _("What is handed over to the vendor cannot be called back.")


def _purpose(campaign: Campaign, groups: list[str], people: int) -> str:
    """Of this very number: a form that showed another one starts nothing."""
    return f"again:{campaign.pk}:{'+'.join(sorted(groups))}:{people}"
