"""Audiences and the way a file takes into one: upload, columns, result, confirmation."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import badges
from campaigns.audiences import consent, imports
from campaigns.audiences.admin.imports import ImportPages
from campaigns.audiences.imports import ImportRefused
from campaigns.audit_actions import AuditAction
from campaigns.models import Audience
from campaigns.states import ImportState
from kit import audit, display
from kit.ids import row_id
from kit.people import signed_in
from messaging.admin_base import needs


class ConsentMixin(forms.Form):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if found := consent.problem(cleaned.get("consent_source"), cleaned.get("consent_on")):
            self.add_error(*found)
        return cleaned


class AudienceForm(ConsentMixin, forms.ModelForm):
    class Meta:
        model = Audience
        fields = ("name", "consent_source", "consent_on")
        widgets = {"consent_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("recipient file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
        help_text=gettext_lazy(
            "CSV or XLSX with a line of column names. Of a workbook the first visible sheet with something in it is read. "
            "At most 50 MB as XLSX, 500 MB as CSV."
        ),
    )


class NewAudienceForm(AudienceForm):
    """A new audience with its first file."""

    file = UploadForm.base_fields["file"]
    field_order = ("name", "file", "consent_source", "consent_on")


@admin.register(Audience)
class AudienceAdmin(ImportPages):
    form = AudienceForm
    list_display = ("name", "people", "consent", "files", "made")
    search_fields = ("name",)
    list_empty = gettext_lazy("Upload a CSV or XLSX file; its first line holds the column names.")
    list_add_label = gettext_lazy("Import recipients")
    change_form_template = "campaigns/audience.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = Count("imports", filter=Q(imports__state__in=(ImportState.UPLOADED, ImportState.READY)))
        return super().get_queryset(request).annotate(waiting=waiting)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.import_audience")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("usable recipients"), ordering="size")
    def people(self, audience: Audience) -> str:
        return display.count(audience.size)

    @admin.display(description=gettext_lazy("consent"))
    def consent(self, audience: Audience) -> Any:
        if audience.consent_on and audience.has_consent(timezone.localdate()):
            return f"{audience.consent_source} · {display.day(audience.consent_on)}"
        return display.badge(_("not proven"), "attention")

    @admin.display(description=gettext_lazy("files"))
    def files(self, audience: Audience) -> SafeString | str:
        waiting = audience.waiting  # type: ignore[attr-defined]
        return display.badge(_("%(n)s to be confirmed") % {"n": waiting}, "attention") if waiting else ""

    @admin.display(description=gettext_lazy("imported"), ordering="id")
    def made(self, audience: Audience) -> str:
        return display.when(audience.created_at)

    def get_urls(self) -> list[Any]:
        upload = self.own_url("<int:pk>/upload/", self.upload_view, "upload")
        return [upload, *self.import_urls(), *super().get_urls()]

    @needs("campaigns.import_audience")
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        form = NewAudienceForm(request.POST or None, request.FILES or None)
        if form.is_valid() and (source := self._create(request, form)):
            return redirect(self.address("file", source.pk))
        return self.page(
            request,
            "songda/form.html",
            title=_("Import recipients"),
            form=form,
            note=_("Every row of the file is stored or named as a problem. Nothing is sent."),
            button=_("Upload"),
            back=self.address("changelist"),
        )

    def _create(self, request: HttpRequest, form: NewAudienceForm) -> Any:
        """The import, or None with the refusal beside the file. A file that is refused at once leaves no audience behind."""
        audience = form.save(commit=False)
        audience.created_by = request.user
        try:
            return imports.start_import(audience, form.cleaned_data["file"], signed_in(request))
        except ImportRefused as refusal:
            form.add_error("file", str(refusal))
            return None

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        rows = self.imports_of(object_id)
        extra = {"imports": rows, "may_import": request.user.has_perm("campaigns.import_audience")}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def imports_of(self, object_id: str) -> list[Any]:
        from campaigns.models import AudienceImport

        rows = AudienceImport.objects.filter(audience_id=row_id(object_id) or 0).select_related("created_by")
        return [(row, badges.recipient_file(row)) for row in rows[:50]]

    def save_model(self, request: HttpRequest, obj: Audience, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        audit.record(AuditAction.AUDIENCE_CHANGED, actor=signed_in(request), target=obj, detail=changed)

    @needs("campaigns.import_audience")
    def upload_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        audience = self.audience_or_404(pk)
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                source = imports.start_import(audience, form.cleaned_data["file"], signed_in(request))
            except ImportRefused as refusal:
                form.add_error("file", str(refusal))
            else:
                messages.success(request, _("Uploaded. Choose the columns now."))
                return redirect(self.address("file", source.pk))
        return self.page(
            request,
            "songda/form.html",
            title=_("Import recipients into %(audience)s") % {"audience": audience},
            form=form,
            note=_("Numbers that are in the audience already are kept as they are and counted as duplicates."),
            button=_("Upload"),
            back=self.address("change", pk),
        )
