"""What spends money: confirm, progress, pause, resume, cancel. Each act is confirmed once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges, preflight
from campaigns.approvals import campaign_approvals
from campaigns.lifecycle import auto_stop, follow_ups, progress, steps, timeline
from campaigns.lifecycle.admin.campaign_pages import CampaignPages
from campaigns.lifecycle.admin.follow_ups import asked
from campaigns.lifecycle.breakdown import breakdown
from campaigns.lifecycle.forms import AtOnceForm, ConfirmForm
from campaigns.models import Campaign
from campaigns.preflight import admin
from campaigns.reports import export
from campaigns.states import CampaignState
from kit import display
from kit.people import signed_in
from messaging import form_tokens, sentences
from messaging.admin_base import needs, post_only, say_error
from messaging.badges import bar_parts


class SendingPages(CampaignPages):
    """Under the campaigns."""

    def sending_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/confirm/", self.confirm_view, "confirm"),
            self.own_url("<int:pk>/progress/", self.progress_view, "progress"),
            self.own_url("<int:pk>/progress.json", self.progress_state_view, "progress_state"),
            self.own_url("<int:pk>/pause/", self.pause_view, "pause"),
            self.own_url("<int:pk>/resume/", self.resume_view, "resume"),
            self.own_url("<int:pk>/cancel/", self.cancel_view, "cancel"),
        ]

    # --- confirm -----------------------------------------------------------------------------------------------

    @needs("campaigns.send_campaign")
    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        if campaign.state not in steps.CAN_START and request.method != "POST":
            return redirect(self.address("check", pk))
        form = self._confirm_form(request, campaign)
        if request.method == "POST" and form.is_valid() and self._start(request, campaign, form):
            return redirect(self.address("progress", pk))
        if campaign.state not in steps.CAN_START:
            return redirect(self.address("progress", pk))
        people = display.count(campaign.report.to_send)
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Confirm and send: %(campaign)s") % {"campaign": campaign},
            parents=self.pages_above(campaign),
            facts=_facts(campaign),
            warning=_("You may pause at any time. What is handed over to the vendor cannot be called back."),
            form=form if form.fields else None,
            token=form_tokens.issue(signed_in(request), _purpose(campaign)),
            button="" if _held_back(campaign) else _("Confirm sending to %(n)s people") % {"n": people},
            back=self.address("check", pk),
            back_label=_("Back to the report"),
        )

    def _confirm_form(self, request: HttpRequest, campaign: Campaign) -> ConfirmForm:
        """Without fields where nothing is asked, or nothing can be confirmed."""
        asks = campaign.checked_at is not None and campaign.state in steps.CAN_START and not _held_back(campaign)
        people = campaign.report.to_send if asks and steps.needs_typed_count(campaign) else None
        again = steps.people_again(campaign) if asks else None
        passed = preflight.passed_words(campaign) if asks and steps.start_passed(campaign) else ""
        data = request.POST if request.method == "POST" else None
        return ConfirmForm(data, people=people, again=again, passed=passed)

    def _start(self, request: HttpRequest, campaign: Campaign, form: ConfirmForm) -> bool:
        """True to go to the progress page: it began, or somebody else's start is to be seen there."""
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), _purpose(campaign))
                steps.confirm_and_start(
                    campaign,
                    form.cleaned_data.get("typed", ""),
                    signed_in(request),
                    at_once=form.cleaned_data.get("at_once", False),
                    typed_again=form.cleaned_data.get("typed_again", ""),
                )
        except steps.CannotStart as refusal:
            campaign.refresh_from_db()
            field = "typed_again" if isinstance(refusal, steps.SameContent) else "typed"
            if field in form.fields and campaign.state in steps.CAN_START:
                form.add_error(field, str(refusal))
                return False
            say_error(request, refusal)
            return campaign.state not in steps.CAN_START
        except (form_tokens.AlreadyDone, form_tokens.BadToken) as refusal:
            say_error(request, refusal)
            campaign.refresh_from_db()
            return campaign.state not in steps.CAN_START
        return True

    # --- progress ----------------------------------------------------------------------------------------------

    @needs("campaigns.view_campaign")
    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        steps.refresh_state(campaign)
        if campaign.state in (*steps.CAN_EDIT, "checking"):
            return redirect(self.address("check", pk))
        return self.page(
            request,
            "campaigns/progress.html",
            title=str(campaign),
            may_export=request.user.has_perm("messaging.export_delivery"),
            export_rows=export.size(campaign),
            **_now(request, campaign),
            **_over_time(campaign),
        )

    @needs("campaigns.view_campaign")
    def progress_state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        campaign = self.campaign_or_404(pk)
        steps.refresh_state(campaign)
        now = _now(request, campaign)
        done: progress.Progress = now["progress"]
        tenth = 10 * done.handed_over // done.people * 10 if done.people else 0
        back = campaign.state in steps.CAN_EDIT
        return JsonResponse(
            {
                "html": render_to_string("campaigns/progress_now.html", now, request),
                "said": f"{campaign.get_state_display()} {tenth}%",
                "mark": f"{campaign.state} {sorted(done.counts.items())}",
                "state": campaign.state,
                "counts": done.counts,
                "total": done.total,
                "closes": done.closes,
                "final": done.final,
                "reload": back,
                "timeline": timeline.timeline(campaign),
            }
        )

    @needs("campaigns.send_campaign")
    @post_only
    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        if steps.pause(campaign, signed_in(request)):
            batches, people = progress.in_flight(campaign)
            words = _("Paused. %(n)s batches (at most %(people)s people) that are being handed over go on.")
            if steps.held_before_start(campaign):
                words = _("Paused. It does not start at its time until somebody resumes.")
            self.message_user(request, words % {"n": batches, "people": display.count(people)})
        else:
            say_error(request, Exception(_("It was not running any more.")))
        return redirect(self.address("progress", pk))

    @needs("campaigns.send_campaign")
    @post_only
    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where the start time has passed meanwhile, the answer is a question: at once, or not."""
        campaign = self.campaign_or_404(pk)
        at_once = request.POST.get("at_once") == "yes"
        try:
            if not steps.resume(campaign, signed_in(request), at_once=at_once):
                say_error(request, Exception(_("There was nothing to resume.")))
        except steps.StartPassed as passed:
            return self._ask_at_once(request, campaign, str(passed))
        except steps.CannotStart as refusal:
            say_error(request, refusal)
        return redirect(self.address("progress", pk))

    def _ask_at_once(self, request: HttpRequest, campaign: Campaign, passed: str) -> HttpResponse:
        people = display.count(campaign.report.to_send)
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Resume: %(campaign)s") % {"campaign": campaign},
            parents=self.pages_above(campaign),
            facts=[(_("Start"), display.when(campaign.start_at)), (_("To"), _("%(n)s people") % {"n": people})],
            warning=passed,
            form=AtOnceForm(),
            button=_("Start at once for %(n)s people") % {"n": people},
            back=self.address("progress", campaign.pk),
        )

    @needs("campaigns.send_campaign")
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.campaign_or_404(pk)
        if request.method == "POST":
            return self._cancel(request, campaign)
        left = progress.progress(campaign).counts.get("queued", 0)
        people = left if campaign.dispatch_id else campaign.report.to_send
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Cancel what is left: %(campaign)s") % {"campaign": campaign},
            parents=self.pages_above(campaign),
            facts=[(_("Not sent any more"), _("%(n)s people") % {"n": display.count(people)})],
            warning=_("What was handed over already cannot be called back. A cancelled campaign cannot be resumed."),
            token=form_tokens.issue(signed_in(request), f"cancel-campaign:{pk}"),
            button=_("Cancel for %(n)s people") % {"n": display.count(people)},
            danger=True,
            back=self.address("progress", pk),
        )

    def _cancel(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), f"cancel-campaign:{campaign.pk}")
                if not steps.cancel(campaign, signed_in(request)):
                    say_error(request, Exception(_("It had ended already.")))
        except (form_tokens.AlreadyDone, form_tokens.BadToken) as refusal:
            say_error(request, refusal)
        return redirect(self.address("progress", campaign.pk))


def campaign_blocked(campaign: Campaign) -> bool:
    return bool(admin.shown(campaign)["blocked"])


def _held_back(campaign: Campaign) -> bool:
    """Nothing can be confirmed: something blocks, or a colleague's approval is missing."""
    return campaign_blocked(campaign) or bool(campaign_approvals.missing(campaign))


