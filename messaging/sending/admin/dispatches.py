"""Dispatches: their counts, their batches, and pause, resume, cancel."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit import display
from kit.ids import row_id
from kit.people import signed_in
from messaging import badges, form_tokens
from messaging.admin_base import BigList, needs, post_only, say_error
from messaging.deliveries import status as deliveries_status
from messaging.models import Batch, Dispatch
from messaging.sending import dispatches
from messaging.sending.admin.test_send import TestSend
from messaging.sentences import SENTENCES
from messaging.states import BATCH_OPEN, DispatchState

BATCHES_SHOWN = 100


@admin.register(Dispatch)
class DispatchAdmin(TestSend, BigList):
    list_display = ("title", "kind", "account", "state_badge", "how_many", "made")
    list_filter = ("state", "kind", "account")
    list_select_related = ("account",)
    list_empty = gettext_lazy("Nothing was sent yet.")
    search_fields = ("title__startswith",)
    search_help_text = gettext_lazy("How the title begins")

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, dispatch: Dispatch) -> SafeString:
        return badges.dispatch(dispatch.state)

    @admin.display(description=gettext_lazy("recipients"))
    def how_many(self, dispatch: Dispatch) -> str:
        return display.count(dispatch.total)

    @admin.display(description=gettext_lazy("made"), ordering="id")
    def made(self, dispatch: Dispatch) -> str:
        return display.when(dispatch.created_at)

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/pause/", self.pause_view, "pause"),
            self.own_url("<int:pk>/resume/", self.resume_view, "resume"),
            self.own_url("<int:pk>/cancel/", self.cancel_view, "cancel"),
            *self.test_urls(),
            *super().get_urls(),
        ]

    @needs("messaging.view_dispatch")
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        related = ("account", "signature", "chatbot", "version__template", "created_by")
        dispatch = get_object_or_404(Dispatch.objects.select_related(*related), pk=row_id(object_id))
        counts = deliveries_status.dispatch_counts([dispatch.pk])
        may = request.user.has_perm("messaging.change_dispatch")
        stop = SENTENCES.get(dispatch.stop_reason)
        return self.page(
            request,
            "messaging/dispatch.html",
            title=dispatch.title,
            dispatch=dispatch,
            badge=badges.dispatch(dispatch.state),
            parts=badges.bar_parts(counts),
            counts=[(badges.DELIVERY[status][0], number) for status, number in counts.items()],
            total=sum(counts.values()),
            batches=_batches(dispatch),
            stop=stop,
            may_pause=may and dispatch.state in (DispatchState.READY, DispatchState.RUNNING),
            may_resume=may and dispatch.state in (DispatchState.PAUSED, DispatchState.STOPPED),
            may_cancel=may and dispatch.state not in (DispatchState.DONE, DispatchState.CANCELLED),
        )

    @needs("messaging.change_dispatch")
    @post_only
    def pause_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dispatch = get_object_or_404(Dispatch, pk=pk)
        if dispatches.pause(dispatch, signed_in(request)):
            messages.warning(request, _("Paused. %(running)s") % {"running": _on_the_wire(dispatch)})
        else:
            messages.info(request, _("It was not running any more."))
        return redirect(self.address("change", pk))

    @needs("messaging.change_dispatch")
    @post_only
    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dispatch = get_object_or_404(Dispatch, pk=pk)
        if dispatches.waited_too_long(dispatch):
            messages.warning(
                request, _("Its start time has passed: resume its campaign, which asks whether to start at once.")
            )
        elif dispatches.resume(dispatch, signed_in(request)):
            messages.success(request, _("It goes on."))
        else:
            messages.info(request, _("There was nothing to resume."))
        return redirect(self.address("change", pk))

    @needs("messaging.change_dispatch")
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        dispatch = get_object_or_404(Dispatch.objects.select_related("account"), pk=pk)
        purpose = f"cancel:{pk}"
        if request.method == "POST":
            return self._cancel(request, dispatch, purpose)
        left = deliveries_status.dispatch_counts([pk]).get("queued", 0)
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Cancel what is left"),
            facts=[(_("Dispatch"), dispatch.title), (_("Not sent any more"), display.count(left))],
            warning=_("What was handed over already cannot be called back. A cancelled dispatch cannot be resumed."),
            token=form_tokens.issue(signed_in(request), purpose),
            button=_("Cancel for %(n)s people") % {"n": display.count(left)},
            danger=True,
            back=self.address("change", pk),
        )

    def _cancel(self, request: HttpRequest, dispatch: Dispatch, purpose: str) -> HttpResponse:
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), purpose)
                done = dispatches.cancel(dispatch, signed_in(request))
        except (form_tokens.AlreadyDone, form_tokens.BadToken) as error:
            say_error(request, error)
        else:
            if done:
                messages.success(request, _("Cancelled. %(running)s") % {"running": _on_the_wire(dispatch)})
            else:
                messages.info(request, _("It had ended already."))
        return redirect(self.address("change", dispatch.pk))


def _batches(dispatch: Dispatch) -> list[tuple[Batch, Any, str]]:
    rows = Batch.objects.filter(dispatch=dispatch).order_by("number")[:BATCHES_SHOWN]
    return [(batch, badges.batch(batch.state), _reason(batch.reason)) for batch in rows]


def _reason(key: str) -> str:
    found = SENTENCES.get(key)
    return str(found.what) if found else ""


def _on_the_wire(dispatch: Dispatch) -> str:
    """Pausing acts between batches: what a worker holds at this moment may still go out."""
    held = Batch.objects.filter(dispatch=dispatch, state__in=BATCH_OPEN).exclude(state="queued")
    sizes = list(held.values_list("size", flat=True))
    if not sizes:
        return _("Nothing is being handed over at this moment.")
    return _("%(n)s batches (at most %(people)s people) that are being handed over go on.") % {
        "n": len(sizes),
        "people": display.count(sum(sizes)),
    }
