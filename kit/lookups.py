"""What every registered page has in common: which lookups its list may be asked for, and that deletions are written down."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.db.models import TextChoices
from django.http import HttpRequest

from kit import audit
from kit.people import signed_in


class NamedLookups(admin.ModelAdmin):
    """A ModelAdmin whose list is filtered by what its own filters offer, and by nothing else.

    Django lets every column of the model be asked by any lookup. With `?phone__startswith=` a reader finds a masked number
    digit by digit. Every registered page derives from this class; a test walks them.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in set(self._offered(request))

    # How the audit trail calls a deletion on this page.
    deletion: TextChoices = audit.AuditAction.RECORD_DELETED

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Of one row on its page, of many from the list: into the audit trail too. Django calls it just before."""
        for row in queryset:
            audit.record(self.deletion, actor=signed_in(request), target=row)
        return super().log_deletions(request, queryset)

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        """What an action does and what is written down about it are there both or neither."""
        with transaction.atomic():
            return super().response_action(request, queryset, *args, **kwargs)

    def _offered(self, request: HttpRequest) -> Iterator[str]:
        for item in self.get_list_filter(request):
            if isinstance(item, type) and issubclass(item, admin.SimpleListFilter):
                yield str(item.parameter_name)
            elif isinstance(item, str | tuple):
                yield from _of_field(self.model, item if isinstance(item, str) else str(item[0]))
        if self.date_hierarchy:
            yield from _of_date(self.date_hierarchy)


def _of_field(model: type[models.Model], name: str) -> Iterator[str]:
    yield from (name, f"{name}__exact", f"{name}__isnull")
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return
    if isinstance(field, models.DateField):
        yield from (f"{name}__gte", f"{name}__lt")
    if field.is_relation:
        yield f"{name}__{field.target_field.name}__exact"


def _of_date(name: str) -> Iterator[str]:
    yield from (f"{name}__{part}" for part in ("year", "month", "day", "gte", "lt"))
