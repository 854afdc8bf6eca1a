"""The editor on a page of its own, without a login or a database: a stand-in for the admin page that remembers what was
saved. The checks, the limits and the content security policy are the real ones."""

import json
import threading
import time
from datetime import datetime, timedelta, timezone
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, JsonResponse
from django.template import Context, Engine
from django.urls import path
from django.utils.translation import get_language
from django.views.i18n import JavaScriptCatalog

from templates_5g.blocks import parse_content, parse_fallback
from templates_5g.blocks.checks import MediaInfo, check
from templates_5g.fallback import chain_preview
from templates_5g.limits import as_data
from templates_5g.problems import sentence
from templates_5g.widgets import FallbackWidget, TemplateEditorWidget

BEIJING = timezone(timedelta(hours=8))

PAGE = """{% load static %}<!doctype html><html lang="{{ language }}" data-theme="{{ theme }}"><head><meta charset="utf-8">
<link rel="icon" href="data:,">
<title>editor</title><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{% static 'admin/css/base.css' %}">
<link rel="stylesheet" href="{% static 'admin/css/dark_mode.css' %}">
{% for name in theme_files %}<link rel="stylesheet" href="{% static name %}">{% endfor %}
{{ media.css }}<script src="{% static 'theme/ask.js' %}" defer></script><script src="{% static 'theme/times.js' %}" defer></script>
</head><body data-admin-utc-offset="28800"><main class="page"><form method="post" action="/submit/">
<input type="hidden" name="edited" value="{{ edited }}">
<label><input type="radio" name="purpose" value="marketing" checked> marketing</label>
<label><input type="radio" name="purpose" value="notice"> notice</label>
{{ content }}{{ fallback }}<button type="submit" id="submit">submit</button></form></main>{{ media.js }}</body></html>"""


def today(clock: str) -> str:
    """A time of today, as the server gives it."""
    return f"{datetime.now(BEIJING).date()}T{clock}:00+08:00"


def picture(number: int, width: int | None, height: int | None, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "name": f"picture-{number}.jpg",
        "mime": "image/jpeg",
        "size": 20_000,
        "width": width,
        "height": height,
        "seconds": None,
        "url": f"/picture/{number}.svg",
        "thumb": f"/picture/{number}.svg",
        **more,
    }


ASSETS = [
    picture(1, 900, 504),
    picture(2, 1440, 720),
    picture(3, 400, 800),
    picture(4, None, None, name="film.mp4", mime="video/mp4", url="/film.mp4", thumb="", seconds="8.0"),
    picture(5, None, None, name="tariff.mp3", mime="audio/mpeg", url="/a.mp3", thumb="", size=900_000),
    picture(7, 900, 504),
]
ROWS = [
    {"name": "Wang", "city": "Beijing"},
    {"name": "", "city": "Shanghai"},
    {"name": "L" * 250, "city": "Xi'an"},
]


