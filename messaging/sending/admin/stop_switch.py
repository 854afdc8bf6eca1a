"""The switch that stops all sending, and who turned it when."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit import display
from kit.people import signed_in
from messaging import form_tokens
from messaging.admin_base import LookOnly, needs, say_error
from messaging.models import Batch, Dispatch, SendingStop
from messaging.sending import stop_switch
from messaging.states import BatchState, DispatchState

PERMISSION = "messaging.stop_sending"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        help_text=gettext_lazy("Everybody reads it on every page, and it is kept in the audit trail."),
    )


def who_stopped(stop: SendingStop) -> str:
    return display.person(stop.stopped_by) if stop.stopped_by else stop.stopped_name


def who_resumed(stop: SendingStop) -> str:
    return display.person(stop.resumed_by) if stop.resumed_by else stop.resumed_name or display.UNKNOWN


@admin.register(SendingStop)
class SendingStopAdmin(LookOnly):
    list_display = ("stopped", "stopper", "reason", "resumed", "resumer", "resume_reason")
    list_display_links = None
    list_select_related = ("stopped_by", "resumed_by")
    ordering = ("-id",)
    list_empty = gettext_lazy("All sending was never stopped.")

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [path("switch/", wrap(self.switch_view), name="stop_sending"), *super().get_urls()]

    @needs(PERMISSION)
    def switch_view(self, request: HttpRequest) -> HttpResponse:
        """The one page, whichever way the switch stands. A form that showed the other way changes nothing."""
        stop = stop_switch.current()
        purpose = f"resume-sending:{stop.pk}" if stop else "stop-sending"
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._turn(request, form.cleaned_data["reason"], purpose, stop)
        words = _resume_words(stop) if stop else _stop_words()
        return self.page(
            request,
            "songda/confirm.html",
            form=form,
            token=form_tokens.issue(signed_in(request), purpose),
            back=reverse("admin:index"),
            sending_stop=None,  # the facts say it: the bar of the other pages would say the same twice
            **words,
        )

    def _turn(self, request: HttpRequest, reason: str, purpose: str, stop: SendingStop | None) -> HttpResponse:
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), purpose)
                mine = stop_switch.resume(reason, actor=signed_in(request)) if stop else False
            if stop is None:
                mine = stop_switch.stop(reason, actor=signed_in(request)).stopped_by_id == request.user.pk
        except (form_tokens.AlreadyDone, form_tokens.OtherPurpose):
            mine = False
        except (ValidationError, form_tokens.BadToken) as error:
            say_error(request, error)
            return redirect("admin:stop_sending")
        if not mine:
            messages.error(request, _turned_before())
        elif stop is None:
            messages.success(request, _("All sending is stopped. What was on the wire already cannot be called back."))
        else:
            messages.success(request, _("Sending goes on."))
        return redirect("admin:stop_sending")

    @admin.display(description=gettext_lazy("stopped at"))
    def stopped(self, stop: SendingStop) -> str:
        return display.moment(stop.stopped_at)

    @admin.display(description=gettext_lazy("stopped by"))
    def stopper(self, stop: SendingStop) -> str:
        return who_stopped(stop)

    @admin.display(description=gettext_lazy("resumed at"))
    def resumed(self, stop: SendingStop) -> str:
        return display.moment(stop.resumed_at)

    @admin.display(description=gettext_lazy("resumed by"))
    def resumer(self, stop: SendingStop) -> str:
        return who_resumed(stop)


def _turned_before() -> str:
    """Who turned the switch between the page and its form."""
    last = stop_switch.latest()
    if last is None:
        return _("This has changed since the page was opened, so nothing was done. Look at it again.")
    if last.holds:
        words = _(
            "%(who)s stopped all sending %(at)s. This page was opened before, so it did nothing, and the reason that you typed "
            "was not kept."
        )
        return words % {"who": who_stopped(last), "at": display.day_and_time(last.stopped_at)}
    words = _(
        "%(who)s resumed all sending %(at)s, reason: %(reason)s. This page was opened before, so it did nothing, and the reason "
        "that you typed was not kept."
    )
    at = display.day_and_time(last.resumed_at) if last.resumed_at else display.UNKNOWN
    return words % {"who": who_resumed(last), "at": at, "reason": last.resume_reason}


def _stop_words() -> Mapping[str, object]:
    wired = Batch.objects.filter(state=BatchState.SENDING).count()
    running = Dispatch.objects.filter(state=DispatchState.RUNNING).count()
    return {
        "title": _("Stop all sending"),
        "facts": [
            (_("Concerns"), _("every account, campaign and API, test sends and answers")),
            (_("Dispatches that are sending now"), display.count(running)),
            (_("Requests on the wire that cannot be called back"), display.count(wired)),
        ],
        "warning": _("Within 5 seconds nothing more goes out. Nothing is lost: it waits until somebody resumes."),
        "button": _("Stop all sending"),
        "danger": True,
    }


def _resume_words(stop: SendingStop) -> Mapping[str, object]:
    running = Dispatch.objects.filter(state=DispatchState.RUNNING).count()
    return {
        "title": _("Resume all sending"),
        "facts": [
            (_("Stopped by"), who_stopped(stop)),
            (_("Stopped at"), display.moment(stop.stopped_at)),
            (_("Reason"), stop.reason),
            (_("Dispatches that go on at once"), display.count(running)),
        ],
        "warning": _("What waited goes out as far as its window and its time allow. Cancel first what must not."),
        "button": _("Resume all sending"),
        "danger": False,
    }
