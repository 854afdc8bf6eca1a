"""The do-not-send list: entries are added and lifted, never edited or deleted."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from kit import audit, display, masks, phone_keys, phones
from kit.export_files import csv_lines
from kit.people import signed_in
from kit.tables import ImportRefused, sentence
from kit.tables.layouts import Layout
from kit.tables.notes import result_notes
from messaging.admin_base import BigList, PhoneSearch, lookup_address, needs, number_link
from messaging.audit_actions import AuditAction
from messaging.eligibility import entries, files
from messaging.models import Signature, Suppression, SuppressionImport, VendorAccount

_SHOWN = 20


class PhoneField(forms.CharField):
    def clean(self, value: object) -> str:
        typed = super().clean(value)
        phone = phones.clean(typed)
        if typed and not phone:
            raise forms.ValidationError(_("This is no mobile number: it must have 11 digits."))
        return phone


class ScopeForm(forms.Form):
    scope = forms.ChoiceField(label=gettext_lazy("scope"), choices=Suppression.Scope.choices)
    signature = forms.ModelChoiceField(Signature.objects.all(), label=gettext_lazy("signature"), required=False)
    account = forms.ModelChoiceField(VendorAccount.objects.all(), label=gettext_lazy("vendor account"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        scope = cleaned.get("scope")
        for name in ("signature", "account"):
            if scope == name and not cleaned.get(name):
                self.add_error(name, _("Choose which one."))
            if scope != name:
                cleaned[name] = None
        return cleaned


class AddForm(ScopeForm):
    """A number is typed; or it is known by `key`, the sealed number of a page, and shown masked."""

    phone = PhoneField(label=gettext_lazy("number"), max_length=20, required=False)
    key = forms.CharField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(label=gettext_lazy("reason"), max_length=200)
    field_order = ("phone", "scope", "signature", "account", "note", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = phone_keys.unseal(str(self["key"].value() or ""))
        if known:
            self.fields["phone"] = forms.CharField(
                label=_("number"), required=False, disabled=True, initial=display.masked(known)
            )
        self.known = known

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.known:
            cleaned["phone"] = self.known
        elif not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", self.fields["phone"].error_messages["required"])
        return cleaned


class ImportForm(ScopeForm):
    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX file"),
        help_text=gettext_lazy(
            "The first line names the columns: 手机号 or phone, and 原因 or reason if there is one."
        ),
    )
    hidden_rows = forms.ChoiceField(
        label=gettext_lazy("rows that the sheet hides"),
        choices=(
            ("", gettext_lazy("Stop and ask if there are any")),
            ("take", gettext_lazy("Take them as well")),
            ("leave", gettext_lazy("Leave them out: only what the sheet shows")),
        ),
        required=False,
        help_text=gettext_lazy("A filter in Excel or WPS hides rows without deleting them."),
    )
    field_order = ("file", "scope", "signature", "account", "hidden_rows")


class LiftForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        help_text=gettext_lazy("How the customer asked for it, and when. It is kept with the entry."),
    )


class LiveFilter(admin.SimpleListFilter):
    title = gettext_lazy("in force")
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Any:
        return (("yes", _("In force")), ("no", _("Lifted")))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in ("yes", "no"):
            return queryset.filter(lifted_at__isnull=self.value() == "yes")
        return queryset


@admin.register(Suppression)
class SuppressionAdmin(PhoneSearch, BigList):
    change_list_template = "messaging/suppression_list.html"
    list_display = ("number", "covers", "source", "because", "since_when", "state")
    list_display_links = None
    _may_lift = False
    _read: Callable[[str], str] = staticmethod(masks.numbers)
    list_filter = (LiveFilter, "scope", "source")
    list_select_related = ("account", "signature", "lifted_by")
    list_empty = gettext_lazy("The list is empty.")
    list_note = gettext_lazy("Numbers that nothing is sent to. Entries are lifted, never deleted.")
    list_add_label = gettext_lazy("Add to the do-not-send list")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.add_suppression")

    @admin.display(description=gettext_lazy("number"))
    def number(self, entry: Suppression) -> SafeString:
        return number_link(entry.phone)

    @admin.display(description=gettext_lazy("note"))
    def because(self, entry: Suppression) -> str:
        return self._read(entry.note)

    @admin.display(description=gettext_lazy("scope"))
    def covers(self, entry: Suppression) -> str:
        return str(entry.signature or entry.account or entry.get_scope_display())

    @admin.display(description=gettext_lazy("since"), ordering="since")
    def since_when(self, entry: Suppression) -> str:
        return display.when(entry.since)

    @admin.display(description=gettext_lazy("status"))
    def state(self, entry: Suppression) -> SafeString:
        if entry.lifted_at:
            return format_html(
                '{} <span class="quiet">{} {}</span>',
                display.badge(_("Lifted")),
                display.when(entry.lifted_at),
                self._read(entry.lift_reason),
            )
        badge = display.badge(_("In force"), "attention")
        if not self._may_lift:
            return badge
        return format_html('{} <a href="{}">{}</a>', badge, self.address("lift", entry.pk), _("Lift"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        page = _copy_for(self, request)
        return super(SuppressionAdmin, page).changelist_view(request, extra_context)

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("add/", self.enter_view, "add"),
            self.own_url("import/", self.import_view, "import"),
            self.own_url("file/<int:pk>/", self.file_view, "file"),
            self.own_url("file/<int:pk>/state.json", never_cache(self.file_state_view), "file_state"),
            self.own_url("file/<int:pk>/problems.csv", self.problems_view, "file_problems"),
            self.own_url("export.csv", self.export_view, "export"),
            self.own_url("<int:pk>/lift/", self.lift_view, "lift"),
            *super().get_urls(),
        ]

    @needs("messaging.add_suppression")
    def enter_view(self, request: HttpRequest) -> HttpResponse:
        key = request.GET.get("key", "")
        known = phone_keys.unseal(key)
        form = AddForm(request.POST or None, initial={"key": key} if known else None)
        if form.is_valid():
            values = form.cleaned_data
            entries.suppress(
                values["phone"],
                source=Suppression.Source.HAND,
                scope=values["scope"],
                account=values["account"],
                signature=values["signature"],
                note=values["note"],
                actor=signed_in(request),
            )
            number = display.masked(values["phone"])
            messages.success(request, _("%(number)s is on the do-not-send list.") % {"number": number})
            return redirect(lookup_address(values["phone"]) if known else self.address("changelist"))
        return self.page(
            request,
            "messaging/suppression_form.html",
            title=_("Add to the do-not-send list"),
            form=form,
            button=_("Add to the do-not-send list"),
            back=lookup_address(known) if known else self.address("changelist"),
        )

    @needs("messaging.add_suppression")
    def import_view(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            values = form.cleaned_data
            scope = files.ListScope(scope=values["scope"], account=values["account"], signature=values["signature"])
            try:
                take = {"take": True, "leave": False}.get(values["hidden_rows"])
                source = files.start(values["file"], scope, signed_in(request), take_hidden=take)
            except ImportRefused as refusal:
                form.add_error("file", str(refusal))
            else:
                return redirect(self.address("file", source.pk))
        return self.page(
            request,
            "messaging/suppression_import.html",
            title=_("Import a do-not-send list"),
            form=form,
            note=_(
                "Numbers that are on the list already stay as they are. What is queued for the new ones is not sent."
            ),
            button=_("Import"),
            back=self.address("changelist"),
            earlier=[
                (one, *_file_words(one))
                for one in SuppressionImport.objects.select_related("created_by", "signature", "account")[:_SHOWN]
            ],
        )

    @needs("messaging.add_suppression")
    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(
            request,
            "messaging/suppression_file.html",
            title=_("Import a do-not-send list"),
            **_file_facts(_file_or_404(pk)),
        )

    @needs("messaging.add_suppression")
    def file_state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        facts = _file_facts(_file_or_404(pk))
        html = render_to_string("messaging/suppression_reading.html", facts, request)
        return JsonResponse({"html": html, "final": not facts["moving"], "reload": not facts["moving"]})

    @needs("messaging.add_suppression")
    def problems_view(self, request: HttpRequest, pk: int) -> Any:
        lines = files.problems_file(_file_or_404(pk))
        return _attached(lines, request, "do-not-send-problems")

    @needs("messaging.view_suppression")
    def export_view(self, request: HttpRequest) -> Any:
        """Everything with its reasons; numbers in full only for those who may see them."""
        full = request.user.has_perm("messaging.reveal_phone")
        lines = csv_lines(files.export_header(), files.export_rows(full_numbers=full))
        answer = _attached(lines, request, "do-not-send")
        detail = {"file": answer.headers["Content-Disposition"].partition("=")[2].strip('"'), "full_numbers": full}
        audit.record(AuditAction.SUPPRESSION_EXPORTED, actor=signed_in(request), detail=detail)
        return answer

    @needs("messaging.lift_suppression")
    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = get_object_or_404(Suppression.objects.select_related("signature", "account"), pk=pk)
        form = LiftForm(request.POST or None)
        if form.is_valid():
            with transaction.atomic():
                lifted = entries.lift(entry, actor=signed_in(request), reason=form.cleaned_data["reason"])
            if lifted:
                messages.success(
                    request, _("%(number)s may be sent to again.") % {"number": display.masked(entry.phone)}
                )
            else:
                messages.info(request, _("This entry was lifted before."))
            return redirect(lookup_address(entry.phone))
        return self.page(
            request,
            "songda/confirm.html",
            title=_("Allow sending again"),
            facts=[
                (_("Number"), display.masked(entry.phone)),
                (_("Scope"), self.covers(entry)),
                (_("Since"), display.when(entry.since)),
                (_("Source"), entry.get_source_display()),
                (_("Reason"), masks.reader(request.user)(entry.note) or display.UNKNOWN),
            ],
            warning=_("The next campaign may reach this person again. Lift it only on the customer's own wish."),
            form=form,
            button=_("Allow sending again"),
            back=lookup_address(entry.phone),
        )


def _file_or_404(pk: int) -> SuppressionImport:
    rows = SuppressionImport.objects.select_related("created_by", "signature", "account")
    found: SuppressionImport = get_object_or_404(rows, pk=pk)
    return found


def _file_words(source: SuppressionImport) -> tuple[SafeString, str]:
    """Its badge, and whom it holds for."""
    role = {"reading": "moving", "done": "good", "failed": "problem"}[source.state]
    return display.badge(source.get_state_display(), role), str(
        source.signature or source.account or source.get_scope_display()
    )


def _file_facts(source: SuppressionImport) -> Mapping[str, object]:
    badge, covers = _file_words(source)
    return {
        "source": source,
        "badge": badge,
        "covers": covers,
        "moving": source.state == SuppressionImport.State.READING,
        "now": timezone.now(),
        "error": sentence(source.error),
        "layout_notes": result_notes(Layout.of(source.layout), source.take_hidden),
        "problems": [(row, *files.problem_words(row)) for row in source.problems.order_by("line")[:_SHOWN]],
        "closes": source.rows == source.added + source.known + source.lifted + source.invalid,
    }


def _attached(lines: Iterator[str], request: HttpRequest, title: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    name = f"{title}-{request.user.get_username()}-{stamp}.csv"
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


def _copy_for(page: SuppressionAdmin, request: HttpRequest) -> SuppressionAdmin:
    """A page object of this request's own: list columns see no request, and what they show depends on the user."""
    import copy

    own = copy.copy(page)
    own._may_lift = request.user.has_perm("messaging.lift_suppression")
    own._read = masks.reader(request.user)  # type: ignore[method-assign]
    return own
