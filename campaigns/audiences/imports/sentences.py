"""What is said about a file of recipients or a row of it that cannot be taken, beside what holds for every file."""

from django.utils.translation import gettext_lazy as _

from kit.phones import NUMBER_WORDS
from kit.tables.file_errors import FILE, ImportRefused, sentence

__all__ = ["DUPLICATES", "FILE", "ROW", "ImportRefused", "sentence"]

FILE.update(
    {
        "bad_columns": _("The chosen columns do not fit this file. Choose the column of the phone number again."),
        "variable_name": _(
            '“%(name)s” cannot name a variable: 1 to 40 characters, none of {}$\\" among them. Rename the column in the file.'
        ),
        "other_open": _(
            "Another file of this audience (%(name)s) is waiting for its confirmation. Confirm or discard that one first."
        ),
        "nothing_usable": _(
            "No row of this file can be used, so there is nothing to import. Mend the rows and upload it."
        ),
        "not_now": _("This file has already moved on: %(state)s. Look at its present state."),
        "many_columns": _(
            "The file has %(columns)s columns; at most %(limit)s can be read. Delete those that are not needed."
        ),
        "consent_columns": _(
            "The date of consent needs a column of its own, other than the number's and the source's. Choose again."
        ),
        "consent": _("Say where the consent of these people comes from and since when, or leave both empty."),
    }
)

# reason of a row -> (what is wrong, what to do)
ROW = {
    **NUMBER_WORDS,
    "too_long": (_("Cell too long"), _("At most %(limit)s characters in a cell. Shorten it.")),
    "extra_cells": (_("More cells than columns"), _("A comma in a cell needs quotation marks around the cell.")),
    "bad_character": (_("Unreadable character"), _("The cell holds an empty byte (NUL). Type the cell again.")),
    "consent_date": (
        _("No readable date of consent"),
        _(
            "Write it like 2026-05-01, not later than today, or leave the cell empty: then there is no consent on record."
        ),
    ),
    "header_again": (_("Column names again"), _("Files were joined. Delete this row.")),
    "duplicate": (_("Duplicate number"), _("Line %(first_line)s is kept; nothing to do.")),
    "already": (_("Already in the audience"), _("The earlier row is kept; nothing to do.")),
}

# These reasons are counted as duplicates, every other as invalid.
DUPLICATES = ("duplicate", "already")
