"""The audit trail: looked at, never changed."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import AuditEvent, ExportRecord
from campaigns.models.trail import EXPORTS
from campaigns.reports.admin import trail_words
from kit import audit, display
from kit.pagination import KnownValues
from messaging.admin_base import BigList


class ActionFilter(KnownValues):
    title, parameter_name = _("action"), "action"

    def word(self, value: str) -> str:
        return audit.words(value)


@admin.register(AuditEvent)
class AuditEventAdmin(BigList):
    list_display = ("when", "who", "what", "target_name", "facts")
    list_display_links = None
    list_select_related = ("actor",)
    list_filter = (ActionFilter,)
    search_fields = ("target_name",)
    search_help_text = _("Log-in name, or the object's whole name")
    list_note = _("Who did what to what, newest first. Rows are never changed.")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """One or the other, so that one index leads to the rows."""
        wanted = search_term.strip()
        if not wanted:
            return queryset, False
        actor = get_user_model().objects.filter(username=wanted).first()
        return queryset.filter(actor=actor) if actor else queryset.filter(target_name=wanted), False

    @admin.display(description=_("at"), ordering="id")
    def when(self, event: AuditEvent) -> str:
        return display.moment(event.at)

    @admin.display(description=_("who"))
    def who(self, event: AuditEvent) -> str:
        return display.person(event.actor) if event.actor else gettext("the system")

    @admin.display(description=_("action"))
    def what(self, event: AuditEvent) -> str:
        return audit.words(event.action)

    @admin.display(description=_("details"))
    def facts(self, event: AuditEvent) -> str:
        return trail_words.in_one_line(event)


@admin.register(ExportRecord)
class ExportRecordAdmin(BigList):
    """Everybody sees their own, who may see the trail those of all."""

    list_display = ("when", "what", "target_name", "file", "rows", "numbers", "who")
    list_display_links = None
    list_select_related = ("actor",)
    list_note = _("Who took which data out as a file, newest first. The files are not kept here: take them again.")
    list_empty = _("No exports.")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).filter(action__in=EXPORTS)
        return rows if request.user.has_perm("campaigns.view_auditevent") else rows.filter(actor=request.user.pk)

    @admin.display(description=_("at"), ordering="id")
    def when(self, event: ExportRecord) -> str:
        return display.moment(event.at)

    @admin.display(description=_("export"))
    def what(self, event: ExportRecord) -> str:
        return audit.words(event.action)

    @admin.display(description=_("file"))
    def file(self, event: ExportRecord) -> str:
        return str(event.detail.get("file", "")) or display.UNKNOWN

    @admin.display(description=_("rows"))
    def rows(self, event: ExportRecord) -> str:
        return display.count(event.detail.get("rows"))

    @admin.display(description=_("numbers"))
    def numbers(self, event: ExportRecord) -> str:
        if "full_numbers" not in event.detail:
            return display.UNKNOWN
        return gettext("full") if event.detail["full_numbers"] else gettext("masked")

    @admin.display(description=_("who"))
    def who(self, event: ExportRecord) -> str:
        return display.person(event.actor) if event.actor else gettext("the system")
