"""Audiences: a file goes up, is checked by a worker, and counts once it is confirmed."""

from collections.abc import Mapping
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from campaigns.api.errors import Problem
from campaigns.api.json_body import MultiPartParser
from campaigns.api.openapi import call
from campaigns.api.serializers import audiences as shapes
from campaigns.api.views.base import View, token_of
from campaigns.audiences import imports
from campaigns.audiences.imports import ImportRefused, columns
from campaigns.models import Audience, AudienceImport
from campaigns.states import ImportState, Scope
from kit.people import Actor
from kit.tables.layouts import Layout


class Audiences(View):
    scopes = {"POST": Scope.AUDIENCES}
    parser_classes = [MultiPartParser]

    @call(
        "Upload a new audience; the check of its file begins",
        {202: shapes.Import},
        body={"multipart/form-data": shapes.Upload},
        fails=(409,),
        tag="audiences",
        operation="audiences_upload",
    )
    def post(self, request: Request) -> Response:
        data = self.read(shapes.Upload, request.data)
        try:
            source = _upload(data, token_of(request).created_by)
        except ImportRefused as refusal:
            raise _refused(refusal, path="file", status=400) from refusal
        return Response(_shown(source), 202)


def _upload(data: Mapping[str, Any], actor: Actor) -> AudienceImport:
    """A file that is refused at once leaves no audience behind; one that a worker refused leaves an empty one, to be filled."""
    consent = {"consent_source": data.get("consent_source", ""), "consent_on": data.get("consent_on")}
    audience = imports.unfilled(data["name"])
    if audience is None:
        audience = Audience(name=data["name"], created_by=actor, **consent)
    else:
        Audience.objects.filter(pk=audience.pk).update(**consent)
    file = data["file"]
    file.name = (file.name or "").replace("\0", "")
    return imports.start_import(audience, file, actor, check_at_once=True)


def _refused(refusal: ImportRefused, *, path: str = "", status: int = 409) -> Problem:
    return Problem(str(refusal), refusal.key, path=path, status=status)


class Import(View):
    scopes = {"GET": Scope.AUDIENCES}

    @call("How the file of an audience stands", {200: shapes.Import}, tag="audiences", operation="imports_read")
    def get(self, request: Request, pk: int) -> Response:
        return Response(_shown(get_object_or_404(AudienceImport, pk=pk)))


class CheckImport(View):
    scopes = {"POST": Scope.AUDIENCES}

    @call(
        "Choose the columns of a file and check it (only while its state is uploaded)",
        {202: shapes.Import},
        body=shapes.Columns,
        fails=(409,),
        example={"phone": "手机号", "variables": ["姓名"]},
        tag="audiences",
        operation="imports_check",
    )
    def post(self, request: Request, pk: int) -> Response:
        source = get_object_or_404(AudienceImport.objects.select_related("audience"), pk=pk)
        data = self.read(shapes.Columns, request.data)
        try:
            take = {"take": True, "leave": False}.get(data.get("hidden_rows", ""))
            actor = token_of(request).created_by
            imports.choose_columns(source, _mapping(source, data), actor, take_hidden=take)
        except ImportRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(_shown(source), 202)


def _mapping(source: AudienceImport, data: Mapping[str, Any]) -> columns.Mapping:
    mapping = dict(source.mapping or {"phone": None, "variables": {}})
    if "phone" in data:
        mapping["phone"] = _position(source, data["phone"], "phone")
        mapping["variables"] = {n: i for n, i in mapping["variables"].items() if i != mapping["phone"]}
    if "variables" in data:
        mapping["variables"] = {name: _position(source, name, "variables") for name in data["variables"]}
    for field in ("consent_on", "consent_source"):
        if field in data:
            mapping[field] = None if data[field] is None else _position(source, data[field], field)
    return mapping


def _position(source: AudienceImport, name: str, field: str) -> int:
    if name not in source.header:
        raise ValidationError({field: [_("The file has no column “%(name)s”.") % {"name": name}]}, "unknown")
    return int(source.header.index(name))


class ConfirmImport(View):
    scopes = {"POST": Scope.AUDIENCES}

    @call(
        "Confirm a checked file: from now on its people are planned for",
        {200: shapes.Import},
        fails=(409,),
        tag="audiences",
        operation="imports_confirm",
    )
    def post(self, request: Request, pk: int) -> Response:
        source = get_object_or_404(AudienceImport.objects.select_related("audience"), pk=pk)
        try:
            imports.confirm(source, token_of(request).created_by)
        except ImportRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(_shown(source))


class DiscardImport(View):
    scopes = {"POST": Scope.AUDIENCES}

    @call(
        "Take back a file that is not confirmed",
        {204: None},
        fails=(409,),
        tag="audiences",
        operation="imports_discard",
    )
    def post(self, request: Request, pk: int) -> Response:
        source = get_object_or_404(AudienceImport.objects.select_related("audience"), pk=pk)
        try:
            imports.discard(source, token_of(request).created_by)
        except ImportRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(status=204)


def _shown(source: AudienceImport) -> Mapping[str, object]:
    source.refresh_from_db()
    phone = (source.mapping or {}).get("phone")
    layout = Layout.of(source.layout)
    counted = source.state in (ImportState.READY, ImportState.DONE)
    return {
        "id": source.pk,
        "audience": source.audience_id,
        "state": source.state,
        "file": source.file_name,
        "header": source.header,
        "header_line": layout.header_line if source.header else 0,
        "sheet": layout.sheet,
        "hidden_rows": layout.hidden_rows,
        "phone": source.header[phone] if phone is not None and source.header else None,
        "rows": source.rows,
        "rows_read": source.rows_read,
        "stored": source.stored,
        "invalid": source.invalid,
        "duplicate": source.duplicate,
        "problems": [{"reason": r, "rows": n} for r, n in imports.by_reason(source)] if counted else [],
        "error": imports.sentence(source.error),
    }
