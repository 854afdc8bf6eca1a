"""A follow-up to those not reached: whom first, then the page that spends."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.forms import MomentInput
from campaigns.models import Campaign
from campaigns.services import following
from config.kit import show
from messaging.admin.base import Page, needs, say_error
from messaging.services import once


class GroupsForm(forms.Form):
    groups = forms.MultipleChoiceField(label=gettext_lazy("send again to"), widget=forms.CheckboxSelectMultiple)
    useless_after = forms.DateTimeField(
        label=gettext_lazy("useless after"),
        required=False,
        widget=MomentInput(),
        help_text=gettext_lazy("Beijing time. What is not handed over by then is not sent any more."),
    )

    def __init__(self, *args: Any, counts: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["groups"]
        field.choices = [
            (key, f"{word} · {show.count(counts[key])}") for key, word in following.GROUPS.items() if counts[key]
        ]

    def clean_useless_after(self) -> Any:
        value = self.cleaned_data["useless_after"]
        if value and value <= timezone.now():
            raise forms.ValidationError(_("It must be later than now."))
        return value


class FollowingPages(Page):
    """Under the campaigns."""

    def following_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/again/", self.again_view, "again"),
            self.own_url("<int:pk>/again/confirm/", self.again_confirm_view, "again_confirm"),
        ]

    def campaign_or_404(self, pk: int) -> Campaign:
        raise NotImplementedError

    @needs("campaigns.send_campaign")
    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        if campaign.state not in following.CAN_FOLLOW:
            return redirect(self.address("progress", pk))
        counts = {group: following.preview(campaign, [group]).people for group in following.GROUPS}
        if not any(counts.values()):
            messages.info(request, _("There is nobody to send a follow-up to."))
            return redirect(self.address("progress", pk))
        form = GroupsForm(request.POST or None, counts=counts)
        if request.method == "POST" and form.is_valid():
            chosen = [("group", group) for group in form.cleaned_data["groups"]]
            until = form.cleaned_data["useless_after"]
            more = [("until", until.isoformat())] if until else []
            return redirect(f"{self.address('again_confirm', pk)}?{urlencode([*chosen, *more])}")
        return self.page(
            request,
            "songda/form.html",
            title=_("Follow-up: %(campaign)s") % {"campaign": campaign},
            note=_("Who was reached, waits for a receipt or has an unknown outcome is never among them."),
            form=form,
            button=_("Go on"),
            back=self.address("progress", pk),
        )

    @needs("campaigns.send_campaign")
    def again_confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        groups = [group for group in request.GET.getlist("group") if group in following.GROUPS]
        until = forms.DateTimeField(required=False).to_python(request.GET.get("until") or None)
        if not groups or campaign.state not in following.CAN_FOLLOW:
            return redirect(self.address("progress", pk))
        if request.method == "POST":
            return self._send_again(request, campaign, groups, until)
        found = following.preview(campaign, groups)
        high = found.cost["high"]
        people = show.count(found.people)
        facts = [
            (_("To"), _("at most %(n)s people") % {"n": people}),
            (_("Who"), "、".join(str(following.GROUPS[group]) for group in groups)),
            (_("Left out by the rules"), show.count(found.left_out)),
            (_("Cost at most"), show.money(high) if high else _("not known: the account has no prices")),
            (_("Vendor account"), f"{campaign.account} · {campaign.signature}"),
            (_("Content"), str(campaign.version)),
            (_("Not sent after"), show.when(until) if until else _("no limit")),
        ]
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Confirm the follow-up: %(campaign)s") % {"campaign": campaign},
            facts=facts,
            warning=_warning(groups),
            token=once.issue(request.user, _purpose(campaign, groups, found.people)),
            button=_("Send again to %(n)s people") % {"n": people} if found.people else "",
            back=self.address("again", pk),
        )

    def _send_again(self, request: HttpRequest, campaign: Campaign, groups: list[str], until: Any) -> HttpResponse:
        people = following.preview(campaign, groups).people
        try:
            with transaction.atomic():
                once.spend(request.POST.get("token", ""), request.user, _purpose(campaign, groups, people))
                following.resend(campaign, groups, people, request.user, until)
        except (following.CannotFollow, once.AlreadyDone, once.BadToken) as refusal:
            say_error(request, refusal)
            return redirect(self.address("again", campaign.pk))
        return redirect(self.address("progress", campaign.pk))


def _warning(groups: list[str]) -> str:
    if "no_receipt" in groups:
        return _("Of whom nothing was heard, some may have got the first message: they would get it twice.")
    return _("What is handed over to the vendor cannot be called back.")


def _purpose(campaign: Campaign, groups: list[str], people: int) -> str:
    """Of this very number: a form that showed another one starts nothing."""
    return f"again:{campaign.pk}:{'+'.join(sorted(groups))}:{people}"
