"""Unknown outcomes: what may have been sent or not, oldest first, and the two decisions that a person may sign."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from config.kit import show
from messaging.admin.base import LookOnly, needs, say_error
from messaging.gateway.registry import vendor_class
from messaging.models import Attempt, Batch
from messaging.sentences import sentence
from messaging.services import once, unknowns
from messaging.states import BatchState

MOST_SHOWN = 100


@dataclass(frozen=True)
class Row:
    """One unknown batch as the page shows it. `told` is how many of its people a receipt has told about."""

    batch: Batch
    told: int
    since: Any
    story: list[str]
    advice: str
    may_say_not_sent: bool


def story_of(attempts: list[Attempt]) -> list[str]:
    """What was done so far, one line an attempt."""
    lines = []
    for attempt in attempts:
        what = str(sentence(attempt.reason).what) if attempt.reason else pgettext("moment", "handed over")
        check = _("(the vendor's own check)") if attempt.is_vendor_check else ""
        lines.append(f"{show.day_and_time(attempt.started_at)} {what} {check}".strip())
    return lines


def advice_for(batch: Batch) -> str:
    capabilities = vendor_class(batch.account.vendor).capabilities
    if capabilities.repeat_is_safe:
        return _("Wait: the same request is checked with the vendor by itself; “have it already” makes it handed over.")
    if capabilities.references:
        return _("Wait: one receipt within %(time)s makes the whole batch handed over.") % {
            "time": show.day_and_time(unknowns.deadline(batch))
        }
    return _("This vendor's receipts carry no reference of ours: compare the balance, or ask the vendor.")


def _row(batch: Batch) -> Row:
    told = batch.n_delivered + batch.n_failed + batch.n_read + batch.n_no_receipt
    attempts = list(batch.attempts.all())
    since = attempts[0].started_at if attempts else batch.claimed_at
    late = timezone.now() >= unknowns.deadline(batch)
    return Row(batch, told, since, story_of(attempts), advice_for(batch), late and not told)


def waiting() -> Any:
    rows = Batch.objects.filter(state=BatchState.UNKNOWN).select_related("account", "dispatch")
    return rows.prefetch_related("attempts").order_by("claimed_at", "id")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        help_text=gettext_lazy("What you know and from whom; it is kept in the audit trail."),
    )


_ACTS: dict[str, Any] = {"sent": unknowns.mark_sent, "not-sent": unknowns.mark_not_sent}


@admin.register(Batch)
class UnknownAdmin(LookOnly):
    """Batches have no list of their own; the unknown ones have this page, the rest stand on their round's."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("unknown/", wrap(self.list_view), name="unknown_outcomes"),
            path("unknown/<int:pk>/<slug:act>/", wrap(self.decide_view), name="unknown_decide"),
        ]

    @needs("messaging.view_batch", "messaging.change_batch")
    def list_view(self, request: HttpRequest) -> HttpResponse:
        found = list(waiting()[: MOST_SHOWN + 1])
        rows = [_row(batch) for batch in found[:MOST_SHOWN]]
        people = sum(batch.size for batch in found[:MOST_SHOWN])
        return self.page(
            request,
            "messaging/unknowns.html",
            title=_("Unknown outcomes"),
            rows=rows,
            more=len(found) > MOST_SHOWN,
            people=people,
            may_decide=request.user.has_perm("messaging.change_batch"),
        )

    @needs("messaging.change_batch")
    def decide_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        batch = get_object_or_404(waiting(), pk=pk)
        if act not in _ACTS:
            return redirect("admin:unknown_outcomes")
        purpose = f"unknown:{pk}:{act}"
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            return self._decide(request, batch, act, purpose, form.cleaned_data["reason"])
        return self.page(request, "songda/confirm.html", form=form, **_confirmation(request, batch, act, purpose))

    def _decide(self, request: HttpRequest, batch: Batch, act: str, purpose: str, reason: str) -> HttpResponse:
        try:
            with transaction.atomic():
                once.spend(request.POST.get("token", ""), request.user, purpose)
                done = _ACTS[act](batch, request.user, reason)
        except (ValidationError, once.AlreadyDone, once.BadToken) as error:
            say_error(request, error)
        else:
            if done and act == "sent":
                messages.success(request, _("%(n)s people are now handed over.") % {"n": show.count(batch.size)})
            elif done:
                text = _("%(n)s people are now not handed over; they may enter a follow-up.")
                messages.success(request, text % {"n": show.count(batch.size)})
            else:
                messages.info(request, _("This batch was settled meanwhile."))
        return redirect("admin:unknown_outcomes")


def _confirmation(request: HttpRequest, batch: Batch, act: str, purpose: str) -> dict[str, Any]:
    row = _row(batch)
    people = show.count(batch.size)
    refuse = act == "not-sent"
    warning = _("If it was not sent after all, %(n)s people wait for a receipt that never comes.")
    if refuse:
        warning = _("If it was sent after all, %(n)s people get the message twice when it is sent again.")
    title = _("Mark as not handed over") if refuse else _("Mark as handed over")
    button = _("Mark %(n)s people as not handed over") if refuse else _("Mark %(n)s people as handed over")
    return {
        "title": title,
        "facts": [
            (_("Batch"), f"{batch} · {batch.dispatch.title}"),
            (_("Vendor account"), batch.account),
            (_("People"), people),
            (_("Since"), show.duration(row.since)),
            (_("So far"), "；".join(row.story) or show.UNKNOWN),
            (_("Receipts"), f"{show.count(row.told)} / {people}"),
        ],
        "warning": warning % {"n": people},
        "token": once.issue(request.user, purpose),
        "button": button % {"n": people},
        "danger": refuse,
        "back": reverse("admin:unknown_outcomes"),
    }
