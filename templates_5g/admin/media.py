"""The media library: a grid with upload by dragging, one page for each file, and the endpoints that the editor uses."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kit import edits
from kit.lookups import NamedLookups
from kit.people import signed_in
from templates_5g import hooks, services
from templates_5g.editor_data import asset_data, person
from templates_5g.errors import NotPossible
from templates_5g.forms import FitForm, RenameMediaForm
from templates_5g.json_request import json_body, whole
from templates_5g.models import MediaAsset, TemplateVersion
from templates_5g.selectors import assets_by_id, library

PAGE = 60


@admin.register(MediaAsset)
class MediaAssetAdmin(NamedLookups):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # by the service alone, which knows what is used

    def get_urls(self) -> list[URLPattern]:
        own: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("list/", self.list_view, "list"),
            ("upload/", self.upload_view, "upload"),
            ("fit/", self.fit_view, "fit"),
            ("frame/", self.frame_view, "frame"),
            ("<int:pk>/delete-file/", self.delete_file_view, "delete_file"),
        ]
        patterns = [
            path(route, self.admin_site.admin_view(view), name=f"templates_5g_mediaasset_{name}")
            for route, view, name in own
        ]
        return patterns + super().get_urls()

    def _require(self, allowed: bool) -> None:
        if not allowed:
            raise PermissionDenied

    # --- the grid ----------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self._require(self.has_view_permission(request))
        chosen = {name: request.GET.get(name, "") for name in ("q", "type", "archived")}
        items, following = _page(request, archived=bool(chosen["archived"]))
        uses = hooks.media_uses([asset.pk for asset in items])
        cards = [
            {**asset_data(asset), "pk": asset.pk, "used": asset.used, "elsewhere": uses.get(asset.pk, ())}
            for asset in items
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Media library"),
            "cards": cards,
            "following": following,
            "chosen": chosen,
            "types": [("image", _("Pictures")), ("video", _("Films")), ("audio", _("Sound"))],
            "may_add": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/templates_5g/mediaasset/library.html", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return redirect("admin:templates_5g_mediaasset_changelist")

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """GET ?q=&type=&before= -> {"items": […], "next": address or None}."""
        may_look = self.has_view_permission(request) or request.user.has_perm("templates_5g.view_messagetemplate")
        self._require(may_look)
        items, following = _page(request)
        return JsonResponse({"items": [asset_data(asset) for asset in items], "next": following})

    # --- taking in ---------------------------------------------------------------------------------------------

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """POST file (multipart). JSON for scripts; a form posted without JavaScript goes back to the grid."""
        self._require(self.has_add_permission(request))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        wants_page = "text/html" in request.headers.get("Accept", "")
        try:
            answers = [self._take(request, file) for file in request.FILES.getlist("file")] or [_nothing()]
        except NotPossible as error:
            if not wants_page:
                return JsonResponse({"message": error.sentence}, status=400)
            messages.error(request, error.sentence)
            return redirect("admin:templates_5g_mediaasset_changelist")
        return redirect("admin:templates_5g_mediaasset_changelist") if wants_page else JsonResponse(answers[0])

    @staticmethod
    def _take(request: HttpRequest, file: Any) -> Mapping[str, object]:
        asset, is_new = services.add_upload(file, file.name or "", signed_in(request))
        return {**asset_data(asset), "existing": not is_new}

    def fit_view(self, request: HttpRequest) -> HttpResponse:
        """POST {"asset", "width", "height", "bytes"} -> the cropped, compressed copy."""
        self._require(self.has_add_permission(request))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            data = json_body(request)
            asset = assets_by_id([str(data.get("asset"))]).get(str(data.get("asset")))
            if asset is None:
                raise NotPossible(_("This file is not in the media library."))
            size = (whole(data.get("width"), 0), whole(data.get("height"), 0))
            most = whole(data.get("bytes"), 0) or None
            copy = services.make_fitting(asset, signed_in(request), size=size if any(size) else None, most_bytes=most)
        except NotPossible as error:
            return JsonResponse({"message": error.sentence}, status=400)
        return JsonResponse(asset_data(copy))

    def frame_view(self, request: HttpRequest) -> HttpResponse:
        """POST asset, file and seconds (multipart): a frame that the browser took from a film -> the film's data."""
        self._require(self.has_add_permission(request))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        asset = assets_by_id([request.POST.get("asset", "")]).get(request.POST.get("asset", ""))
        try:
            if asset is None:
                raise NotPossible(_("This file is not in the media library."))
            file: Any = request.FILES.get("file") or _nothing()
            services.give_frame(asset, file, _seconds(request.POST.get("seconds", "")), signed_in(request))
        except NotPossible as error:
            return JsonResponse({"message": error.sentence}, status=400)
        return JsonResponse(asset_data(asset))

    # --- one file ----------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._require(self.has_view_permission(request))
        asset = get_object_or_404(MediaAsset.objects.select_related("thumbnail", "created_by"), pk=whole(object_id, 0))
        forms = {"rename": RenameMediaForm(initial={"name": asset.name}, row=asset), "fit": FitForm()}
        if request.method == "POST":
            self._require(self.has_change_permission(request, asset))
            done = self._act(request, asset, forms)
            if done:
                return done
        return self._asset_page(request, asset, forms)

    @staticmethod
    def _fit(request: HttpRequest, asset: MediaAsset, form: FitForm) -> MediaAsset:
        return services.make_fitting(asset, signed_in(request), size=form.size, most_bytes=form.most_bytes)

    def _act(self, request: HttpRequest, asset: MediaAsset, forms: dict[str, Any]) -> HttpResponse | None:
        """One of the page's buttons. A redirect when it worked, None when a form must be shown again."""
        here = redirect("admin:templates_5g_mediaasset_change", asset.pk)
        try:
            match request.POST.get("deed"):
                case "rename":
                    if not self._rename(request, asset, forms):
                        return None
                case "fit":
                    forms["fit"] = FitForm(request.POST)
                    if not forms["fit"].is_valid():
                        return None
                    here = redirect("admin:templates_5g_mediaasset_change", self._fit(request, asset, forms["fit"]).pk)
                case "thumbnail":
                    picture = assets_by_id([request.POST.get("picture", "")]).get(request.POST.get("picture", ""))
                    services.set_thumbnail(asset, picture, signed_in(request))
                case "archive":
                    services.archive_media(asset, signed_in(request))
                case "restore":
                    services.restore_media(asset, signed_in(request))
        except NotPossible as error:
            messages.error(request, error.sentence)
            return here
        messages.success(request, _("Done."))
        return here

    @staticmethod
    @transaction.atomic
    def _rename(request: HttpRequest, asset: MediaAsset, forms: dict[str, Any]) -> bool:
        edits.lock(asset)
        asset.refresh_from_db()
        forms["rename"] = form = RenameMediaForm(request.POST, initial={"name": asset.name}, row=asset)
        if not form.is_valid():
            return False
        services.rename_media(asset, form.cleaned_data["name"], signed_in(request))
        return True

    def delete_file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks on a page of its own: what is deleted cannot be fetched back."""
        asset = get_object_or_404(MediaAsset, pk=pk) if self.has_change_permission(request) else None
        if asset is None:
            raise PermissionDenied
        if request.method == "POST":
            try:
                services.delete_media(asset, signed_in(request))
            except NotPossible as error:
                messages.error(request, error.sentence)
                return redirect("admin:templates_5g_mediaasset_change", pk)
            messages.success(request, _("The file is deleted."))
            return redirect("admin:templates_5g_mediaasset_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete file"),
            "parents": [(_("Media library"), reverse("admin:templates_5g_mediaasset_changelist"))],
            "facts": [(_("File"), asset.name), (_("Type"), asset.mime)],
            "warning": _("The file is gone for good, and its public address with it."),
            "button": _("Delete file"),
            "danger": True,
            "back": reverse("admin:templates_5g_mediaasset_change", args=[pk]),
        }
        return TemplateResponse(request, "songda/confirm.html", context)

    def _asset_page(self, request: HttpRequest, asset: MediaAsset, forms: Mapping[str, object]) -> HttpResponse:
        versions = TemplateVersion.objects.filter(media_uses__asset=asset).select_related("template").order_by("-pk")
        pictures = library(family="image")[:24] if not asset.mime.startswith("image/") else ()
        context = {
            **self.admin_site.each_context(request),
            "title": asset.name,
            "asset": asset,
            "data": asset_data(asset),
            "uploaded_by": person(asset.created_by),
            "public_url": services.public_url(asset),
            "versions": versions.defer("content", "fallback")[:100],
            "elsewhere": hooks.media_uses([asset.pk]).get(asset.pk, ()),
            "pictures": [asset_data(picture) for picture in pictures],
            "may_change": self.has_change_permission(request, asset),
            "back": reverse("admin:templates_5g_mediaasset_changelist"),
            **{f"{name}_form": form for name, form in forms.items()},
        }
        return TemplateResponse(request, "admin/templates_5g/mediaasset/asset.html", context)


def _seconds(text: str) -> float | None:
    """A length as the browser writes it; None for anything else ("NaN" and "Infinity" too)."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if isfinite(seconds) else None


def _nothing() -> Any:
    raise NotPossible(_("Choose a file first."))


def _page(request: HttpRequest, *, archived: bool = False) -> tuple[list[Any], str | None]:
    """One page of the library by ?q, ?type and ?before, and the address of the following one."""
    query, family = request.GET.get("q", "").strip(), request.GET.get("type", "")
    assets = library(query=query, family=family, archived=archived)
    before = whole(request.GET.get("before"), 0)
    if before:
        assets = assets.filter(pk__lt=before)
    items = list(assets[: PAGE + 1])
    if len(items) <= PAGE:
        return items, None
    kept = {"q": query, "type": family, "archived": "1" if archived else "", "before": items[PAGE - 1].pk}
    return items[:PAGE], f"{request.path}?{urlencode(kept)}"
