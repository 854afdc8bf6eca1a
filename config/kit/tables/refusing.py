"""What is said about a file that cannot be taken: what is wrong, where, and what to do."""

import json

from django.utils.translation import gettext_lazy as _

# Who takes files adds sentences of its own.
FILE = {
    "empty": _("The file is empty. Choose the file that holds the recipients and upload it again."),
    "too_big": _("The file has %(size)s MB; at most %(limit)s MB can be read. Split it and import the parts in turn."),
    "binary": _("This is no table but a binary file (%(what)s). Save the list as CSV or XLSX and upload that."),
    "old_excel": _("This is an old Excel file (.xls). Open it and save it as .xlsx or CSV, then upload that."),
    "encoding": _(
        "Line %(line)s is neither UTF-8 nor GB18030 text, so names would be garbled. "
        "In Excel or WPS choose “Save as: CSV UTF-8” and upload the new file."
    ),
    "bad_xlsx": _(
        "The XLSX file is damaged or protected by a password. Open it, save it again without a password and upload it."
    ),
    "bomb": _(
        "Unpacked, this XLSX file is larger than %(limit)s MB, so it was not opened. "
        "Copy the columns you need into a new file, or save the list as CSV."
    ),
    "no_header": _(
        "The first line must hold column names, but it holds the number %(value)s. "
        "Put a line such as “手机号” above the first row and upload the file again."
    ),
    "no_phone": _(
        "No column with phone numbers was found. The columns are: %(columns)s. "
        "Name the right one “手机号” and upload the file again."
    ),
    "column_twice": _(
        "The column name “%(name)s” stands twice in the first line (columns %(first)s and %(second)s). "
        "Rename one of them and upload the file again."
    ),
    "only_header": _("The file has column names but no row below them. Add the recipients and upload it again."),
    "long_cell": _(
        "A cell that begins on line %(line)s has more than %(limit)s characters. "
        "A quotation mark may be left open there. Shorten or mend it and upload the file again."
    ),
    "quotes": _(
        "The quotation marks do not match in the row that begins on line %(line)s. "
        "Close the mark, or remove it, and upload the file again."
    ),
    "gone": _("The uploaded file is no longer there. Upload it again."),
}


class ImportRefused(Exception):
    """A file that cannot be taken. `key` names a sentence of FILE; str() is that sentence in the active language."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key)
        self.key, self.params = key, params

    def __str__(self) -> str:
        return str(FILE[self.key]) % self.params

    def dump(self) -> str:
        """To be stored, so that every reader gets it in his own language."""
        return json.dumps({"key": self.key, "params": self.params}, ensure_ascii=False)


def sentence(dumped: str) -> str:
    """The sentence of a stored error ("" for none)."""
    if not dumped:
        return ""
    stored = json.loads(dumped)
    return str(ImportRefused(stored["key"], **stored["params"]))
