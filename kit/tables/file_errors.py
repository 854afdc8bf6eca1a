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
    "broken_utf8": _(
        "The file is UTF-8 text, but line %(line)s holds bytes that are not, as when files of two encodings were joined or "
        "one was cut off. Mend that line and upload the file again."
    ),
    "web_page": _(
        "This is a web page, whatever it is called. Open it in Excel or WPS, save it as XLSX and upload that."
    ),
    "xml_2003": _(
        "This is an XML spreadsheet of 2003, not an Excel workbook. Open it in Excel or WPS, save it as XLSX and upload that."
    ),
    "password": _(
        "The workbook is protected by a password, so it cannot be read. Save it without a password and upload it again."
    ),
    "other_zip": _(
        "This is no XLSX workbook but %(what)s. Open it in Excel or WPS, save the list as XLSX or CSV and upload that."
    ),
    "bad_xlsx": _(
        "The XLSX file is damaged. Open it in Excel or WPS, save it again under another name and upload that."
    ),
    "unreadable_row": _(
        "Row %(line)s of the sheet holds a number that cannot be the date or time as which it is formatted. "
        "Format its cells as text or mend them, and upload the file again."
    ),
    "far_cell": _(
        "The sheet “%(sheet)s” reaches as far as cell %(cell)s, more than %(limit)s million cells: usually a single cell far "
        "away from the list. Copy the list alone into a new file and upload that."
    ),
    "hidden_only": _(
        "Only hidden sheets of this workbook hold anything. Show the sheet that is meant, save the file and upload it again."
    ),
    "hidden_rows": _(
        "The sheet hides %(n)s rows, by a filter or by hand. Say whether they are to be taken or left out."
    ),
    "hidden_rows_unsaid": _(
        "The sheet hides %(n)s rows, by a filter or by hand. "
        "Upload the file again and say whether they are to be taken or left out."
    ),
    "bomb": _(
        "Unpacked, this XLSX file is larger than %(limit)s MB, so it was not opened. "
        "Copy the columns you need into a new file, or save the list as CSV."
    ),
    "no_header": _(
        "The first line must hold column names, but it holds the number %(value)s. "
        "Put a line such as “手机号” above the first row and upload the file again."
    ),
    "phone_unnamed": _(
        "The column with the phone numbers has no name, so its first line may be somebody's row. "
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
    "too_heavy": _(
        "The file needs more memory or time to be read than the %(limit)s MB that are allowed, or it is damaged. Copy the list "
        "alone into a new file, or save it as CSV, and upload that."
    ),
    "gave_up": _(
        "Reading this file was begun %(times)s times and never came to its end, so it was given up. Save the list as CSV and "
        "upload that; if it happens again, tell the administrator."
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
