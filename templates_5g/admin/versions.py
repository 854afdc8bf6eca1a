"""A version's page with the editor, its endpoints, and what can be done with a version or its template."""

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from kit import display, edits
from kit.lookups import NamedLookups
from kit.people import signed_in
from templates_5g import editor_data, hooks, outline, services
from templates_5g.errors import InvalidContent, NotPossible, StaleEdit
from templates_5g.forms import CopyForm, TemplateSettingsForm, VersionForm
from templates_5g.inspection import Inspection, inspect
from templates_5g.json_request import json_body, whole
from templates_5g.linter import Finding
from templates_5g.models import TemplateVersion
from templates_5g.problems import all_data
from templates_5g.selectors import versions_of
from templates_5g.widgets import comparison_media

View = Callable[..., HttpResponse]
SAMPLE_ROWS = 50


def answers_json(view: View) -> View:
    """POST alone; sentences of refused requests as {"message": …} with 400, so that the editor can show them."""

    @wraps(view)
    def inner(self: Any, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            return view(self, request, **kwargs)
        except NotPossible as error:
            return JsonResponse({"message": error.sentence}, status=400)

    return inner


@admin.register(TemplateVersion)
class TemplateVersionAdmin(NamedLookups):
    """Not in the menu: versions are reached through their template. Rights are those on message templates."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("templates_5g.view_messagetemplate") or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("templates_5g.change_messagetemplate")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        own: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("<int:pk>/check/", self.check_view, "check"),
            ("<int:pk>/save/", self.save_view, "save"),
            ("<int:pk>/reviews.json", self.reviews_view, "reviews"),
            ("<int:pk>/copy/", self.copy_view, "copy"),
            ("<int:pk>/settings/", self.settings_view, "settings"),
            ("<int:pk>/archive/", self.archive_view, "archive"),
            ("<int:pk>/delete-draft/", self.delete_draft_view, "delete_draft"),
            ("<int:pk>/compare/", self.compare_view, "compare"),
            ("sample-rows/", self.rows_view, "rows"),
        ]
        patterns = [
            path(route, self.admin_site.admin_view(view), name=f"templates_5g_templateversion_{name}")
            for route, view, name in own
        ]
        return patterns + super().get_urls()

    # --- access ------------------------------------------------------------------------------------------------

    def _version(self, request: HttpRequest, pk: int, *, to_change: bool = False) -> TemplateVersion:
        """Raises PermissionDenied before it tells whether there is such a version."""
        allowed = self.has_change_permission(request) if to_change else self.has_view_permission(request)
        if not allowed:
            raise PermissionDenied
        rows = TemplateVersion.objects.select_related("template", "created_by", "edited_by")
        return get_object_or_404(rows, pk=pk)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:templates_5g_messagetemplate_changelist")

    # --- the page ----------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        posted = request.method == "POST"
        version = self._version(request, whole(object_id, 0), to_change=posted)
        form = VersionForm(request.POST if posted else None)
        if posted and form.is_valid():
            done = self._save_posted(request, version, form)
            if done:
                return done
        return self._page(request, version, form)

    def _save_posted(self, request: HttpRequest, version: TemplateVersion, form: VersionForm) -> HttpResponse | None:
        """Store and redirect, or put the reasons on the form."""
        data = form.cleaned_data
        try:
            saved = services.save_draft(version, data, form.cleaned_data["edited"], signed_in(request))
        except InvalidContent as error:
            for problem in outline.sentences(error.problems):
                form.add_error(None, problem)
            return None
        except StaleEdit as error:
            who, at = editor_data.person(error.theirs.edited_by), display.day_and_time(error.theirs.updated_at)
            form.add_error(None, _("%(who)s saved %(at)s; load the page again to see it.") % {"who": who, "at": at})
            return None
        except NotPossible as error:
            form.add_error(None, error.sentence)
            return None
        return self._go_on(request, saved)

    @staticmethod
    def _go_on(request: HttpRequest, saved: TemplateVersion) -> HttpResponse:
        """After saving: on to the primary action if it was asked for and nothing hard stands against the version."""
        saved = TemplateVersion.objects.select_related("template").get(pk=saved.pk)
        actions = hooks.version_actions(saved, signed_in(request)) if request.POST.get("_then") else ()
        following = next((action for action in actions if action.primary), None)
        if following is None:
            messages.success(request, _("Saved as version %(number)s.") % {"number": saved.number})
            return redirect("admin:templates_5g_templateversion_change", saved.pk)
        hard = inspect(saved.content, saved.fallback, saved.template.purpose).hard
        if not hard:
            return redirect(following.url)
        for sentence in outline.sentences([finding.problem for finding in hard]):
            messages.error(request, sentence)
        messages.warning(request, _("Saved, but not ready for review: mend what is named above."))
        return redirect("admin:templates_5g_templateversion_change", saved.pk)

    def _page(self, request: HttpRequest, version: TemplateVersion, form: VersionForm) -> HttpResponse:
        posted = form.cleaned_data if form.is_bound and hasattr(form, "cleaned_data") else {}
        content, fallback = posted.get("content", version.content), posted.get("fallback", version.fallback)
        inspection = inspect(content, fallback, version.template.purpose)
        versions = list(versions_of(version.template))
        read_only = self._read_only_reason(request, version, versions)
        self._prepare(form, request, version, inspection, bool(read_only))
        cells = hooks.review_cells([version.pk]).get(version.pk, ())
        context = {
            **self.admin_site.each_context(request),
            "title": version.template.name,
            "opts": self.model._meta,
            "version": version,
            "versions": versions,
            "form": form,
            "edited_by": editor_data.person(version.edited_by),
            "read_only": read_only,
            "may_change": self.has_change_permission(request),
            "settings_form": TemplateSettingsForm(initial=_settings_of(version)),
            "cells": cells,
            "cells_move": any(cell.moves for cell in cells),
            "campaigns": _campaigns(versions),
            "refusals": editor_data.refusal_data(version),
            "actions": hooks.version_actions(version, signed_in(request)),
        }
        status = 400 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "admin/templates_5g/templateversion/change_form.html", context, status=status)

    def _read_only_reason(self, request: HttpRequest, version: TemplateVersion, versions: list[TemplateVersion]) -> str:
        """Why this page cannot be edited, "" if it can."""
        if not self.has_change_permission(request):
            return _("Your role may look at templates but not change them.")
        if version.template.archived_at:
            return _("This template is archived. Restore it to change it.")
        if version.is_frozen and not versions[0].is_frozen:
            return _("This version is locked; version %(number)s is being edited.") % {"number": versions[0].number}
        return ""

    def _prepare(
        self, form: VersionForm, request: HttpRequest, version: TemplateVersion, inspection: Inspection, read_only: bool
    ) -> None:
        widget = form.fields["content"].widget
        widget.config = {**editor_data.config(request, version, inspection, read_only), "unsaved": form.is_bound}
        found = outline.rows(
            inspection.content.dump(), inspection.fallback.dump(), inspection.assets, inspection.findings
        )
        widget.static = render_to_string("templates_5g/outline.html", {"rows": found})
        form.initial = {
            "content": json.dumps(version.content, ensure_ascii=False),
            "fallback": json.dumps(version.fallback, ensure_ascii=False),
            "edited": version.edited,
        }

    # --- the editor's endpoints --------------------------------------------------------------------------------

    @answers_json
    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST {"content", "fallback", "purpose", "row_lengths"} -> what stands against it. Nothing is stored."""
        version = self._version(request, pk)
        data = json_body(request)
        purpose = str(data.get("purpose") or version.template.purpose)
        longest = _longest_values(data.get("row_lengths"))
        return JsonResponse(
            editor_data.check_answer(inspect(data.get("content"), data.get("fallback"), purpose, longest))
        )

    @answers_json
    def save_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST {"content", "fallback", "edited", "purpose"} -> 200 saved, 409 somebody else did, 400 not readable."""
        version = self._version(request, pk, to_change=True)
        data = json_body(request)
        try:
            saved = services.save_draft(version, data, whole(data.get("edited")), signed_in(request))
        except InvalidContent as error:
            found = [Finding(problem) for problem in error.problems]
            return JsonResponse({"problems": all_data(found)}, status=400)
        except StaleEdit as error:
            return JsonResponse(editor_data.conflict_answer(error), status=409)
        saved.template.refresh_from_db(fields=["purpose"])
        inspection = inspect(saved.content, saved.fallback, saved.template.purpose)
        return JsonResponse(editor_data.save_answer(saved, inspection, version))

    def reviews_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """{"parts": {id: {html, mark, said}}, "open"}: the accounts' words on this version, as the page shows them."""
        version = self._version(request, pk)
        cells = hooks.review_cells([version.pk]).get(version.pk, ())
        html = render_to_string("templates_5g/reviews.html", {"cells": cells})
        said = "; ".join(f"{cell.account} {cell.word}" for cell in cells)
        part = {"html": html, "mark": html, "said": said}
        return JsonResponse({"parts": {"version-reviews": part}, "open": any(cell.moves for cell in cells)})

    def rows_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        audience = whole(request.GET.get("audience"), 0)
        return JsonResponse(editor_data.sample_data(hooks.sample_rows(audience, signed_in(request), SAMPLE_ROWS)))

    # --- deeds -------------------------------------------------------------------------------------------------

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self._version(request, pk, to_change=True)
        form = CopyForm(request.POST or None, initial={"name": services.free_copy_name(version.template.name)})
        if request.method == "POST" and form.is_valid():
            try:
                twin = services.copy(version, form.cleaned_data["name"], signed_in(request))
            except NotPossible as error:
                form.add_error("name", error.sentence)
            else:
                return redirect("admin:templates_5g_templateversion_change", twin.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Copy %(name)s") % {"name": version},
            "parents": _parents(version),
            "form": form,
            "button": _("Copy"),
            "back": editor_data.version_url("change", version),
        }
        return TemplateResponse(request, "songda/form.html", context)

    def settings_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self._version(request, pk, to_change=True)
        with transaction.atomic():
            if request.method == "POST":
                edits.lock(version.template)
                version.template.refresh_from_db()
            form = TemplateSettingsForm(request.POST or None, initial=_settings_of(version), row=version.template)
            if request.method == "POST" and form.is_valid() and self._set(request, version, form):
                return redirect("admin:templates_5g_templateversion_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Name, purpose and note"),
            "parents": _parents(version),
            "form": form,
            "button": _("Save"),
            "back": editor_data.version_url("change", version),
        }
        return TemplateResponse(request, "songda/form.html", context)

    @staticmethod
    def _set(request: HttpRequest, version: TemplateVersion, form: TemplateSettingsForm) -> bool:
        try:
            services.change_template(version.template, actor=signed_in(request), **form.cleaned_data)
        except NotPossible as error:
            form.add_error(None, error.sentence)
            return False
        messages.success(request, _("Saved."))
        return True

    def archive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        template = self._version(request, pk, to_change=True).template
        if request.POST.get("restore"):
            services.restore(template, signed_in(request))
            messages.success(request, _("Restored."))
        else:
            services.archive(template, signed_in(request))
            messages.success(request, _("Archived. They can be restored any time."))
        return redirect("admin:templates_5g_templateversion_change", pk)

    def delete_draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = self._version(request, pk, to_change=True)
        if request.method == "POST":
            try:
                services.delete_draft(version, signed_in(request))
            except NotPossible as error:
                messages.error(request, error.sentence)
                return redirect("admin:templates_5g_templateversion_change", pk)
            messages.success(request, _("The draft is deleted."))
            return redirect("admin:templates_5g_messagetemplate_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete draft"),
            "parents": _parents(version),
            "facts": [(_("Draft"), str(version)), (_("Last change"), display.day_and_time(version.updated_at))],
            "warning": _("The draft is gone for good. Locked versions stay."),
            "button": _("Delete draft"),
            "danger": True,
            "back": editor_data.version_url("change", version),
        }
        return TemplateResponse(request, "songda/confirm.html", context)

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changed from ?with=NUMBER (the version before, unless said) to this version."""
        version = self._version(request, pk)
        versions = list(versions_of(version.template))
        number = whole(request.GET.get("with"), version.number - 1)
        other = version.template.versions.filter(number=number).first() or version
        found = services.differences(other, version)
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(name)s: version %(old)s and %(new)s")
            % {"name": version.template.name, "old": other.number, "new": version.number},
            "version": version,
            "other": other,
            "versions": versions,
            "changes": outline.changes(found, editor_data.assets_of(other, version)),
            "config": editor_data.comparison(other, version, found),
            "media": comparison_media(),
        }
        return TemplateResponse(request, "admin/templates_5g/templateversion/compare.html", context)


def _campaigns(versions: list[TemplateVersion]) -> list[tuple[TemplateVersion, Sequence[hooks.Use]]]:
    """Each version that campaigns use with those campaigns, newest version first."""
    used = hooks.campaigns_using([item.pk for item in versions])
    return [(item, used[item.pk]) for item in versions if used.get(item.pk)]


def _parents(version: TemplateVersion) -> list[tuple[str, str]]:
    """(words, address) of the pages above a version's own."""
    listed = reverse("admin:templates_5g_messagetemplate_changelist")
    return [(_("Message templates"), listed), (version.template.name, editor_data.version_url("change", version))]


def _settings_of(version: TemplateVersion) -> dict[str, str]:
    template = version.template
    return {"name": template.name, "purpose": template.purpose, "note": template.note}


def _longest_values(data: object) -> dict[str, int]:
    """{"variable": length of its longest value} as the browser measured it on the rows that it shows."""
    if not isinstance(data, dict):
        return {}
    return {str(name): min(whole(length, 0), 500) for name, length in list(data.items())[:100]}
