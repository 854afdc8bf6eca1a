"""The bad rows of an import as a page and as a file."""

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from campaigns.audiences.imports.row_checks import MAX_CELL
from campaigns.audiences.imports.sentences import ROW
from campaigns.models import AudienceImport, ImportProblem
from kit.export_files import csv_lines

PAGE = 2000


def words(problem: ImportProblem) -> tuple[str, str]:
    """(what is wrong, what to do) in the active language."""
    what, remedy = ROW[problem.reason]
    return str(what), str(remedy) % {"first_line": problem.first_line, "limit": MAX_CELL}


def by_reason(source: AudienceImport) -> list[tuple[str, int]]:
    """[(what is wrong, rows)], the most frequent first; sums to invalid + duplicate."""
    counts = source.problems.values_list("reason").annotate(rows=Count("id")).order_by("-rows", "reason")
    return [(str(ROW[reason][0]), rows) for reason, rows in counts]


def csv_file(source: AudienceImport) -> Iterator[str]:
    """All bad rows, by line, with what else stands in them. Numbers are masked, since no full number of a bad row is kept: the line
    and the other cells lead to the row in the file that was uploaded."""
    others = [name for name in source.header if name]
    header = [_("Line"), _("Column"), _("Cell"), _("What is wrong"), _("What to do"), *others]
    rows = (
        [p.line, p.column, p.value, *words(p), *(p.cells.get(name, "") for name in others)] for p in _by_line(source)
    )
    return csv_lines(header, rows)


def _by_line(source: AudienceImport) -> Iterator[ImportProblem]:
    """A page of rows at a time: a cursor of the database does not outlive a transaction where a pooler stands before it."""
    line, pk = 0, 0
    while page := list(
        source.problems.filter(Q(line=line, pk__gt=pk) | Q(line__gt=line), line__gte=line).order_by("line", "pk")[:PAGE]
    ):
        yield from page
        line, pk = page[-1].line, page[-1].pk
