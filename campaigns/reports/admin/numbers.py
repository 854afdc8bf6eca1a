"""What campaigns know of one number: its consent, an evidence pack, and who of a campaign has these last four digits."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from campaigns.audiences.imports.operators import operators_by_prefix
from campaigns.audit_actions import AuditAction
from campaigns.models import Audience, AudienceImport, AudienceMember, Campaign
from campaigns.reports import evidence
from campaigns.states import ImportState
from kit import audit, display, phone_keys
from kit.people import signed_in
from messaging import badges, hooks
from messaging.admin_base import LookOnly, lookup_address, needs, number_link
from messaging.deliveries import status
from messaging.lookup import limits
from messaging.lookup.admin.lookup import RevealForm
from messaging.models import Delivery
from messaging.states import Operator

MOST_FOUND = 20  # nobody finds a number among more that look alike; and the look ends the sooner
MOST_SHOWN = 200


class LastFourForm(forms.Form):
    campaign = forms.ModelChoiceField(
        Campaign.objects.filter(dispatch__isnull=False).order_by("-id"), label=gettext_lazy("campaign")
    )
    digits = forms.RegexField(
        r"^\d{4}$",
        label=gettext_lazy("last four digits"),
        error_messages={"invalid": gettext_lazy("Exactly four digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": "4", "autocomplete": "off"}),
    )


@admin.register(AudienceMember)
class NumberAdmin(LookOnly):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("find/", wrap(never_cache(self.find_view)), name="number_find"),
            path("consent/", wrap(self.consent_view), name="consent_records"),
            path("<str:key>/evidence/", wrap(never_cache(self.evidence_view)), name="number_evidence"),
        ]

    @needs("messaging.look_up_delivery")
    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Posted, so that no part of a number stands in an address; each line leads to the number's own page."""
        form = LastFourForm(request.POST or None)
        found: list[Delivery] = []
        if form.is_valid():
            try:
                limits.note(signed_in(request), form.cleaned_data["digits"])
                found = _ending_with(form.cleaned_data["campaign"], form.cleaned_data["digits"])
            except limits.TooMany as refusal:
                form.add_error("digits", str(refusal))
        return self.page(
            request,
            "campaigns/find_number.html",
            title=_("Find by the last four digits"),
            form=form,
            searched=form.is_bound and form.is_valid(),
            rows=[
                (
                    number_link(row.phone),
                    badges.delivery(status.delivery_status(row), row.channel),
                    row.dispatch.title,
                )
                for row in found
            ],
            most=MOST_FOUND if len(found) == MOST_FOUND else 0,
        )

    @needs("messaging.view_suppression")
    def consent_view(self, request: HttpRequest) -> HttpResponse:
        """What each list of people rests on: confirmed files alone."""
        confirmed = AudienceImport.objects.filter(state=ImportState.DONE)
        audiences = Audience.objects.prefetch_related(Prefetch("imports", confirmed)).order_by("-id")[:MOST_SHOWN]
        return self.page(
            request,
            "campaigns/consents.html",
            title=_("Consent records"),
            audiences=audiences,
            may_open=request.user.has_perm("campaigns.view_audience"),
        )

    @needs("messaging.reveal_phone")
    def evidence_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """The full number is in the pack: for those who may see it, with the reason in the audit trail first."""
        phone = phone_keys.unseal(key)
        if not phone:
            raise Http404("no number behind this key, or it is too old")
        form = RevealForm(request.POST or None)
        if not form.is_valid():
            return self.page(
                request,
                "songda/form.html",
                title=_("Evidence pack for %(number)s") % {"number": display.masked(phone)},
                form=form,
                note=_("A ZIP with everything on record about this number, in full. Who took it and why is kept."),
                button=_("Download the pack"),
                back=lookup_address(phone),
            )
        why = str(dict(RevealForm.Why.CHOICES)[form.cleaned_data["why"]])
        if form.cleaned_data["note"]:
            why = f"{why} · {form.cleaned_data['note']}"
        stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
        name = f"evidence-{phone[-4:]}-{request.user.get_username()}-{stamp}.zip"
        with transaction.atomic():
            detail = {
                "phone": display.masked(phone),
                "why": form.cleaned_data["why"],
                "note": form.cleaned_data["note"],
            }
            detail |= {"file": name, "full_numbers": True}
            audit.record(AuditAction.EVIDENCE_TAKEN, actor=signed_in(request), detail=detail)
        body = evidence.pack(phone, asked_by=display.named(signed_in(request)), why=why)
        answer = HttpResponse(body, content_type="application/zip")
        answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return answer


def _ending_with(campaign: Campaign, digits: str) -> list[Delivery]:
    """The numbers first, from the unique index alone, which holds each leg's in their order: the look ends where enough are
    found. The rows are wide."""
    people = campaign.deliveries
    ending = people.filter(phone__endswith=digits).order_by("phone").values_list("phone", flat=True)
    numbers = list(ending.filter(leg="main")[:MOST_FOUND])
    later = campaign.dispatches.exclude(leg="main").values_list("leg", flat=True)
    if len(numbers) < MOST_FOUND and (legs := set(later)):
        numbers += ending.filter(leg__in=legs).distinct()[:MOST_FOUND]
    rows = people.filter(phone__in=numbers).select_related("batch", "dispatch")
    return list(rows.order_by("phone", "id")[:MOST_FOUND])


def on_number(request: HttpRequest, phone: str) -> str:
    """The operator by prefix, the files that hold the number, the way to the pack."""
    operator = operators_by_prefix().get(phone[:5], "")
    context = {
        "operator": Operator(operator).label if operator in Operator.values else "",
        "members": evidence.consents(phone),
        "key": phone_keys.seal(phone),
        "may_take": request.user.has_perm("messaging.reveal_phone"),
        "may_open": request.user.has_perm("campaigns.view_audience"),
    }
    return render_to_string("campaigns/number_panel.html", context, request)


def on_search(request: HttpRequest) -> str:
    return render_to_string("campaigns/find_panel.html", {"form": LastFourForm()}, request)


hooks.number_panels.append(on_number)
hooks.search_panels.append(on_search)
