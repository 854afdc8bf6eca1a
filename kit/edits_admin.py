"""Every change form of the admin is guarded against overwriting a colleague's change: the site mixes this into each page."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from kit import edits


class GuardedAdmin(admin.ModelAdmin):
    """The row is locked before the form of a POST is made of it, and the form compares what it showed."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST":
            return row
        edits.lock(row)
        return super().get_object(request, object_id, from_field)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if not change or issubclass(form, edits.EditGuard):
            return form
        guarded: Any = type(form)(form.__name__, (edits.EditGuard, form), {"__module__": form.__module__})
        guarded.base_fields, guarded.declared_fields = form.base_fields, form.declared_fields
        return guarded


def guarded(page: type[admin.ModelAdmin]) -> type[admin.ModelAdmin]:
    """The page with the guard in front of everything that it says itself."""
    if issubclass(page, GuardedAdmin):
        return page
    return type(page.__name__, (GuardedAdmin, page), {"__module__": page.__module__})
