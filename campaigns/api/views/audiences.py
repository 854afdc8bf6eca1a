"""Audiences: a file goes up, is checked by a worker, and counts once it is confirmed."""

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from campaigns.api.documenting import call
from campaigns.api.errors import Problem
from campaigns.api.parsing import MultiPartParser
from campaigns.api.serializers import audiences as shapes
from campaigns.api.views.base import View, token_of
from campaigns.models import Audience, AudienceImport
from campaigns.services import importing
from campaigns.services.importing import ImportRefused, columns
from campaigns.states import ImportState, Scope


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


@transaction.atomic
def _upload(data: dict[str, Any], actor: Any) -> AudienceImport:
    """A refused file leaves no audience behind."""
    audience = Audience.objects.create(
        name=data["name"],
        consent_source=data.get("consent_source", ""),
        consent_on=data.get("consent_on"),
        created_by=actor,
    )
    file = data["file"]
    file.name = (file.name or "").replace("\0", "")
    source = importing.start_import(audience, file, actor)
    if source.header:
        importing.choose_columns(source, source.mapping, actor)
    return source


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
            importing.choose_columns(source, _mapping(source, data), token_of(request).created_by)
        except ImportRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(_shown(source), 202)


def _mapping(source: AudienceImport, data: dict[str, Any]) -> columns.Mapping:
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
            importing.confirm(source, token_of(request).created_by)
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
            importing.discard(source, token_of(request).created_by)
        except ImportRefused as refusal:
            raise _refused(refusal) from refusal
        return Response(status=204)


def _shown(source: AudienceImport) -> dict[str, Any]:
    source.refresh_from_db()
    phone = (source.mapping or {}).get("phone")
    counted = source.state in (ImportState.READY, ImportState.DONE)
    return {
        "id": source.pk,
        "audience": source.audience_id,
        "state": source.state,
        "file": source.file_name,
        "header": source.header,
        "phone": source.header[phone] if phone is not None and source.header else None,
        "rows": source.rows,
        "rows_read": source.rows_read,
        "stored": source.stored,
        "invalid": source.invalid,
        "duplicate": source.duplicate,
        "problems": [{"reason": r, "rows": n} for r, n in importing.by_reason(source)] if counted else [],
        "error": importing.sentence(source.error),
    }
