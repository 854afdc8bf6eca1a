"""The page of the restore fence: why sending is held, what is in doubt, and the steps that decide it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import linebreaksbr
from django.urls import path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit import display, masks
from kit.labels import Label
from kit.people import Actor, signed_in
from messaging import fence, form_tokens
from messaging.admin_base import LookOnly, needs, say_error
from messaging.fence import decisions, doubts, listings
from messaging.fence.doubts import Doubt
from messaging.lookup.received import received
from messaging.models import FenceHold
from messaging.sending import cost
from messaging.sending.cost import Cost
from messaging.sending.spec import Message

PERMISSION = "messaging.decide_fence"
MOST_LIST_MB = 20
MOST_NAMED = 8
MOST_SHOWN = 50


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        help_text=gettext_lazy("What you know and from whom; it is kept in the audit trail."),
    )


class ListForm(ReasonForm):
    file = forms.FileField(
        label=gettext_lazy("list of the vendor"),
        help_text=gettext_lazy(
            "CSV or TXT with numbers or with our references. A number counts for every chosen dispatch, a reference for its own "
            "request alone."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_LIST_MB << 20:
            raise ValidationError(_("The list may have at most %(n)s MB.") % {"n": MOST_LIST_MB})
        return file


class EndForm(ReasonForm):
    keep = forms.BooleanField(
        required=False,
        label=gettext_lazy("Leave confirmed campaigns that are not laid out yet as they are"),
        help_text=gettext_lazy(
            "Otherwise they become drafts again and have to be checked and confirmed: nobody knows whether they were sent."
        ),
    )


@dataclass(frozen=True)
class Act:
    """One step. `run(hold, cleaned form, actor, dispatches)` returns how many people it was about, None where that says nothing."""

    title: Label
    button: Any
    warning: Any
    run: Callable[[FenceHold, dict[str, Any], Any, Sequence[int] | None], int | None]
    form: type[ReasonForm] = ReasonForm
    danger: bool = False
    of_dispatches: bool = False


def _opt_outs(how: str) -> Callable[..., None]:
    return lambda hold, data, actor, dispatches: decisions.opt_outs(hold, how, actor, data["reason"])


def _queued(act: Callable[..., int]) -> Callable[..., int]:
    return lambda hold, data, actor, dispatches: act(hold, actor, data["reason"], dispatches)


def _listed(hold: FenceHold, data: Mapping[str, Any], actor: Actor, dispatches: Sequence[int] | None) -> int:
    listing = listings.read(listings.decoded(data["file"].read()), hold)
    return decisions.mark_listed(hold, listing, actor, data["reason"], dispatches)


def _end(hold: FenceHold, data: Mapping[str, Any], actor: Actor, dispatches: Sequence[int] | None) -> None:
    if not decisions.finish(hold, actor, data["reason"], keep_scheduled=data["keep"]):
        raise ValidationError(_("Something is still in doubt."))


ACTS: dict[str, Act] = {
    "imported": Act(
        gettext_lazy("Opt-outs are imported"),
        gettext_lazy("The opt-outs are on the list"),
        gettext_lazy("Whoever opted out in the lost time and is not on the list now gets marketing again."),
        _opt_outs("imported"),
    ),
    "waive": Act(
        gettext_lazy("Go on without the opt-outs of the lost time"),
        gettext_lazy("Go on without them"),
        gettext_lazy("Whoever opted out in the lost time gets marketing again."),
        _opt_outs("waived"),
        danger=True,
    ),
    "listed": Act(
        gettext_lazy("Mark what the vendor has as sent"),
        gettext_lazy("Mark as sent"),
        gettext_lazy("Whoever is in the list gets nothing more from these dispatches."),
        _listed,
        form=ListForm,
        of_dispatches=True,
    ),
    "sent": Act(
        gettext_lazy("All of it was sent"),
        gettext_lazy("Mark as sent"),
        gettext_lazy("Whoever was not sent to gets nothing from these dispatches any more."),
        _queued(decisions.mark_all_sent),
        of_dispatches=True,
    ),
    "unknown": Act(
        gettext_lazy("Put to unknown outcomes"),
        gettext_lazy("Put to unknown"),
        gettext_lazy("Receipts settle it, or a person later. Nothing of it is sent by itself."),
        _queued(decisions.mark_unknown),
        of_dispatches=True,
    ),
    "let-go": Act(
        gettext_lazy("Nothing of it was sent: send it now"),
        gettext_lazy("Send it now"),
        gettext_lazy("Whoever was sent to already gets the message twice."),
        _queued(decisions.let_go),
        danger=True,
        of_dispatches=True,
    ),
    "notices": Act(
        gettext_lazy("Let new notices go"),
        gettext_lazy("Let them go"),
        gettext_lazy("Notices made since sending is held go at once, one-time codes for example. The rest waits."),
        lambda hold, data, actor, dispatches: decisions.free_notices(hold, actor, data["reason"]),
    ),
    "end": Act(
        gettext_lazy("Go on sending"),
        gettext_lazy("Go on sending"),
        gettext_lazy("Campaigns and messages go out again, scheduled ones at their time."),
        _end,
        form=EndForm,
    ),
}


@admin.register(FenceHold)
class FenceAdmin(LookOnly):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("fence/", wrap(self.list_view), name="fence"),
            path("fence/<int:pk>/<slug:act>/", wrap(self.act_view), name="fence_act"),
        ]

    @needs(PERMISSION)
    def list_view(self, request: HttpRequest) -> HttpResponse:
        holds = fence.open_holds().select_related("account")
        return self.page(
            request,
            "messaging/fence.html",
            title=_("Restore fence"),
            holds=[_shown(hold, masks.reader(request.user)) for hold in holds],
            fence_hold="",  # each panel says it: the bar of the other pages would say the same twice
            past=[_past(hold) for hold in FenceHold.objects.filter(decided_at__isnull=False).order_by("-pk")[:20]],
        )

    @needs(PERMISSION)
    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        hold = get_object_or_404(fence.open_holds().select_related("account"), pk=pk)
        found = ACTS.get(act)
        if found is None:
            raise Http404
        doubted = doubts.dispatches(hold)
        chosen = _chosen(request, doubted) if found.of_dispatches else []
        if found.of_dispatches and not chosen:
            messages.info(request, _("Choose at least one."))
            return redirect("admin:fence")
        is_sent = "token" in request.POST
        form = found.form(request.POST if is_sent else None, request.FILES if is_sent else None)
        purpose = _purpose(hold, act, chosen)
        if is_sent and form.is_valid():
            return self._act(request, hold, found, form.cleaned_data, chosen, purpose)
        return self.page(
            request,
            "messaging/fence_act.html",
            title=found.title,
            form=form,
            facts=_facts(hold, _messages(chosen, masks.reader(request.user))),
            fence_hold="",
            warning=found.warning,
            button=found.button,
            danger=found.danger,
            chosen=[doubt.dispatch.pk for doubt in chosen],
            token=form_tokens.issue(signed_in(request), purpose),
            back=reverse("admin:fence"),
        )

    def _act(
        self,
        request: HttpRequest,
        hold: FenceHold,
        act: Act,
        data: dict[str, Any],
        chosen: list[Doubt],
        purpose: str,
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), purpose)
                people = act.run(hold, data, request.user, [doubt.dispatch.pk for doubt in chosen] or None)
        except (ValidationError, form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
        else:
            done = _("Done.") if people is None else _("Done: %(n)s people.") % {"n": display.count(people)}
            messages.success(request, done)
        return redirect("admin:fence")


@dataclass(frozen=True)
class Shown:
    """A dispatch in doubt, with what the first of its people would get and what all of them may cost."""

    doubt: Doubt
    text: str
    cost: Cost | None

    @property
    def cost_words(self) -> str:
        return cost.words(self.cost)


def _messages(found: Sequence[Doubt], reader: Callable[[str], str]) -> list[Shown]:
    """The texts of the first MOST_SHOWN, since files are looked up for each; the cost of all."""
    people, shown = doubts.first_people(found), []
    for number, doubt in enumerate(found):
        row, dispatch = people.get(doubt.dispatch.pk), doubt.dispatch
        if row is None:
            shown.append(Shown(doubt, "", None))
            continue
        units = Message.of(dispatch).sms_units(row.variables)
        text = reader(received(row).text) if number < MOST_SHOWN else ""
        shown.append(Shown(doubt, text, cost.cost(dispatch.account, dispatch.version, doubt.people, units)))
    return shown


def _chosen(request: HttpRequest, found: list[Doubt]) -> list[Doubt]:
    ids = {int(text) for text in request.POST.getlist("dispatch") if text.isdecimal() and len(text) < 19}
    return [doubt for doubt in found if doubt.dispatch.pk in ids]


def _purpose(hold: FenceHold, act: str, chosen: list[Doubt]) -> str:
    ids = ",".join(str(doubt.dispatch.pk) for doubt in chosen)
    return f"fence:{hold.pk}:{act}:{hashlib.sha256(ids.encode()).hexdigest()[:16]}"


def _shown(hold: FenceHold, reader: Callable[[str], str]) -> Mapping[str, object]:
    found = doubts.dispatches(hold)
    return {
        "pk": hold.pk,
        "why": fence.sentence(hold.rule, hold.evidence),
        "where": hold.account.name if hold.account else _("everywhere"),
        "since": hold.since,
        "lost_from": hold.lost_from,
        "lost_until": _moment(hold.evidence.get("last_beat")),
        "opt_outs": hold.get_opt_outs_display() if hold.opt_outs else "",
        "notices_free": hold.notices_free,
        "is_moving": hold.rule == fence.Rule.MOVING,
        "dispatches": _messages(found, reader),
        "people": sum(doubt.people for doubt in found),
        "unknown": doubts.unknown(hold).count(),
        "waits_for": decisions.waits_for(hold),
    }


def _past(hold: FenceHold) -> tuple[Any, Any, str, str]:
    who = display.person(hold.decided_by) if hold.decided_by else _("the system")
    return hold.since, hold.decided_at, fence.sentence(hold.rule, hold.evidence), who


def _moment(text: object) -> Any:
    return parse_datetime(text) if isinstance(text, str) else None


def _facts(hold: FenceHold, chosen: list[Shown]) -> list[tuple[Any, Any]]:
    facts: list[tuple[Any, Any]] = [(_("Held because"), fence.sentence(hold.rule, hold.evidence))]
    if not chosen:
        return facts
    dispatches = [one.doubt.dispatch for one in chosen]
    named = "、".join(dispatch.title for dispatch in dispatches[:MOST_NAMED])
    more = len(chosen) - MOST_NAMED
    texts = dict.fromkeys(one.text for one in chosen[:MOST_NAMED] if one.text)
    shown = format_html_join("", '<div class="doubted-message">{}</div>', ((linebreaksbr(text),) for text in texts))
    return [
        *facts,
        (_("Dispatches"), named + (_(" and %(n)s more") % {"n": more} if more > 0 else "")),
        (_("Message, as the first of its people gets it"), shown or display.UNKNOWN),
        (_("Vendor account"), "、".join(dict.fromkeys(dispatch.account.name for dispatch in dispatches))),
        (_("People"), display.count(sum(one.doubt.people for one in chosen))),
        (_("Cost if it is sent now"), cost.words(cost.total(one.cost for one in chosen))),
    ]
