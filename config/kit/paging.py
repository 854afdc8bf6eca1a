"""Paging for big tables: no COUNT over all rows, which costs seconds at ten million."""

from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.utils.functional import cached_property

EXACT_BELOW = 10_000


class CheapPaginator(Paginator):
    """Counts exactly up to EXACT_BELOW rows; past that takes the planner's estimate (PostgreSQL) or the bound."""

    @cached_property
    def count(self) -> int:
        queryset: Any = self.object_list
        if not hasattr(queryset, "query"):
            return len(queryset)
        bounded = queryset.order_by().values("pk")[: EXACT_BELOW + 1].count()
        if bounded <= EXACT_BELOW:
            return bounded
        if queryset.query.where:
            return EXACT_BELOW + 1
        return max(bounded, self._estimate(queryset))

    @staticmethod
    def _estimate(queryset: Any) -> int:
        connection = connections[queryset.db]
        if connection.vendor != "postgresql":
            last = queryset.model.objects.order_by("-pk").values_list("pk", flat=True).first()
            return int(last or 0)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [queryset.model._meta.db_table]
            )
            return int(cursor.fetchone()[0])