def _purpose(campaign: Campaign) -> str:
    """Of this very report: a form that showed older numbers starts nothing."""
    return f"start:{campaign.pk}:{campaign.checked_at.isoformat() if campaign.checked_at else ''}"


def _facts(campaign: Campaign) -> list[tuple[str, Any]]:
    shown = admin.shown(campaign)
    high = campaign.report.cost.high
    spent = display.money(high) if high is not None else _("not known: the account has no prices")
    facts = [
        (
            _("To"),
            _("at most %(n)s people (who opts out until then is left out; the number can only fall)")
            % {"n": display.count(campaign.report.to_send)},
        ),
        (_("Cost at most"), spent),
        (_("Content"), _("%(version)s (locked from now on)") % {"version": campaign.version}),
        (_("Vendor account"), f"{campaign.account} · {campaign.signature}"),
        (_("Start"), admin.start_words(campaign)),
        (_("Send window"), admin.window_words(campaign)),
        (_("Done at about"), display.when(campaign.report.finish_at)),
        (_("Not sent after"), display.when(campaign.send_until) if campaign.send_until else _("no limit")),
    ]
    if shown["balance"]:
        facts.insert(2, (_("Balance"), str(shown["balance"])))
    again = admin.again_words(campaign)
    facts += [*again, *admin.watch_words(campaign)]
    approval = campaign_approvals.granted(campaign)
    if approval is not None and approval.decided_by is not None:
        words = _("approved by %(who)s at %(time)s; content, people and time are unchanged since")
        at = display.day_and_time(approval.decided_at) if approval.decided_at else ""
        facts.append((_("Approval"), words % {"who": display.person(approval.decided_by), "time": at}))
    elif campaign_approvals.missing(campaign):
        facts.append((_("Approval"), _("missing: submit it on the report first")))
    minded = [found for found in campaign.report.obstacles if not (again and found.key == "again")]
    return [*facts, *((_("Mind"), preflight.sentence(found)) for found in minded)]


