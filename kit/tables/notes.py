"""What is said about how a list lies in its file, before anybody takes it for granted."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from kit.tables.layouts import Layout


class Note(NamedTuple):
    words: str
    attention: bool


def layout_notes(layout: Layout) -> list[Note]:
    """The sheet that is read, others that are not, and the header where it is not the first line."""
    notes = []
    if layout.sheet:
        notes.append(Note(_("Read from the sheet “%(sheet)s”.") % {"sheet": layout.sheet}, attention=False))
    if layout.other_sheets:
        words = _(
            "Not read: the sheets %(sheets)s. To import one of them, put it first or save it as a file of its own."
        )
        notes.append(Note(words % {"sheets": _names(layout.other_sheets)}, attention=True))
    if layout.hidden_sheets:
        words = _("Hidden sheets are not read: %(sheets)s.")
        notes.append(Note(words % {"sheets": _names(layout.hidden_sheets)}, attention=True))
    if layout.above:
        words = _("Line %(line)s holds the column names; the %(n)s rows above it are taken as titles and not imported.")
        notes.append(Note(words % {"line": layout.header_line, "n": layout.above}, attention=True))
    return notes


def result_notes(layout: Layout, take_hidden: bool | None) -> list[Note]:
    """The same once the file is read, and what became of the rows that the sheet hides."""
    notes = layout_notes(layout)
    if layout.hidden_rows and take_hidden is not None:
        taken, left = (
            _("The %(n)s rows that the sheet hides are among them."),
            _("The %(n)s rows that the sheet hides were left out."),
        )
        notes.append(Note((taken if take_hidden else left) % {"n": layout.hidden_rows}, attention=True))
    return notes


def _names(sheets: list[str]) -> str:
    shown = "、".join(f"“{name}”" for name in sheets[:10])
    return f"{shown}…" if len(sheets) > 10 else shown
