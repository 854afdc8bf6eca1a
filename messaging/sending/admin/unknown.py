"""Unknown outcomes: what may have been sent or not, oldest first, and the two decisions that a person may sign."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from kit import audit, display, masks
from kit.export_files import csv_lines
from kit.ids import row_id
from kit.people import Actor, signed_in
from messaging import form_tokens
from messaging.admin_base import LookOnly, needs, number_link, say_error
from messaging.audit_actions import AuditAction
from messaging.gateway.registry import vendor_class
from messaging.models import Attempt, Batch, VendorAccount
from messaging.sending import unknown
from messaging.sentences import sentence
from messaging.states import BatchState

MOST_SHOWN = 100
MOST_CHOSEN = 500
PEOPLE_SHOWN = 200


@dataclass(frozen=True)
class Row:
    """One unknown batch as the page shows it. `told` is how many of its people a receipt has told about."""

    batch: Batch
    told: int
    since: datetime | None
    story: list[str]
    advice: str
    may_say_not_sent: bool
    # People of whom nothing is known yet.
    left: int


def story_of(attempts: list[Attempt]) -> list[str]:
    """What was done so far, one line an attempt."""
    lines = []
    for attempt in attempts:
        what = str(sentence(attempt.reason).what) if attempt.reason else pgettext("moment", "handed over")
        check = _("(the vendor's own check)") if attempt.is_vendor_check else ""
        lines.append(f"{display.day_and_time(attempt.started_at)} {what} {check}".strip())
    return lines


def advice_for(batch: Batch) -> str:
    capabilities = vendor_class(batch.account.vendor).capabilities
    if capabilities.repeat_is_safe and not unknown.is_asked_about(batch):
        return _(
            "The vendor is not asked by itself: asking might send, and the dispatch was stopped or its time is over."
        )
    if capabilities.repeat_is_safe:
        return _("Wait: the same request is checked with the vendor by itself; “have it already” makes it handed over.")
    if capabilities.references:
        return _("Wait: one receipt within %(time)s makes the whole batch handed over.") % {
            "time": display.day_and_time(unknown.deadline(batch))
        }
    return _("This vendor's receipts carry no reference of ours: compare the balance, or ask the vendor.")


def _row(batch: Batch) -> Row:
    told = batch.n_heard
    attempts = list(batch.attempts.all())
    since = attempts[0].started_at if attempts else batch.claimed_at
    late = timezone.now() >= unknown.deadline(batch)
    left = batch.size - told - batch.n_skipped - batch.n_rejected - batch.n_no_receipt
    return Row(batch, told, since, story_of(attempts), advice_for(batch), late and not told, left)


def waiting() -> Any:
    rows = Batch.objects.filter(state=BatchState.UNKNOWN).select_related("account", "dispatch")
    return rows.prefetch_related("attempts").order_by("claimed_at", "id")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        help_text=gettext_lazy("What you know and from whom; it is kept in the audit trail."),
    )


class ChosenForm(ReasonForm):
    """`chosen`: ids with commas between them, of batches or of people of one batch."""

    chosen = forms.CharField(widget=forms.HiddenInput)

    def clean_chosen(self) -> list[int]:
        return numbers(self.cleaned_data["chosen"].split(","))


def numbers(texts: Iterable[str]) -> list[int]:
    return [key for key in map(row_id, texts) if key is not None][:MOST_CHOSEN]


_ACTS: dict[str, Any] = {"sent": unknown.mark_sent, "not-sent": unknown.mark_not_sent}


@admin.register(Batch)
class UnknownAdmin(LookOnly):
    """Batches have no list of their own; the unknown ones have this page, the rest stand on their dispatch's."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("unknown/", wrap(self.list_view), name="unknown_outcomes"),
            path("unknown/chosen/<slug:act>/", wrap(self.decide_batches_view), name="unknown_decide_batches"),
            path("unknown/people.csv", wrap(self.export_view), name="unknown_export"),
            path("unknown/<int:pk>/people/", wrap(self.people_view), name="unknown_people"),
            path("unknown/<int:pk>/people/<slug:act>/", wrap(self.decide_people_view), name="unknown_decide_people"),
            path("unknown/<int:pk>/<slug:act>/", wrap(self.decide_view), name="unknown_decide"),
        ]

    @needs("messaging.view_batch", "messaging.change_batch")
    def list_view(self, request: HttpRequest) -> HttpResponse:
        chosen = _account(request)
        rows_of = waiting().filter(account=chosen) if chosen else waiting()
        found = list(rows_of[: MOST_SHOWN + 1])
        rows = [_row(batch) for batch in found[:MOST_SHOWN]]
        accounts = VendorAccount.objects.filter(batches__state=BatchState.UNKNOWN).distinct().order_by("name")
        return self.page(
            request,
            "messaging/unknowns.html",
            title=_("Unknown outcomes"),
            rows=rows,
            more=len(found) > MOST_SHOWN,
            people=sum(row.left for row in rows),
            accounts=[(account.pk, account.name, account.pk == chosen) for account in accounts],
            may_decide=request.user.has_perm("messaging.change_batch"),
            may_export=request.user.has_perm("messaging.export_delivery"),
        )

    # --- people of one batch -----------------------------------------------------------------------------------

    @needs("messaging.view_batch", "messaging.change_batch")
    def people_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page of them by the key; no number stands in an address."""
        batch = get_object_or_404(waiting(), pk=pk)
        after = request.GET.get("after", "")
        rows = unknown.people(batch).filter(pk__gt=row_id(after) or 0)
        found = list(rows.values_list("pk", "phone", "variables")[: PEOPLE_SHOWN + 1])
        read = masks.reader(request.user)
        shown = found[:PEOPLE_SHOWN]
        return self.page(
            request,
            "messaging/unknown_people.html",
            title=_("Unknown outcome: %(batch)s") % {"batch": batch.dispatch.title},
            row=_row(batch),
            people=[(key, number_link(phone), _plain(variables, read)) for key, phone, variables in shown],
            next_key=shown[-1][0] if len(found) > PEOPLE_SHOWN else None,
            may_decide=request.user.has_perm("messaging.change_batch"),
        )

    @needs("messaging.change_batch")
    def decide_people_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        batch = get_object_or_404(waiting(), pk=pk)
        back = reverse("admin:unknown_people", args=[pk])
        chosen = numbers(request.POST.getlist("person")) or numbers(request.POST.get("chosen", "").split(","))
        people = list(unknown.people(batch).filter(pk__in=chosen).values_list("pk", flat=True))
        if act not in _ACTS or not people:
            messages.info(request, _("Choose at least one."))
            return redirect(back)
        key = hashlib.sha256(",".join(map(str, people)).encode()).hexdigest()[:16]
        purpose = f"unknown-people:{pk}:{act}:{key}"
        form = ChosenForm(request.POST if "token" in request.POST else None, initial={"chosen": _joined(people)})
        if form.is_valid():
            mark = partial(unknown.mark_people, batch, people, signed_in(request), sent=act == "sent")
            return self._mark(request, mark, purpose, form.cleaned_data["reason"], act, back)
        words = {**_confirmation(request, batch, act, purpose, len(people)), "back": back}
        return self.page(request, "songda/confirm.html", form=form, **words)

    def _mark(self, request: HttpRequest, mark: Any, purpose: str, reason: str, act: str, back: str) -> HttpResponse:
        """`mark(reason=…)` returns how many people were marked."""
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), purpose)
                done = mark(reason=reason)
        except (ValidationError, form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
            return redirect(back)
        _say_done(request, act, done)
        return redirect("admin:unknown_outcomes")

    # --- several batches ---------------------------------------------------------------------------------------

    @needs("messaging.change_batch")
    def decide_batches_view(self, request: HttpRequest, act: str) -> HttpResponse:
        chosen = numbers(request.POST.getlist("batch")) or numbers(request.POST.get("chosen", "").split(","))
        rows = [_row(batch) for batch in waiting().filter(pk__in=chosen)]
        may = [row for row in rows if act == "sent" or row.may_say_not_sent]
        back = reverse("admin:unknown_outcomes")
        if act not in _ACTS or not may:
            words = _("None of these can be marked as not handed over yet: receipts exist or may still come.")
            messages.info(request, words if rows else _("Choose at least one."))
            return redirect(back)
        key = hashlib.sha256(_joined(row.batch.pk for row in may).encode()).hexdigest()[:16]
        purpose = f"unknown-batches:{act}:{key}"
        form = ChosenForm(
            request.POST if "token" in request.POST else None,
            initial={"chosen": _joined(row.batch.pk for row in may)},
        )
        if form.is_valid():
            mark = partial(_mark_all, may, act, signed_in(request))
            return self._mark(request, mark, purpose, form.cleaned_data["reason"], act, back)
        return self.page(request, "songda/confirm.html", form=form, **_confirm_all(request, rows, may, act, purpose))

    # --- as a file ---------------------------------------------------------------------------------------------

    @needs("messaging.export_delivery")
    def export_view(self, request: HttpRequest) -> Any:
        """Everybody with an unknown outcome, the oldest batch first, with what was done."""
        full = request.user.has_perm("messaging.reveal_phone")
        stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
        name = f"unknown-{request.user.get_username()}-{stamp}.csv"
        with transaction.atomic():
            audit.record(
                AuditAction.UNKNOWN_EXPORTED, actor=signed_in(request), detail={"file": name, "full_numbers": full}
            )
        header = [_("Number"), _("Batch"), _("Dispatch"), _("Vendor account"), _("Since"), _("Done so far")]
        answer = StreamingHttpResponse(csv_lines(header, _rows(full)), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return answer

    # --- one batch ---------------------------------------------------------------------------------------------

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
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), purpose)
                done = _ACTS[act](batch, request.user, reason)
        except (ValidationError, form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
        else:
            _say_done(request, act, _row(batch).left if done else 0)
        return redirect("admin:unknown_outcomes")


def _say_done(request: HttpRequest, act: str, people: int) -> None:
    if people and act == "sent":
        messages.success(request, _("%(n)s people are now handed over.") % {"n": display.count(people)})
    elif people:
        text = _("%(n)s people are now not handed over; they may enter a follow-up.")
        messages.success(request, text % {"n": display.count(people)})
    else:
        messages.info(request, _("This batch was settled meanwhile."))


def _account(request: HttpRequest) -> int | None:
    text = request.GET.get("account", "")
    return row_id(text)


def _joined(keys: Iterable[int]) -> str:
    return ",".join(map(str, keys))


def _plain(variables: dict[str, str], read: Callable[[str], str]) -> str:
    return " · ".join(f"{name}：{read(str(value))}" for name, value in variables.items())


def _mark_all(rows: list[Row], act: str, actor: Actor, *, reason: str) -> int:
    return sum(row.left for row in rows if _ACTS[act](row.batch, actor, reason))


def _rows(full: bool) -> Iterator[list[Any]]:
    """A batch at a time: none has more people than one request."""
    for batch in waiting().iterator(chunk_size=MOST_SHOWN):
        row = _row(batch)
        since = timezone.localtime(row.since).strftime("%Y-%m-%d %H:%M:%S") if row.since else ""
        story = "；".join(row.story)
        for phone in unknown.people(batch).values_list("phone", flat=True):
            number = phone if full else display.masked(phone)
            yield [number, str(batch), batch.dispatch.title, batch.account.name, since, story]


def _confirm_all(request: HttpRequest, rows: list[Row], may: list[Row], act: str, purpose: str) -> Mapping[str, object]:
    """Of several batches: what the page of one says, summed."""
    people = sum(row.left for row in may)
    words = _words(act, people)
    facts = [
        (_("Batches"), "、".join(str(row.batch) for row in may)),
        (_("Vendor account"), "、".join(dict.fromkeys(row.batch.account.name for row in may))),
        (_("People"), display.count(people)),
    ]
    if len(may) < len(rows):
        left = _("%(n)s batches: receipts exist or may still come") % {"n": len(rows) - len(may)}
        facts.append((_("Left out"), left))
    return {
        **words,
        "facts": facts,
        "token": form_tokens.issue(signed_in(request), purpose),
        "back": reverse("admin:unknown_outcomes"),
    }


def _words(act: str, people: int) -> Mapping[str, object]:
    refuse, shown = act == "not-sent", display.count(people)
    warning = _("If it was not sent after all, %(n)s people wait for a receipt that never comes.")
    if refuse:
        warning = _("If it was sent after all, %(n)s people get the message twice when it is sent again.")
    button = _("Mark %(n)s people as not handed over") if refuse else _("Mark %(n)s people as handed over")
    return {
        "title": _("Mark as not handed over") if refuse else _("Mark as handed over"),
        "warning": warning % {"n": shown},
        "button": button % {"n": shown},
        "danger": refuse,
    }


def _confirmation(
    request: HttpRequest, batch: Batch, act: str, purpose: str, chosen: int | None = None
) -> Mapping[str, object]:
    """Of one batch, or of `chosen` of its people."""
    row = _row(batch)
    people = row.left if chosen is None else chosen
    of_batch = display.count(people) if chosen is None else f"{display.count(people)} / {display.count(row.left)}"
    return {
        **_words(act, people),
        "facts": [
            (_("Batch"), f"{batch} · {batch.dispatch.title}"),
            (_("Vendor account"), batch.account),
            (_("People"), of_batch),
            (_("Since"), display.duration(row.since)),
            (_("So far"), "；".join(row.story) or display.UNKNOWN),
            (_("Receipts"), f"{display.count(row.told)} / {display.count(batch.size)}"),
        ],
        "token": form_tokens.issue(signed_in(request), purpose),
        "back": reverse("admin:unknown_outcomes"),
    }