def _starts_at(campaign: Campaign) -> datetime | None:
    """The moment for which it waits, also while it is paused before it."""
    waits = campaign.state in (*steps.CAN_PAUSE, *steps.CAN_RESUME)
    return campaign.start_at if waits and campaign.start_at and campaign.start_at > timezone.now() else None


def _now(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    if not request.user.is_authenticated:
        raise PermissionDenied
    may_send = request.user.has_perm("campaigns.send_campaign")
    found, parted = progress.progress(campaign), breakdown(campaign)
    sent_counts = {status: n for status, n in found.counts.items() if status != "skipped"}
    if found.later_out:
        sent_counts["skipped"] = found.later_out
    return {
        "campaign": campaign,
        "badge": badges.campaign(campaign),
        "note": badges.note(campaign.state_note) if campaign.state_note else None,
        "progress": found,
        "parts": bar_parts(sent_counts),
        "rows": _rows(sent_counts),
        "channels": parted.channels,
        "failures": parted.failures,
        "unsent": [(reason, sentences.label(reason), n) for reason, n in parted.unsent.items()],
        "now": timezone.now(),
        "starts_at": _starts_at(campaign),
        "may_pause": may_send and campaign.state in steps.CAN_PAUSE,
        "may_resume": may_send and campaign.state in steps.CAN_RESUME,
        "decides_at": auto_stop.decides_at(campaign) if campaign.state == CampaignState.CANARY else None,
        "by_limit": auto_stop.is_limit(campaign.state_note) and campaign.state == CampaignState.STOPPED,
        "sides": progress.side_by_side(campaign),
        "twice": follow_ups.reached_twice(campaign) if campaign.fallback_account_id else 0,
        "asked_again": asked(campaign) if campaign.dispatch_id else [],
        "may_follow": may_send and campaign.state in follow_ups.CAN_FOLLOW,
        "may_cancel": may_send and campaign.state in steps.CAN_CANCEL,
    }


def _over_time(campaign: Campaign) -> Mapping[str, object]:
    figures = timeline.timeline(campaign)
    return {
        "timeline": figures,
        "timeline_words": timeline.words().values(),
        "timeline_rows": timeline.rows(figures) if figures else [],
        "timeline_totals": timeline.totals(figures) if figures else [0] * len(timeline.KINDS),
    }


_NEXT = {
    "delivered": "",
    "failed": gettext_lazy("look at the reasons below"),
    "rejected": gettext_lazy("look at the reasons below"),
    "submitted": gettext_lazy("usually minutes, at most 72 hours"),
    "unknown": gettext_lazy("do not send again; settle them under unknown outcomes"),
}


def _rows(counts: dict[str, int]) -> list[tuple[str, str, int, str]]:
    """(status, word, people, what next), in the order of the bar; read counts among delivered."""
    from messaging.badges import DELIVERY
    from messaging.deliveries.status import STATUSES

    return [
        (status, str(DELIVERY[status][0]), counts[status], str(_NEXT.get(status, "")))
        for status in STATUSES
        if counts.get(status)
    ]
