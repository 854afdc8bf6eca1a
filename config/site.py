"""The admin site: brand, and a menu grouped by what people do instead of by app."""

from collections.abc import Mapping
from functools import update_wrapper
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config import expired
from kit import display, edits_admin, menu, workbench
from kit.people import Visitor, signed_in

TITLES: dict[str, Any] = {
    "content": _("Content"),
    "send": pgettext_lazy("menu", "Sending"),
    "customers": _("Customers"),
    "data": _("Data"),
    "settings": _("Settings"),
    "system": _("System"),
}

# Models by group, in the order of the menu. What is in no group stands under "System", for superusers alone.
ORDER: dict[str, tuple[str, ...]] = {
    "content": ("templates_5g.messagetemplate", "templates_5g.mediaasset"),
    "send": ("campaigns.campaign", "campaigns.audience", "campaigns.approval", "messaging.dispatch"),
    "customers": (
        "messaging.reply",
        "messaging.suppression",
        "messaging.keywordrule",
        "messaging.cannedanswer",
    ),
    "data": ("campaigns.exportrecord",),
    "settings": (
        "messaging.vendoraccount",
        "messaging.signature",
        "messaging.chatbot",
        "auth.user",
        "auth.group",
        "campaigns.auditevent",
        "messaging.receipt",
        "messaging.callbackevent",
        "messaging.vendorcall",
        "messaging.sendingpolicy",
    ),
}


# Other people's models under the words of this product.
NAMES: dict[str, Any] = {
    "auth.group": _("Roles"),
    "axes.accessattempt": _("Failed log-ins"),
    "axes.accesslog": _("Log-ins"),
    "axes.accessfailurelog": _("Lock-outs"),
}

# Lists that stand behind a page of the menu and need no entry of their own.
REACHED_OTHERWISE = {"messaging.templatereview", "messaging.sendingstop"}


