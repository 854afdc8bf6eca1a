"""The list of message templates, and beginning a new one."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit import display
from kit.lookups import NamedLookups
from kit.people import signed_in
from templates_5g import hooks, services
from templates_5g.errors import NotPossible
from templates_5g.forms import NewTemplateForm
from templates_5g.json_request import whole
from templates_5g.models import MessageTemplate, TemplateVersion
from templates_5g.selectors import newest_version, versions_by_template
from templates_5g.states import Kind


class ArchivedFilter(admin.SimpleListFilter):
    title = gettext_lazy("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("1", gettext_lazy("Archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> QuerySet[MessageTemplate]:
        return queryset.filter(archived_at__isnull=self.value() != "1")


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(Kind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> QuerySet[MessageTemplate]:
        return queryset.filter(Q(newest_kind=self.value())) if self.value() in Kind.values else queryset


class TemplateList(ChangeList):
    """Each row gets its reviews and campaigns: two hook calls for the page, not two for each row. Campaigns are those of all
    versions. A draft has no reviews yet: those of the version that can be sent meanwhile stand there."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        versions = versions_by_template([template.pk for template in self.result_list])
        ids = [version.pk for group in versions.values() for version in group]
        cells, used = hooks.review_cells(ids), hooks.campaigns_using(ids)
        for template in self.result_list:
            group = versions.get(template.pk, [])
            template.reviewed = next((version for version in group if cells.get(version.pk)), None)
            template.review_cells = cells.get(template.reviewed.pk, ()) if template.reviewed else ()
            template.used_by = list(dict.fromkeys(use for version in group for use in used.get(version.pk, ())))


@admin.register(MessageTemplate)
class MessageTemplateAdmin(NamedLookups):
    list_display = ("named", "state", "reviews", "purpose", "campaigns", "changed")
    list_display_links = None
    list_filter = ("purpose", KindFilter, ArchivedFilter)
    search_fields = ("name", "note")
    search_help_text = gettext_lazy("Name or note; other consoles call templates 模版 or 文案.")
    list_per_page = 50
    actions = ("archive", "restore")

    def get_queryset(self, request: HttpRequest) -> QuerySet[MessageTemplate]:
        newest = TemplateVersion.objects.filter(template=OuterRef("pk")).order_by("-number")
        columns = {
            f"newest_{name}": Subquery(newest.values(name)[:1]) for name in ("id", "number", "kind", "frozen_at")
        }
        return super().get_queryset(request).annotate(**columns)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TemplateList

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # archived instead: reviews and sends point at the versions

    # --- columns -----------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("message template"), ordering="name")
    def named(self, template: Any) -> SafeString:
        url = reverse("admin:templates_5g_messagetemplate_change", args=[template.pk])
        kind = Kind(template.newest_kind).label if template.newest_kind else ""
        return format_html(
            '<div><a href="{}">{}</a> <span class="quiet">{} {}</span></div>', url, template.name, kind, template.note
        )

    @admin.display(description=gettext_lazy("version"))
    def state(self, template: Any) -> SafeString:
        words = _("Version %(number)s, locked") if template.newest_frozen_at else _("Version %(number)s, draft")
        return display.badge(words % {"number": template.newest_number}, "idle")

    @admin.display(description=gettext_lazy("reviews"))
    def reviews(self, template: Any) -> str:
        badges = ((display.badge(f"{cell.account} {cell.word}", cell.role),) for cell in template.review_cells)
        said = format_html_join(" ", "{}", badges)
        if not said:
            return display.UNKNOWN
        if template.reviewed.number == template.newest_number:
            return said
        older = _("Version %(number)s") % {"number": template.reviewed.number}
        return format_html('<span class="quiet">{}</span> {}', older, said)

    @admin.display(description=gettext_lazy("campaigns"))
    def campaigns(self, template: Any) -> SafeString:
        links = (use_link(use) for use in template.used_by[:3])
        return format_html_join("、", "{}", ((link,) for link in links))

    @admin.display(description=gettext_lazy("changed"), ordering="updated_at")
    def changed(self, template: MessageTemplate) -> Any:
        return display.when(template.updated_at)

    # --- pages -------------------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewTemplateForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                version = services.start_template(actor=signed_in(request), **form.cleaned_data)
            except NotPossible as error:
                form.add_error("name", error.sentence)
            else:
                return redirect("admin:templates_5g_templateversion_change", version.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("New message template"),
            "parents": [(_("Message templates"), reverse("admin:templates_5g_messagetemplate_changelist"))],
            "form": form,
            "button": _("Go on to the editor"),
            "back": reverse("admin:templates_5g_messagetemplate_changelist"),
        }
        return TemplateResponse(request, "songda/form.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A template is edited through its newest version."""
        template = get_object_or_404(MessageTemplate, pk=whole(object_id, 0))
        if not self.has_view_permission(request, template):
            raise PermissionDenied
        return HttpResponseRedirect(
            reverse("admin:templates_5g_templateversion_change", args=[newest_version(template).pk])
        )

    # --- actions -----------------------------------------------------------------------------------------------

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> None:
        for template in queryset:
            services.archive(template, signed_in(request))
        messages.success(request, _("Archived. They can be restored any time."))

    @admin.action(description=gettext_lazy("Restore"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[MessageTemplate]) -> None:
        for template in queryset:
            services.restore(template, signed_in(request))
        messages.success(request, _("Restored."))


def use_link(use: hooks.Use) -> SafeString:
    text = f"{use.title} {use.state}".strip()
    return format_html('<a href="{}">{}</a>', use.url, text) if use.url else format_html("{}", text)
