"""What an account is asked for, when it last answered, and what may be lost on the way: the panel on its page."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.people import signed_in
from messaging.admin_base import Page, needs, post_only
from messaging.callbacks import poll, poll_gaps, retrieve
from messaging.gateway.outcomes import Outcome
from messaging.gateway.registry import vendor_class
from messaging.gateway.vendor import Vendor
from messaging.models import PollState, VendorAccount
from messaging.sentences import SENTENCES

INBOUND_TITLES = {
    "review": gettext_lazy("Template audits"),
    "receipt": gettext_lazy("Receipts"),
    "reply": gettext_lazy("Replies"),
    "click": gettext_lazy("Clicks"),
}


class SpanForm(forms.Form):
    """Beijing time. At most gaps.LONGEST_SPAN."""

    start = forms.DateTimeField(label=gettext_lazy("handed over from"))
    end = forms.DateTimeField(label=gettext_lazy("until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class SettleForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("what was done about it"),
        max_length=200,
        help_text=gettext_lazy("For instance: compared with the vendor's console. It is kept in the audit trail."),
    )


def poll_facts(account: VendorAccount) -> Mapping[str, object]:
    """What the panel shows: one row for each kind, whether it was ever asked or not."""
    kinds = poll.kinds_of(account)
    states = {state.kind: state for state in account.polls.all()}
    can = vendor_class(account.vendor).polls(account.config.settings)
    rows = [
        (INBOUND_TITLES.get(kind, kind), states.get(kind, PollState(kind=kind)), kind in kinds) for kind in sorted(can)
    ]
    return {"polls": rows, "polling": bool(kinds), "gives_again": retrieve.gives_again(account)}


def unguarded(account: VendorAccount, vendor: type[Vendor]) -> bool:
    """Pushes that nothing signs, from anywhere: the token in the address is all that guards them."""
    pushed = bool(vendor.capabilities.callbacks) and not vendor.signs_callbacks(account.config.settings)
    return pushed and not account.callback_addresses.strip()


class Polls(Page):
    """The pages behind the panel, under the accounts."""

    def poll_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/poll/", self.poll_view, "poll"),
            self.own_url("<int:pk>/retrieve/", self.retrieve_view, "retrieve"),
            self.own_url("<int:pk>/settle/<int:state_id>/", self.settle_view, "settle"),
        ]

    @needs("messaging.test_vendoraccount")
    @post_only
    def poll_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(VendorAccount, pk=pk)
        if poll_gaps.ask_now(account, signed_in(request)):
            messages.success(request, _("The vendor is being asked; what is new appears in a moment."))
        else:
            messages.warning(request, _("This account is not asked for anything."))
        return redirect(self.address("change", pk))

    @needs("messaging.change_vendoraccount")
    def retrieve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(VendorAccount, pk=pk)
        form = SpanForm(request.POST or None, initial=_span(account))
        if form.is_valid():
            try:
                verdict = poll_gaps.retrieve(
                    account, form.cleaned_data["start"], form.cleaned_data["end"], signed_in(request)
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                _say(request, verdict)
                return redirect(self.address("change", pk))
        return self.page(
            request,
            "songda/form.html",
            title=_("Have receipts of %(account)s given again") % {"account": account},
            form=form,
            note=_("They come by the next poll or push. What is known already is not counted twice."),
            button=_("Have them given again"),
            back=self.address("change", pk),
        )

    @needs("messaging.change_vendoraccount")
    def settle_view(self, request: HttpRequest, pk: int, state_id: int) -> HttpResponse:
        state = get_object_or_404(PollState.objects.select_related("account"), pk=state_id, account=pk)
        form = SettleForm(request.POST or None)
        if form.is_valid():
            if poll_gaps.settle(state, signed_in(request), form.cleaned_data["reason"]):
                messages.success(request, _("Noted."))
            else:
                messages.info(request, _("The vendor was asked again meanwhile. Look once more."))
            return redirect(self.address("change", pk))
        return self.page(
            request,
            "songda/form.html",
            title=_("Settle what %(account)s may have lost") % {"account": state.account},
            form=form,
            note=_("The question was asked and no answer came. What the vendor gave out then, it does not give again."),
            button=_("It is settled"),
            back=self.address("change", pk),
        )


def _span(account: VendorAccount) -> Mapping[str, object]:
    """From what may be missing until now, as far as one go reaches."""
    state = account.polls.filter(kind="receipt", missing_since__isnull=False).first()
    now = timezone.localtime().replace(second=0, microsecond=0)
    start = now - poll_gaps.LONGEST_SPAN
    if state and state.missing_since:
        start = max(start, timezone.localtime(state.missing_since).replace(second=0, microsecond=0))
    return {"start": start, "end": now}


def _say(request: HttpRequest, verdict: Any) -> None:
    if verdict.outcome is Outcome.ACCEPTED:
        messages.success(request, _("The vendor gives these receipts again; they appear in a moment."))
        return
    sentence = SENTENCES.get(verdict.reason)
    said = _("The vendor's own words: %(words)s") % {"words": f"{verdict.code} {verdict.message}".strip()}
    messages.error(request, " ".join(part for part in (str(sentence[0]) if sentence else "", said) if part))
