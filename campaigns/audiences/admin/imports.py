"""The pages of one recipient file, one look for each state."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import badges
from campaigns.audiences import imports
from campaigns.audiences.imports import ImportRefused
from campaigns.models import Audience, AudienceImport
from campaigns.states import ImportState
from kit import display
from kit.ids import row_id
from kit.people import signed_in
from kit.tables.layouts import Layout
from kit.tables.notes import layout_notes, result_notes
from messaging.admin_base import Page, needs, post_only, say_error

PROBLEMS_SHOWN = 100
_MAY_SEE = ("campaigns.view_audience", "campaigns.import_audience")


class ImportPages(Page):
    """Under the audiences: file/<id>/ and what can be done there."""

    def import_urls(self) -> list[Any]:
        return [
            self.own_url("file/<int:pk>/", self.file_view, "file"),
            self.own_url("file/<int:pk>/state.json", self.file_state_view, "file_state"),
            self.own_url("file/<int:pk>/problems.csv", self.problems_view, "file_problems"),
            self.own_url("file/<int:pk>/confirm/", self.confirm_view, "file_confirm"),
            self.own_url("file/<int:pk>/discard/", self.discard_view, "file_discard"),
        ]

    def audience_or_404(self, pk: int) -> Audience:
        return get_object_or_404(Audience, pk=pk)

    def _source(self, pk: int) -> AudienceImport:
        return get_object_or_404(AudienceImport.objects.select_related("audience", "created_by"), pk=pk)

    @needs(*_MAY_SEE)
    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        source = self._source(pk)
        if request.method == "POST":
            return self._choose(request, source)
        return self.page(
            request,
            "campaigns/import.html",
            title=_("%(file)s into %(audience)s") % {"file": source.file_name, "audience": source.audience},
            badge=badges.recipient_file(source),
            may_import=request.user.has_perm("campaigns.import_audience"),
            **_facts(source),
        )

    def _choose(self, request: HttpRequest, source: AudienceImport) -> HttpResponse:
        if not request.user.has_perm("campaigns.import_audience"):
            raise PermissionDenied
        try:
            imports.choose_columns(
                source, _mapping(request, source.header), signed_in(request), take_hidden=_take_hidden(request)
            )
        except ImportRefused as refusal:
            say_error(request, refusal)
        return redirect(self.address("file", source.pk))

    @needs(*_MAY_SEE)
    def file_state_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        source = self._source(pk)
        moving = _is_moving(source)
        html = render_to_string("campaigns/import_moving.html", {"source": source, "now": timezone.now()}, request)
        return JsonResponse({"html": html, "state": source.state, "final": not moving, "reload": not moving})

    @needs(*_MAY_SEE)
    def problems_view(self, request: HttpRequest, pk: int) -> Any:
        source = self._source(pk)
        answer = StreamingHttpResponse(imports.csv_file(source), content_type="text/csv; charset=utf-8")
        stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
        name = f"problems-{source.pk}-{request.user.get_username()}-{stamp}.csv"
        answer.headers["Content-Disposition"] = _attachment(name)
        return answer

    @needs("campaigns.import_audience")
    @post_only
    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        source = self._source(pk)
        try:
            imports.confirm(source, signed_in(request))
        except ImportRefused as refusal:
            say_error(request, refusal)
            return redirect(self.address("file", pk))
        self.message_user(request, _("%(n)s people can be used.") % {"n": display.count(source.stored)})
        return redirect(self.address("change", source.audience_id))

    @needs("campaigns.import_audience")
    @post_only
    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        source = self._source(pk)
        try:
            imports.discard(source, signed_in(request))
        except ImportRefused as refusal:
            say_error(request, refusal)
            return redirect(self.address("file", pk))
        self.message_user(request, _("The file was discarded; the audience is as it was."))
        return redirect(self.address("change", source.audience_id))


def _is_moving(source: AudienceImport) -> bool:
    unread = source.state == ImportState.UPLOADED and not source.header
    return unread or source.state == ImportState.CHECKING


def _mapping(request: HttpRequest, header: list[str]) -> dict[str, Any]:
    """The posted choice: `phone` is an index, `use_<index>` marks a variable; `consent_on` and `consent_source` are
    indexes or empty."""
    used = [index for index in range(len(header)) if request.POST.get(f"use_{index}")]
    phone = _index(request, "phone")
    return {
        "phone": phone,
        "variables": {header[index]: index for index in used if index != phone},
        "consent_on": _index(request, "consent_on"),
        "consent_source": _index(request, "consent_source"),
    }


def _take_hidden(request: HttpRequest) -> bool | None:
    return {"take": True, "leave": False}.get(request.POST.get("hidden_rows", ""))


def _index(request: HttpRequest, name: str) -> int | None:
    return row_id(request.POST.get(name, ""))


def _facts(source: AudienceImport) -> dict[str, Any]:
    """What the page of this state shows."""
    facts: dict[str, Any] = {"source": source, "now": timezone.now(), "moving": _is_moving(source)}
    if source.state == ImportState.UPLOADED and source.header:
        facts |= {
            "columns": _columns(source),
            "earlier": imports.earlier_import(source),
            "layout_notes": layout_notes(Layout.of(source.layout)),
            "hidden_rows": Layout.of(source.layout).hidden_rows,
        }
    if source.state in (ImportState.READY, ImportState.DONE):
        facts["layout_notes"] = result_notes(Layout.of(source.layout), source.take_hidden)
        rows = source.problems.order_by("line")[:PROBLEMS_SHOWN]
        facts |= {
            "reasons": imports.by_reason(source),
            "problems": [(row, *imports.words(row)) for row in rows],
            "bad": source.invalid + source.duplicate,
            "closes": source.rows == source.stored + source.invalid + source.duplicate,
        }
    if source.state == ImportState.FAILED:
        facts["error"] = imports.sentence(source.error)
    return facts


def _columns(source: AudienceImport) -> Sequence[Mapping[str, object]]:
    chosen = set(source.mapping.get("variables", {}).values())
    return [
        {
            "index": index,
            "name": name,
            "samples": [row[index] for row in source.preview[:5] if index < len(row) and row[index]][:3],
            "is_phone": index == source.mapping.get("phone"),
            "is_used": index in chosen,
            "is_day": index == source.mapping.get("consent_on"),
            "is_source": index == source.mapping.get("consent_source"),
            "usable": imports.usable_name(name),
        }
        for index, name in enumerate(source.header)
    ]


def _attachment(name: str) -> str:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name) or "attachment"