class SongdaAdminSite(admin.AdminSite):
    site_title = _("Songda")
    site_header = _("Songda")
    index_title = _("Workbench")
    enable_nav_sidebar = True
    site_url = None
    password_change_template = "admin/password_change.html"  # noqa: S105 - a template, no password
    password_change_done_template = "admin/password_changed.html"  # noqa: S105 - as above
    empty_value_display = display.UNKNOWN

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """No change form overwrites a colleague's change, whoever wrote the page."""
        super().register(model_or_iterable, edits_admin.guarded(admin_class or admin.ModelAdmin), **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        may_look_up = request.user.is_active and request.user.has_perm("messaging.look_up_delivery")
        context["lookup_url"] = reverse("admin:phone_lookup") if may_look_up else ""
        context["workers_silent"] = _silent_workers(request.user)
        context["fence_hold"], context["fence_url"] = _fence_bar(request.user)
        context["sending_alarms"] = _sending_alarms(request.user)
        context["sending_stop"] = _sending_stop(request.user)
        context["role_names"] = [group.name for group in request.user.groups.all()] if request.user.pk else []
        return context

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As Django's, but whoever is signed out loses nothing: scripts are told, and posted text is shown."""
        inner = super().admin_view(view, cacheable)

        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            answer = None if self.has_permission(request) else expired.signed_out(request)
            return answer or inner(request, *args, **kwargs)

        return update_wrapper(checked, inner)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("session/", self.admin_view(self.session_view), name="session"),
            path("signed-in/", self.admin_view(self.signed_in_view), name="signed_in"),
            *super().get_urls(),
        ]

    def session_view(self, request: HttpRequest) -> HttpResponse:
        """{"csrf", "person", "name"}: a fresh token for a page that was loaded before, and who it would act for."""
        user = signed_in(request)
        name = user.get_full_name() or user.get_username()
        return JsonResponse({"csrf": get_token(request), "person": user.pk, "name": name})

    def signed_in_view(self, request: HttpRequest) -> HttpResponse:
        """Where the link "sign in in a new tab" ends."""
        return TemplateResponse(request, "songda/signed_in.html")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from config import sign_in

        answer = sign_in.log_in_answer(super().login(request, extra_context))
        if request.method == "POST" and request.user.is_authenticated:
            sign_in.remember_browser(answer, request.user)
        return answer

    @property
    def login_form(self) -> Any:  # type: ignore[override]
        """Read when it is needed: users are not there yet when the site is made."""
        from config.sign_in import LogInForm

        return LogInForm

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        from django.contrib.auth.views import PasswordChangeView

        from campaigns.approvals import password_notes
        from config import sessions
        from config.sign_in import OwnPasswordForm

        context = {**self.each_context(request), **(extra_context or {})}
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            template_name=self.password_change_template,
            extra_context={**context, "must_change": request.session.get(sessions.MUST_CHANGE, False)},
        )
        person = signed_in(request)
        before = person.password
        answer = view(request)
        if person.password != before:
            request.session.pop(sessions.MUST_CHANGE, None)
            password_notes.password_chosen(person)
        return answer

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        todos = workbench.todos(request)
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "todos": todos,
            "todo_count": sum(item.count for item in todos),
            "panels_above": workbench.panels(request, above=True),
            "panels": workbench.panels(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/index.html", context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Groups in the shape of Django's app list, holding only what this user may see."""
        if app_label:
            return super().get_app_list(request, app_label)
        seen = self._visible_models(request)
        groups = [self._group(request, key, seen) for key in menu.GROUPS]
        if request.user.is_superuser:
            placed = {label for key in menu.GROUPS for label in self._labels(key)}
            rest = [entry for label, entry in seen.items() if label not in placed | REACHED_OTHERWISE]
            groups.append(_app_dict("system", rest))
        groups = [group for group in groups if group["models"]]
        _mark_current(request.path, groups)
        return groups

    def _visible_models(self, request: HttpRequest) -> dict[str, dict[str, Any]]:
        found = {}
        for app in self._build_app_dict(request).values():
            for entry in app["models"]:
                if entry.get("admin_url"):
                    label = entry["model"]._meta.label_lower
                    name = NAMES.get(label, capfirst(entry["name"]))
                    found[label] = {**entry, "name": name, "count": menu.count_for(label, request)}
        return found

    @staticmethod
    def _labels(key: str) -> list[str]:
        return [*ORDER.get(key, ()), *menu.models(key)]

    def _group(self, request: HttpRequest, key: str, seen: dict[str, dict[str, Any]]) -> dict[str, Any]:
        entries: list[tuple[str, dict[str, Any]]] = [
            (label, seen[label]) for label in self._labels(key) if label in seen
        ]
        for page in menu.pages(key):
            if page.open_to(request.user):
                _insert(entries, page, _page_dict(request, page), self._labels(key))
        return _app_dict(key, [entry for _label, entry in entries])


def _mark_current(path: str, groups: list[dict[str, Any]]) -> None:
    """`current` on the entry whose address is the longest beginning of the page's own."""
    entries = [entry for group in groups for entry in group["models"] if path.startswith(entry["admin_url"])]
    if entries:
        max(entries, key=lambda entry: len(entry["admin_url"]))["current"] = True


_SENDING_PAGES = ("messaging.view_dispatch", "messaging.view_batch", "messaging.test_vendoraccount")


def _silent_workers(user: Visitor) -> Any:
    """The overdue sign of life of the workers, for those whose pages are about sending; None while all is well."""
    if not _sees_sending(user):
        return None
    from messaging.worker.alive import tick_beat

    beat = tick_beat()
    return beat if beat.silent else None


def _fence_bar(user: Visitor) -> tuple[str, str]:
    """Why sending is held after a restore, "" while it is not; and the page that decides it, for those who may. Everybody who is
    logged in is told: nothing of what they see is certain then."""
    if not user.is_active:
        return "", ""
    from messaging import fence

    hold = fence.open_holds().select_related("account").order_by(F("account").asc(nulls_first=True)).first()
    if hold is None:
        return "", ""
    said = fence.announcement(hold)
    return said, reverse("admin:fence") if user.has_perm("messaging.decide_fence") else ""


def _sees_sending(user: Visitor) -> bool:
    return user.is_active and any(user.has_perm(permission) for permission in _SENDING_PAGES)


def _sending_alarms(user: Visitor) -> list[str]:
    """Sentences about due work that nobody begins and hosts that send nothing, for those whose pages are about sending."""
    if not _sees_sending(user):
        return []
    from messaging.worker import alarms

    return alarms.sentences()


def _sending_stop(user: Visitor) -> Mapping[str, object] | None:
    """That somebody has stopped all sending, for everybody who is logged in; with the way back for those who may."""
    if not user.is_active:
        return None
    from messaging.sending import stop_switch

    stop = stop_switch.current()
    if stop is None:
        return None
    who = display.person(stop.stopped_by) if stop.stopped_by else stop.stopped_name
    url = reverse("admin:stop_sending") if user.has_perm("messaging.stop_sending") else ""
    return {"who": who, "at": stop.stopped_at, "reason": stop.reason, "url": url}


def _insert(
    entries: list[tuple[str, dict[str, Any]]], page: menu.Page, entry: dict[str, Any], order: list[str]
) -> None:
    """Behind `page.after`, or behind the last visible entry that stands before it in the order."""
    before = [*order[: order.index(page.after)], page.after] if page.after in order else [page.after]
    places = [index for index, (label, _entry) in enumerate(entries) if label in before]
    if page.after == "first" or (page.after in order and not places):
        entries.insert(0, (page.key, entry))
    else:
        entries.insert(places[-1] + 1 if places else len(entries), (page.key, entry))


def _page_dict(request: HttpRequest, page: menu.Page) -> dict[str, Any]:
    return {
        "name": page.title,
        "object_name": page.key.rpartition(":")[2],
        "admin_url": reverse(page.key),
        "add_url": None,
        "view_only": True,
        "perms": {},
        "count": page.count(request) if page.count else None,
    }


def _app_dict(key: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": TITLES[key],
        "app_label": key,
        "app_url": "",
        "has_module_perms": True,
        "models": entries,
    }


def unplaced() -> list[str]:
    """Labels in ORDER whose model is not installed; the tests keep this empty but for what comes later."""
    known = {model._meta.label_lower for model in apps.get_models()}
    return [label for labels in ORDER.values() for label in labels if label not in known]
