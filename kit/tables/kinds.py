"""What a file is, by its first bytes: a workbook, a text, or something that is refused in the right words."""

import re
from pathlib import Path

from kit.tables.file_errors import ImportRefused

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"SQLite format", "SQLite"),
    (b"{\\rtf", "RTF"),
)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PIECE = 1 << 20
_XML_2003 = re.compile(rb"mso-application|urn:schemas-microsoft-com:office:spreadsheet", re.IGNORECASE)
_WEB_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?(?:<!doctype\s+html|<html|<head|<meta|<table|<body|<style)|mime-version:", re.I | re.S
)


def is_workbook(head: bytes) -> bool:
    """A zip file: what is in it is for the reader to say."""
    return head.startswith(b"PK")


def is_for_worker(path: Path, most: int) -> bool:
    """Whether a worker is to look at the file, and not a web request: a workbook, or a text of more than `most` bytes.
    Raises ImportRefused for what is neither."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    refuse_others(path, head)
    return is_workbook(head) or path.stat().st_size > most


def refuse_others(path: Path, head: bytes) -> None:
    """Raises ImportRefused for what is neither a zip file nor text."""
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise ImportRefused("empty")
    if head.startswith(_OLD_OFFICE):
        raise ImportRefused("password" if _holds(path, _ENCRYPTED) else "old_excel")
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise ImportRefused("binary", what=what)
    text = _single_bytes(head)
    if text.startswith(b"<") and _XML_2003.search(text, 0, 4096):
        raise ImportRefused("xml_2003")
    if _WEB_PAGE.match(text) or (text.startswith(b"<?xml") and re.search(rb"<html", text[:4096], re.I)):
        raise ImportRefused("web_page")


def _single_bytes(head: bytes) -> bytes:
    """The beginning without byte order marks and, of UTF-16, without the NUL bytes: enough to see a tag."""
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\x00", b"").lstrip()


def _holds(path: Path, sought: bytes) -> bool:
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if sought in tail + piece:
                return True
            tail = piece[-len(sought) :]
    return False
