"""What a file is, from its bytes alone. Names and declared types are never believed."""

from dataclasses import dataclass

from kit.msgids import gettext_noop as _
from templates_5g.media import tags
from templates_5g.media.boxes import box_family


@dataclass(frozen=True)
class FileType:
    """A type that the library takes. `names` are the endings under which such a file may come."""

    label: str
    mime: str
    extension: str
    names: tuple[str, ...]

    @property
    def family(self) -> str:
        return self.mime.partition("/")[0]


JPEG = FileType("JPEG", "image/jpeg", "jpg", ("jpg", "jpeg", "jpe", "jfif"))
PNG = FileType("PNG", "image/png", "png", ("png",))
GIF = FileType("GIF", "image/gif", "gif", ("gif",))
BMP = FileType("BMP", "image/bmp", "bmp", ("bmp", "dib"))
MP4 = FileType("MP4", "video/mp4", "mp4", ("mp4", "m4v"))
THREE_GP = FileType("3GP", "video/3gpp", "3gp", ("3gp", "3gpp"))
MP3 = FileType("MP3", "audio/mpeg", "mp3", ("mp3",))
AMR = FileType("AMR", "audio/amr", "amr", ("amr",))
AAC = FileType("AAC", "audio/aac", "aac", ("aac",))
M4A = FileType("M4A", "audio/mp4", "m4a", ("m4a", "mp4"))
TYPES = (JPEG, PNG, GIF, BMP, MP4, THREE_GP, MP3, AMR, AAC, M4A)

# Things that people do upload, so that the refusal can call them by name.
_REFUSED = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", _("a ZIP or Office file")),
    (b"PK\x05\x06", _("a ZIP or Office file")),
    (b"\xd0\xcf\x11\xe0", _("an Office file")),
    (b"MZ", _("a program")),
    (b"\x7fELF", _("a program")),
    (b"\x1a\x45\xdf\xa3", "WebM/MKV"),
    (b"FLV", "FLV"),
    (b"OggS", "OGG"),
    (b"fLaC", "FLAC"),
    (b"\x30\x26\xb2\x75", "WMV"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)


def file_type(data: bytes) -> FileType | None:
    """The type of a complete file, None for one that the library does not take."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if data[:2] == b"BM" and data[14:18] in _BMP_HEADERS:
        return BMP
    if data[4:8] == b"ftyp":
        return _from_boxes(data)
    if data.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return AMR
    return _sound(data)


_BMP_HEADERS = {size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)}


def _from_boxes(data: bytes) -> FileType | None:
    """MP4 and its relatives: by brand, then by whether there is a picture track."""
    brand = data[8:12]
    if brand.startswith(b"3g"):
        return THREE_GP
    if brand in (b"M4A ", b"M4B ") or (brand.strip().lower() in _MP4_BRANDS and box_family(data) == "audio"):
        return M4A
    return MP4 if brand.strip().lower() in _MP4_BRANDS else None


_MP4_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"m4v", b"m4vh", b"m4vp", b"msnv", b"dash", b"mmp4"} | {
    f"iso{number}".encode() for number in range(2, 10)
}


def _sound(data: bytes) -> FileType | None:
    begin = tags.start(data)
    head = data[begin : begin + 2]
    if len(head) == 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return AAC
    if len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 == 0x02:
        return MP3
    return None


def refused_as(data: bytes) -> str:
    """What a refused file seems to be, as a msgid for the sentence; "" if nobody knows."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in data[:4096].lower() and start.startswith(b"<"):
        return "SVG"
    if start.startswith((b"<!doctype html", b"<html", b"<script", b"<body", b"<head")):
        return "HTML"
    if start.startswith(b"<"):
        return _("a text with markup")
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"AVI ", b"WAVE"):
        return data[8:12].decode().strip()
    if data[4:8] == b"ftyp":
        return {b"qt  ": "MOV", b"heic": "HEIC", b"avif": "AVIF"}.get(data[8:12], "")
    return next((label for magic, label in _REFUSED if data.startswith(magic)), "")


def extension_of(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""
