"""Which encoding a text file is in. The whole file is decoded once, in pieces; where a byte does not fit, its line is said.

UTF-8 is tried first. A file that is not quite UTF-8 is GB18030 only if it does not look like UTF-8 otherwise: nearly any
bytes are GB18030, so a list with one wrong byte would be stored with every name garbled.
"""

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from kit.tables.file_errors import ImportRefused

_PIECE = 1 << 20
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b")
_CONTROLS = frozenset(range(1, 32)) - _TEXT_CONTROLS
# Bytes before and behind the first wrong one that are looked at to tell the two apart.
_SAMPLE = 1 << 18
# A Chinese character in UTF-8. Of the bytes of a GBK text one in a hundred stands in such a group by chance.
_HAN = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}|\xef[\xbc-\xbd][\x80-\xbf]")
_HIGH = [bytes([byte]) for byte in range(0x80, 0x100)]


class Encoding(NamedTuple):
    """`start`: where the text begins, behind the byte order marks."""

    name: str
    start: int = 0


class _Wrong(NamedTuple):
    """The first bytes that cannot be decoded: their line, and their place in the file."""

    line: int
    offset: int


def detect(path: Path, head: bytes) -> Encoding:
    """Raises ImportRefused: no text, or the line of the first byte that fits no encoding."""
    found = _by_mark(head) or _by_zeros(head)
    if found:
        _must_decode(path, found, "encoding")
        return found
    if sum(byte in _CONTROLS for byte in head) * 100 > len(head):
        raise ImportRefused("binary", what="?")
    utf8 = Encoding("utf-8")
    wrong = _first_wrong(path, utf8)
    if wrong is None:
        return utf8
    if _is_utf8_but_for_some(path, head, wrong):
        raise ImportRefused("broken_utf8", line=wrong.line)
    found = Encoding("gb18030")
    _must_decode(path, found, "encoding")
    return found


def _by_mark(head: bytes) -> Encoding | None:
    """Byte order marks; programs that join files leave several."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        start = 0
        while head.startswith(mark, start):
            start += len(mark)
        if start:
            return Encoding(name, start)
    return None


def _by_zeros(head: bytes) -> Encoding | None:
    """UTF-16 without a mark has its NUL bytes on one side of the pairs; a single NUL in otherwise plain text is that cell's."""
    if b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if (even + odd) * 20 < len(head):
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(name, "replace")
    if min(even, odd) * 20 > max(even, odd) or any(ord(sign) < 32 and ord(sign) not in _TEXT_CONTROLS for sign in text):
        raise ImportRefused("binary", what="NUL")
    return Encoding(name)


def _must_decode(path: Path, encoding: Encoding, key: str) -> None:
    wrong = _first_wrong(path, encoding)
    if wrong:
        raise ImportRefused("broken_utf8" if encoding.name == "utf-8" else key, line=wrong.line)


def _first_wrong(path: Path, encoding: Encoding) -> _Wrong | None:
    decoder = codecs.getincrementaldecoder(encoding.name)()
    line, offset = 1, encoding.start
    with path.open("rb") as file:
        file.seek(encoding.start)
        while True:
            piece = file.read(_PIECE)
            try:
                line += _breaks(decoder.decode(piece, final=not piece))
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding.name, "replace")
                before = offset - (len(error.object) - len(piece))
                return _Wrong(line + _breaks(good), before + error.start)
            offset += len(piece)
            if not piece:
                return None


def _breaks(text: str) -> int:
    """Line breaks of any kind."""
    found = text.count("\n")
    return found + text.count("\r") - text.count("\r\n") if "\r" in text else found


def _is_utf8_but_for_some(path: Path, head: bytes, wrong: _Wrong) -> bool:
    """Whether what stands before and behind the wrong bytes is UTF-8 for the most part."""
    start = max(wrong.offset - _SAMPLE, 0)
    with path.open("rb") as file:
        file.seek(start)
        sample = file.read(2 * _SAMPLE)
    if start > len(head):
        sample = head + sample
    in_characters = 3 * len(_HAN.findall(sample))
    return in_characters * 2 > sum(map(sample.count, _HIGH))
