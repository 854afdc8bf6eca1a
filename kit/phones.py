"""Mainland mobile numbers as people and vendors write them: in files, forms, the API and pushes alike. One reader, so that one
spelling is one number by every way in, and the do-not-send list meets it.

Read: any width, without signs that nobody sees, an apostrophe before them, +86 / 0086 / 86, tel:, blanks, dashes, dots and
brackets between the digits, thousands' commas, decimal zeros behind. Then 1[3-9] and nine digits.
"""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from kit import invisible_characters

# reason why a cell is no number -> (what is wrong, what to do)
NUMBER_WORDS = {
    "missing": (_("No phone number"), _("Fill in the number or delete the row.")),
    "length": (_("Not 11 digits"), _("A mobile number has 11 digits. Correct it in the file.")),
    "bad_number": (_("Not a mobile number"), _("A mobile number begins with 13 to 19. Correct it in the file.")),
    "several": (_("Several numbers in one cell"), _("Give each number a row of its own.")),
    "other_text": (
        _("Something else stands beside the number"),
        _("Leave only the 11 digits in the cell; move the rest to another column."),
    ),
    "no_digits": (_("No number but text"), _("Fill in the 11 digits or delete the row.")),
    "abroad": (_("Not a mainland number"), _("Only mainland mobile numbers can be sent to. Delete the row.")),
    "landline": (
        _("A landline number"),
        _("Landlines receive no messages. Fill in a mobile number or delete the row."),
    ),
    "scientific": (
        _("Number shortened by the spreadsheet"),
        _("Digits are lost. Format the column as text and paste it again."),
    ),
    "formula": (_("Formula or formula error"), _("Copy the column and paste it as values.")),
}

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_STARTS = frozenset({"13", "14", "15", "16", "17", "18", "19"})
_FILLERS = re.compile(r"[\s\-‐-―−.()（）·•・‧_]+")
_COUNTRY = re.compile(r"(?:\+86|0086|86)(?=1\d{10}$)")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_DECIMAL_ZEROS = re.compile(r"(?<=\d)\.0+$")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3}){3,}")
_LABEL = re.compile(r"(?:tel|phone|mobile|手机号?码?|电话):\s*", re.IGNORECASE)
_BEHIND = " ;,.、。"
_QUOTES = "'’‘`´"
_LANDLINE = re.compile(r"0\d{9,11}|0\d{2,3}-?\d{7,8}", re.ASCII)
# Spreadsheets write ="13800000000" to keep a number as text.
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')


def is_plain(raw: str) -> bool:
    """Already the stored form. Spelled out, because a regular expression costs twice as much per row."""
    return len(raw) == 11 and raw.isascii() and raw.isdigit() and raw[:2] in _STARTS


def normalise(raw: str) -> tuple[str, str]:
    """(the 11 digits, "") or ("", the reason why it is no mobile number: a key of NUMBER_WORDS)."""
    if is_plain(raw):
        return raw, ""
    # A longer cell is no number; reading a megabyte of it would only take time.
    text = _bare(raw[:200])
    if _SCIENTIFIC.fullmatch(text):
        return "", "scientific"
    digits = _digits(text)
    if MOBILE.fullmatch(digits):
        return digits, ""
    return "", _why_not(text, digits)


def clean(raw: str) -> str:
    """The 11 ASCII digits of a mainland mobile number, "" if it is none."""
    return normalise(raw)[0]


def _bare(raw: str) -> str:
    """In one width, without what stands around the number."""
    text = unquoted(invisible_characters.removed(unicodedata.normalize("NFKC", raw)).strip())
    text = text.lstrip(_QUOTES).strip()
    return _LABEL.sub("", text, count=1) if _LABEL.match(text) else text


def _digits(text: str) -> str:
    """The text without what may stand between the digits of one number."""
    text = _DECIMAL_ZEROS.sub("", text.rstrip(_BEHIND))
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return _COUNTRY.sub("", _FILLERS.sub("", text))


def unquoted(text: str) -> str:
    quoted = _QUOTED_FORMULA.fullmatch(text)
    return quoted[1].strip() if quoted else text


def _why_not(text: str, digits: str) -> str:
    if not text:
        return "missing"
    if text.startswith(("=", "#")):
        return "formula"
    if len(_numbers_in(text)) > 1:
        return "several"
    if text.startswith(("+", "00")) and not digits.removeprefix("+").removeprefix("00").startswith("86"):
        return "abroad"
    if _LANDLINE.fullmatch(digits):
        return "landline"
    if digits.isdigit() and digits.isascii():
        return "length" if len(digits) != 11 else "bad_number"
    if not any(sign.isdigit() for sign in text):
        return "no_digits"
    return "other_text" if _numbers_in(text) else "bad_number"


def _numbers_in(text: str) -> list[str]:
    """The mobile numbers within, parted by anything that cannot stand in one, or only by a blank."""
    parts = [_digits(part) for part in re.split(r"[^\d\s\-‐-―−.()（）·•・‧_+]+", text)]
    found = [part for part in parts if MOBILE.fullmatch(part)]
    if found:
        return found
    return [part for part in map(_digits, text.split()) if MOBILE.fullmatch(part)]