class Desk:
    """What the page shows and what came back; one for the server, reset for each test."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.content: dict[str, Any] | None = None
        self.fallback: dict[str, Any] = {}
        self.edited = 0
        self.frozen = False
        self.saves: list[dict[str, Any]] = []
        self.submitted: dict[str, Any] | None = None
        self.rival: dict[str, Any] | None = None
        self.config: dict[str, Any] = {}
        self.fail_saves = 0
        self.broken_saves = 0
        self.slow_saves = 0.0
        self.extra_problems: list[dict[str, Any]] = []
        self.theme = "auto"


desk = Desk()


def config() -> dict[str, Any]:
    return {
        "version": {
            "id": 1,
            "number": 1,
            "edited": desk.edited,
            "frozen": desk.frozen,
            "saved_at": "",
            "saved_by": "",
            "template": {"id": 1, "name": "T"},
        },
        "purpose": "marketing",
        "limits": as_data(),
        "media": ASSETS,
        "sender": {"signature": "示例商城", "verified": True},
        "variables": ["name", "city"],
        "vendor_variables": ["阅信短链", "dh_rcs_h5_url"],
        "audiences": [{"id": 7, "name": "Members"}],
        "prices": {"rcs": "0.08", "sms": "0.045"},
        "urls": {
            "check": "/check/",
            "save": "/save/",
            "media_list": "/media_list/",
            "media_upload": "/media_upload/",
            "media_crop": "/media_crop/",
            "sample_rows": "/rows/",
        },
        "person": 1,
        **desk.config,
    }


def editor(request: Any) -> HttpResponse:
    content = TemplateEditorWidget(config=config())
    text = json.dumps(desk.content) if desk.content else ""
    context = {
        "media": {"css": "".join(content.media.render_css()), "js": "".join(content.media.render_js())},
        "content": content.render("content", text),
        "fallback": FallbackWidget().render("fallback", json.dumps(desk.fallback)),
        "edited": desk.edited,
        "theme": desk.theme,
        "theme_files": [f"theme/{name}.css" for name in ("tokens", "frame", "controls", "parts", "narrow")],
        "language": get_language(),
    }
    context["media"] = {name: _safe(value) for name, value in context["media"].items()}
    engine = Engine(libraries={"static": "django.templatetags.static"})
    return HttpResponse(engine.from_string(PAGE).render(Context(context)))


def _safe(text: str) -> Any:
    from django.utils.safestring import mark_safe

    return mark_safe(text)


def problems_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    content, shape = parse_content(data["content"])
    fallback, more = parse_fallback(data["fallback"])
    found = [*shape, *more]
    if not found:
        media = {one["id"]: MediaInfo(asset=one["id"], mime=one["mime"], size=one["size"]) for one in ASSETS}
        found = check(content, fallback, data.get("purpose") or "marketing", media=media)
    as_json = [{"path": p.path, "rule": p.rule, "severity": p.severity, "message": sentence(p)} for p in found]
    return [*as_json, *desk.extra_problems]


def check_view(request: Any) -> JsonResponse:
    data = json.loads(request.body)
    fallback, _ = parse_fallback(data["fallback"])
    return JsonResponse({"problems": problems_of(data), "fallback_preview": chain_preview(fallback)})


def save_view(request: Any) -> HttpResponse:
    data = json.loads(request.body)
    time.sleep(desk.slow_saves)
    if desk.fail_saves:
        desk.fail_saves -= 1
        return JsonResponse({"message": "the disk is full"}, status=500)
    if desk.broken_saves:
        desk.broken_saves -= 1
        return HttpResponse("<html>Bad gateway</html>", status=502)
    if data["edited"] != desk.edited:
        theirs = {**(desk.rival or {}), "edited": desk.edited}
        return JsonResponse({"who": "Li", "at": today("11:18"), "theirs": theirs}, status=409)
    desk.saves.append(data)
    desk.content, desk.fallback, desk.edited = data["content"], data["fallback"], desk.edited + 1
    return JsonResponse({"edited": desk.edited, "saved_at": today("11:20"), "problems": problems_of(data)})


def submit_view(request: Any) -> HttpResponse:
    desk.submitted = {name: request.POST[name] for name in ("content", "fallback", "edited", "purpose")}
    return HttpResponse("<!doctype html><title>done</title><link rel='icon' href='data:,'><p id='done'>done</p>")


def media_list(request: Any) -> JsonResponse:
    query, family = request.GET.get("q", ""), request.GET.get("type", "")
    items = [one for one in ASSETS if query in one["name"] and one["mime"].startswith(family)]
    return JsonResponse({"items": items, "next": None})


def media_upload(request: Any) -> JsonResponse:
    file = request.FILES["file"]
    if file.name.endswith(".svg"):
        return JsonResponse({"message": "SVG is not accepted."}, status=400)
    return JsonResponse(picture(9, 300, 300, name=file.name, size=file.size))


def rows(request: Any) -> JsonResponse:
    return JsonResponse({"columns": ["name", "city"], "rows": ROWS})


def drawn_picture(request: Any, number: int) -> HttpResponse:
    colours = ["#7aa6ff", "#8fe0ae", "#f6cf7f", "#dcbcff", "#ffb0ad"]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="504" viewBox="0 0 900 504">'
        f'<rect width="900" height="504" fill="{colours[number % 5]}"/><circle cx="450" cy="252" r="120" fill="#fff"/></svg>'
    )
    return HttpResponse(svg, content_type="image/svg+xml")


urlpatterns = [
    path("editor/", editor),
    path("check/", check_view),
    path("save/", save_view),
    path("submit/", submit_view),
    path("media_list/", media_list),
    path("media_upload/", media_upload),
    path("rows/", rows),
    path("picture/<int:number>.svg", drawn_picture),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="jsi18n"),
]


class _Handler(WSGIHandler):
    def get_response(self, request: Any) -> Any:
        request.urlconf = __name__
        request._dont_enforce_csrf_checks = True
        return super().get_response(request)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(port: int = 0) -> tuple[str, Any]:
    """Start on a free port, or on this one; returns the address and a function that stops it and frees the port."""
    server = make_server("127.0.0.1", port, StaticFilesHandler(_Handler()), server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return f"http://127.0.0.1:{server.server_port}", stop
