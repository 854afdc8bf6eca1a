"""Mainland mobile numbers as they stand in files: NFKC, without +86 / 0086 / 86, blanks and dashes, then 1[3-9] and nine digits."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

# reason why a cell is no number -> (what is wrong, what to do)
NUMBER_WORDS = {
    "missing": (_("No phone number"), _("Fill in the number or delete the row.")),
    "length": (_("Not 11 digits"), _("A mobile number has 11 digits. Correct it in the file.")),
    "bad_number": (_("Not a mobile number"), _("A mobile number begins with 13 to 19. Correct it in the file.")),
    "scientific": (
        _("Number shortened by the spreadsheet"),
        _("Digits are lost (1.38E+10). Format the column as text and paste the numbers again."),
    ),
    "formula": (_("Formula or formula error"), _("Copy the column and paste it as values.")),
}

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_STARTS = frozenset({"13", "14", "15", "16", "17", "18", "19"})
_FILLERS = re.compile(r"[\s\-‐-―.()（）·]+")
_COUNTRY = re.compile(r"(?:\+86|0086|86)(?=1\d{10}$)")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
# Spreadsheets write ="13800000000" to keep a number as text.
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')


def is_plain(raw: str) -> bool:
    """Already the stored form. Spelled out, because a regular expression costs twice as much per row."""
    return len(raw) == 11 and raw.isascii() and raw.isdigit() and raw[:2] in _STARTS


def normalise(raw: str) -> tuple[str, str]:
    """(the 11 digits, "") or ("", the reason why it is no mobile number: a key of NUMBER_WORDS)."""
    if is_plain(raw):
        return raw, ""
    text = unquoted(unicodedata.normalize("NFKC", raw).strip())
    if _SCIENTIFIC.fullmatch(text):
        return "", "scientific"
    digits = _COUNTRY.sub("", _FILLERS.sub("", text.removesuffix(".0")))
    if MOBILE.fullmatch(digits):
        return digits, ""
    return "", _why_not(text, digits)


def unquoted(text: str) -> str:
    quoted = _QUOTED_FORMULA.fullmatch(text)
    return quoted[1].strip() if quoted else text


def _why_not(text: str, digits: str) -> str:
    if not text:
        return "missing"
    if text.startswith(("=", "#")):
        return "formula"
    if digits.isdigit() and len(digits) != 11:
        return "length"
    return "bad_number"


def masked(value: str) -> str:
    """A cell as it may be kept: long runs of digits lose their middle, a NUL (which PostgreSQL refuses) its teeth."""
    plain = value[:200].replace("\0", "␀")
    return re.sub(r"\d{7,}", lambda run: f"{run[0][:3]}{'*' * (len(run[0]) - 5)}{run[0][-2:]}", plain)[:80]
