"""The bad rows of an import as a page and as a file."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils.translation import gettext as _

from campaigns.models import AudienceImport, ImportProblem
from campaigns.services.importing.sentences import ROW
from campaigns.services.importing.sifting import MAX_CELL
from config.kit.sheets import csv_lines


def words(problem: ImportProblem) -> tuple[str, str]:
    """(what is wrong, what to do) in the active language."""
    what, mend = ROW[problem.reason]
    return str(what), str(mend) % {"first_line": problem.first_line, "limit": MAX_CELL}


def by_reason(source: AudienceImport) -> list[tuple[str, int]]:
    """[(what is wrong, rows)], the most frequent first; sums to invalid + duplicate."""
    counts = source.problems.values_list("reason").annotate(rows=Count("id")).order_by("-rows", "reason")
    return [(str(ROW[reason][0]), rows) for reason, rows in counts]


def csv_file(source: AudienceImport) -> Iterator[str]:
    """All bad rows, by line. Numbers are masked: the line leads to the row in the file that was uploaded."""
    header = [_("Line"), _("Column"), _("Cell"), _("What is wrong"), _("What to do")]
    problems = source.problems.order_by("line").iterator(chunk_size=2000)
    return csv_lines(header, ([p.line, p.column, p.value, *words(p)] for p in problems))
