"""The admin site: brand, and a menu grouped by what people do instead of by app."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.kit import menu, show, workbench

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
        "messaging.vendorcall",
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
REACHED_OTHERWISE = {"messaging.templatereview"}


class SongdaAdminSite(admin.AdminSite):
    site_title = _("Songda")
    site_header = _("Songda")
    index_title = _("Workbench")
    enable_nav_sidebar = True
    site_url = None
    password_change_template = "admin/password_change.html"  # noqa: S105 - a template, no password
    empty_value_display = show.UNKNOWN

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        may_look_up = request.user.is_active and request.user.has_perm("messaging.look_up_delivery")
        context["lookup_url"] = reverse("admin:phone_lookup") if may_look_up else ""
        context["workers_silent"] = _silent_workers(request.user)
        context["role_names"] = [group.name for group in request.user.groups.all()] if request.user.pk else []
        return context

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


def _silent_workers(user: Any) -> Any:
    """The overdue sign of life of the workers, for those whose pages are about sending; None while all is well."""
    if not user.is_active or not any(user.has_perm(permission) for permission in _SENDING_PAGES):
        return None
    from messaging.services.workers import tick_beat

    beat = tick_beat()
    return beat if beat.silent else None


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
