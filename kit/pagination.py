"""Paging for big tables: no COUNT over all rows and no OFFSET, which cost seconds at ten million."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from kit import sql
from kit.ids import row_id

_SQL = sql.beside(__file__)

BEFORE, AFTER = "before", "after"


class KeysetList(ChangeList):
    """A change list by primary key, newest first, read on from the key at its edge: `?before=` and `?after=`. Page one
    million costs what the first costs. There is no other order, and nothing is counted."""

    is_keyset = True
    older_qs = newer_qs = ""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return ["-pk"]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Whatever else is changed on the page, a filter or a search, begins the list anew: no link keeps the edge."""
        for name in (BEFORE, AFTER):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return found

    def get_results(self, request: HttpRequest) -> None:
        rows, has_newer, has_older = self._page(_key(request, BEFORE), _key(request, AFTER))
        if rows:
            self.older_qs = self.get_query_string({BEFORE: rows[-1].pk}) if has_older else ""
            self.newer_qs = self.get_query_string({AFTER: rows[0].pk}) if has_newer else ""
        self.result_list: Any = rows
        self.result_count, self.full_result_count = len(rows), None
        self.show_admin_actions, self.can_show_all, self.multi_page = True, False, False

    def _page(self, before: int | None, after: int | None) -> tuple[list[Model], bool, bool]:
        """Rows, whether there are newer ones, whether there are older ones."""
        most = self.list_per_page
        if after is not None:
            found = list(self.queryset.filter(pk__gt=after).order_by("pk")[: most + 1])
            if len(found) > most:
                return found[:most][::-1], True, True
        asked = self.queryset if before is None else self.queryset.filter(pk__lt=before)
        found = list(asked[: most + 1])
        return found[:most], before is not None, len(found) > most


def _key(request: HttpRequest, name: str) -> int | None:
    return row_id(request.GET.get(name, ""))


class KnownValues(admin.SimpleListFilter):
    """A filter by the values that a column has, found by leaping from one to the next in the column's index: as many steps as
    there are values, however many rows. Subclasses set `parameter_name`, the column, and `title`."""

    parameter_name: str

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(value, self.word(value)) for value in leap(model_admin.model, self.parameter_name)]

    def word(self, value: str) -> Any:
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


def leap(model: type[Model], column: str, most: int = 200, *, filled: bool = False) -> list[str]:
    """The distinct values of a text column that an index begins with, in order. `filled`: the index, and so the answer,
    leaves out the empty one."""
    name = "leap_filled" if filled else "leap"
    return _SQL[name].rows(str, table=sql.name(model._meta.db_table), column=sql.name(column), most=most)
