"""What happened to one number: posted, then shown under a sealed key, masked, each reveal logged with its reason."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from kit import audit, display, masks, phone_keys, phones
from kit.people import signed_in
from messaging import badges, hooks
from messaging.admin_base import LookOnly, lookup_address, moment_of, needs
from messaging.audit_actions import AuditAction
from messaging.deliveries import status
from messaging.lookup import exchange, limits
from messaging.lookup.admin.timeline import entries
from messaging.models import Delivery, Receipt

PAGE = 50


class RevealForm(forms.Form):
    class Why:
        CHOICES = (
            ("call", gettext_lazy("Checking with a customer who calls")),
            ("complaint", gettext_lazy("Handling a complaint")),
            ("legal", gettext_lazy("Evidence for the law department")),
            ("other", gettext_lazy("Something else")),
        )

    why = forms.ChoiceField(label=gettext_lazy("why"), choices=Why.CHOICES)
    note = forms.CharField(label=gettext_lazy("note"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("why") == "other" and not cleaned.get("note"):
            self.add_error("note", _("Say what for."))
        return cleaned


@admin.register(Delivery)
class LookupAdmin(LookOnly):
    """No list of deliveries: a person is found by number, people of a campaign on the campaign's own pages."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.ask_view), name="phone_lookup"),
            path("<str:key>/", wrap(never_cache(self.number_view)), name="phone_lookup_key"),
            path("<str:key>/exchange/<int:pk>/", wrap(never_cache(self.exchange_view)), name="phone_lookup_exchange"),
            path("<str:key>/reveal/", wrap(never_cache(self.reveal_view)), name="phone_lookup_reveal"),
        ]

    @needs("messaging.look_up_delivery")
    def ask_view(self, request: HttpRequest) -> HttpResponse:
        typed = request.POST.get("phone", "")
        phone = phones.clean(typed)
        problem = _("Eleven digits are needed: a mobile number of the mainland.") if request.method == "POST" else ""
        if phone:
            try:
                limits.note(signed_in(request), phone)
                return redirect(lookup_address(phone))
            except limits.TooMany as refusal:
                problem = str(refusal)
        others = [html for panel in hooks.search_panels if (html := panel(request))]
        return self.page(
            request, "messaging/lookup_ask.html", title=_("Look up one number"), problem=problem, others=others
        )

    @needs("messaging.look_up_delivery")
    def number_view(self, request: HttpRequest, key: str) -> HttpResponse:
        return self._show(request, _phone_of(key), key)

    def _show(self, request: HttpRequest, phone: str, key: str, **values: object) -> HttpResponse:
        chosen = _Chosen(request)
        items, earlier = status.phone_page(
            phone, moment_of(request.GET.get("before", "")), PAGE, after=chosen.after, kinds=chosen.kinds
        )
        stops = status.suppressions(phone)
        return self.page(
            request,
            "messaging/lookup.html",
            title=display.masked(phone),
            masked=display.masked(phone),
            key=key,
            entries=entries(items, stops, masks.reader(request.user)),
            older=earlier.isoformat() if earlier else "",
            chosen=chosen,
            suppressions=[stop for stop in stops if stop.lifted_at is None],
            panels=[html for panel in hooks.number_panels if (html := panel(request, phone))],
            may_see_exchange=_may_see_exchange(request),
            may_reveal=request.user.has_perm("messaging.reveal_phone"),
            may_add=request.user.has_perm("messaging.add_suppression"),
            may_lift=request.user.has_perm("messaging.lift_suppression"),
            **values,
        )

    @needs("messaging.look_up_delivery")
    def exchange_view(self, request: HttpRequest, key: str, pk: int) -> HttpResponse:
        """What was said to the vendor about this person alone, and what came back, masked."""
        phone = _phone_of(key)
        if not _may_see_exchange(request):
            raise PermissionDenied
        related = ("batch", "dispatch__account", "dispatch__version", "dispatch__signature", "dispatch__chatbot")
        delivery = get_object_or_404(Delivery.objects.select_related(*related), pk=pk, phone=phone)
        return self.page(
            request,
            "messaging/exchange.html",
            title=_("Vendor exchange: %(number)s") % {"number": display.masked(phone)},
            masked=display.masked(phone),
            key=key,
            delivery=delivery,
            exchanges=[
                (one, badges.outcome(one.attempt.outcome), [(call, badges.outcome(call.outcome)) for call in one.calls])
                for one in exchange.exchanges(delivery)
            ],
            receipts=Receipt.objects.filter(phone=phone, attempt__batch=delivery.batch_id).order_by("id")[:20],
        )

    @needs("messaging.reveal_phone")
    def reveal_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """One number, for sixty seconds, with the reason in the audit trail before it is shown."""
        phone = _phone_of(key)
        form = RevealForm(request.POST or None)
        if not form.is_valid():
            return self.page(
                request,
                "songda/form.html",
                title=_("Show the full number"),
                form=form,
                note=_("Who looked, when and why is kept in the audit trail."),
                button=_("Show for 60 seconds"),
                back=lookup_address(phone),
            )
        with transaction.atomic():
            detail = {
                "phone": display.masked(phone),
                "why": form.cleaned_data["why"],
                "note": form.cleaned_data["note"],
            }
            audit.record(AuditAction.NUMBER_SHOWN, actor=signed_in(request), detail=detail)
        messages.info(request, _("The full number is shown for 60 seconds; this is logged."))
        return self._show(request, phone, key, revealed=phone)


def _may_see_exchange(request: HttpRequest) -> bool:
    """The variables of one person are in it: for those who look after vendors, and those who may see full numbers."""
    return bool(request.user.has_perm("messaging.view_vendorcall") or request.user.has_perm("messaging.reveal_phone"))


def _phone_of(key: str) -> str:
    phone = phone_keys.unseal(key)
    if not phone:
        raise Http404("no number behind this key, or it is too old")
    return phone


class _Chosen:
    """What of the line of time is shown: `kind` of KINDS ("" all), `days` back ("" all). What makes no sense shows all."""

    KINDS = (
        ("", gettext_lazy("All kinds")),
        ("delivery", gettext_lazy("Messages")),
        ("reply", gettext_lazy("Replies")),
        ("click", gettext_lazy("Clicks")),
        ("suppression", gettext_lazy("Do-not-send list")),
    )
    DAYS = (
        ("", gettext_lazy("All time")),
        ("7", gettext_lazy("Last 7 days")),
        ("30", gettext_lazy("Last 30 days")),
        ("90", gettext_lazy("Last 90 days")),
        ("365", gettext_lazy("Last year")),
    )

    def __init__(self, request: HttpRequest) -> None:
        kind, days = request.GET.get("kind", ""), request.GET.get("days", "")
        self.kind = kind if kind in dict(self.KINDS) else ""
        self.days = days if days in dict(self.DAYS) else ""
        self.kinds = (self.kind,) if self.kind else status.KINDS
        self.after = timezone.now() - timedelta(days=int(self.days)) if self.days else None
        self.query = urlencode({"kind": self.kind, "days": self.days})

    def __bool__(self) -> bool:
        return bool(self.kind or self.days)
