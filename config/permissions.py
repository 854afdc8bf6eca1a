"""Permissions in the words of the pages, and which of them a person can be given at all."""

from collections.abc import Iterable

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from campaigns import roles
from config.site import NAMES

_ACTS = {
    "view": pgettext_lazy("permission", "see"),
    "add": pgettext_lazy("permission", "add"),
    "change": pgettext_lazy("permission", "change"),
    "delete": pgettext_lazy("permission", "delete"),
}
# Whose pages are worked with. The others' (log-ins, the queue, sessions) are for superusers, who need no permission.
_APPS = ("auth", "campaigns", "messaging", "templates_5g")


def act(permission: Permission) -> str:
    """What it allows, without the thing: "see", or the sentence of one that the product made itself."""
    verb, _underscore, model = permission.codename.partition("_")
    own = verb in _ACTS and model == permission.content_type.model
    # The database holds the sentence as the code has it, in English.
    return str(_ACTS[verb]) if own else _(permission.name)


def thing(permission: Permission) -> str:
    kind = permission.content_type
    return str(NAMES.get(f"{kind.app_label}.{kind.model}") or capfirst(kind.name))


def in_words(code: str) -> str:
    """A permission by its code ("messaging.reveal_phone") as the pages name it; the code itself where there is none any more."""
    app, _dot, codename = code.partition(".")
    found = (
        Permission.objects.filter(content_type__app_label=app, codename=codename).select_related("content_type").first()
    )
    return f"{thing(found)}: {act(found)}" if found else code


def listed(permissions: Iterable[Permission]) -> SafeString:
    """One line a thing, with all that is allowed."""
    by_thing: dict[str, list[str]] = {}
    for permission in permissions:
        by_thing.setdefault(thing(permission), []).append(act(permission))
    lines = ((name, "、".join(acts)) for name, acts in by_thing.items())
    return format_html_join("", "<li><strong>{}</strong>: {}</li>", lines)


def grantable(request: HttpRequest, held: Iterable[int] = ()) -> QuerySet[Permission]:
    """What some role holds or a page of the product asks for, and what the person has already (`held`): saving takes nothing
    away unseen. `request` is a superuser's."""
    codes = {code for role in roles.PERMISSIONS.values() for code in role} | set(_asked_for(request))
    known = Permission.objects.filter(content_type__app_label__in=_APPS).select_related("content_type")
    found = [one.pk for one in known if f"{one.content_type.app_label}.{one.codename}" in codes]
    return Permission.objects.filter(Q(pk__in=found) | Q(pk__in=list(held))).select_related("content_type")


def _asked_for(request: HttpRequest) -> Iterable[str]:
    """Where there is no list, or a page refuses even a superuser, the permission opens nothing."""
    for model, page in admin.site._registry.items():
        if model._meta.app_label in _APPS and page.has_module_permission(request):
            for verb in _ACTS:
                if getattr(page, f"has_{verb}_permission")(request):
                    yield f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
