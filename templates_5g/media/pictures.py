"""Pictures: opened within limits, cut after their last byte, made into thumbnails, cropped and compressed."""

import io
import struct
from collections.abc import Iterator

from PIL import Image, ImageOps, UnidentifiedImageError

from templates_5g.media.file_types import GIF, JPEG, PNG, FileType

# A few kilobytes can unfold into gigabytes of pixels; a phone shows at most 900×792.
MOST_PIXELS = 25_000_000
MOST_SIDE = 10_000
THUMBNAIL_BYTES = 10 * 1024
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/bmp": "BMP"}


class DamagedPicture(Exception):
    """The bytes begin like a picture and are none that can be drawn to the end."""


class HugePicture(Exception):
    """More pixels than any message needs; args are width and height."""


def opened(data: bytes, kind: FileType) -> Image.Image:
    """The first frame, decoded whole. Raises DamagedPicture or HugePicture, the latter before any pixel is unfolded."""
    try:
        picture = Image.open(io.BytesIO(data), formats=[_FORMATS[kind.mime]])
        width, height = picture.size
        if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
            raise HugePicture(width, height)
        picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise HugePicture(0, 0) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, IndexError, TypeError, EOFError) as error:
        raise DamagedPicture(str(error)) from error
    return picture


def without_tail(data: bytes, kind: FileType) -> bytes:
    """The file up to its own end mark: what hangs behind it (an archive, a page) is not part of the picture."""
    ends = {JPEG: _jpeg_end, PNG: _png_end, GIF: _gif_end}
    end = ends[kind](data) if kind in ends else None
    return data[:end] if end else data


def _jpeg_end(data: bytes) -> int | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        at += 2 if marker == 0xFF or 0xD0 <= marker <= 0xD7 else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            at = _after_scan(data, at)
    return at + 2 if data[at : at + 2] == b"\xff\xd9" else None


def _after_scan(data: bytes, at: int) -> int:
    """The next marker after compressed data, where FF00 and restart marks are no markers."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def _png_end(data: bytes) -> int | None:
    at = 8
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return at
    return None


def _gif_end(data: bytes) -> int | None:
    at = 13 + _gif_table(data[10:11])
    while at < len(data):
        if data[at] == 0x3B:
            return at + 1
        if data[at] == 0x21:
            at += 2
        elif data[at] == 0x2C:
            at += 11 + _gif_table(data[at + 9 : at + 10])
        else:
            return None
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return None


def _gif_table(flags: bytes) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def upright(picture: Image.Image) -> Image.Image:
    """Turned as the camera was held, in plain colours on white: what a JPEG can hold."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "P", "PA"):
        clear = turned.convert("RGBA")
        turned = Image.new("RGBA", clear.size, "white")
        turned.alpha_composite(clear)
    return turned.convert("RGB")


def turned_upright(data: bytes, kind: FileType, picture: Image.Image) -> bytes:
    """The file's bytes where it says nothing of how the camera was held, else the picture turned so and written anew in its own
    format: what says it goes with the rest of the metadata."""
    turn = _TURNS.get(_orientation(picture))
    if turn is None:
        return data
    turned, most = picture.transpose(turn), len(data) * 5 // 4
    for quality in (92, 85, 75, 60):
        out = io.BytesIO()
        turned.save(out, _FORMATS[kind.mime], quality=quality, icc_profile=picture.info.get("icc_profile"))
        if kind is not JPEG or out.tell() <= most:
            break
    return out.getvalue()


def _orientation(picture: Image.Image) -> int:
    """EXIF's number, 1 (upright) to 8. A head that cannot be read turns nothing."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, OverflowError, ArithmeticError, struct.error):
        return 1
    return value if isinstance(value, int) else 1


def thumbnail(picture: Image.Image, most: int = THUMBNAIL_BYTES) -> bytes:
    """A JPEG of at most `most` bytes, as large and as good as fits."""
    small = upright(picture)
    small.thumbnail((320, 320))
    return _within(small, most)


def compressed(picture: Image.Image, most: int) -> bytes:
    """The picture as JPEG within `most` bytes, first by quality, then by size."""
    return _within(upright(picture), most)


def cropped(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Cut from the centre to the proportions of `size`, made smaller to it, never larger."""
    whole = upright(picture)
    share = min(whole.width / size[0], whole.height / size[1], 1.0)
    wanted = (max(1, round(size[0] * share)), max(1, round(size[1] * share)))
    return ImageOps.fit(whole, wanted, Image.Resampling.LANCZOS)


def _within(picture: Image.Image, most: int) -> bytes:
    for attempt in _attempts(picture):
        if len(attempt) <= most:
            return attempt
    raise HugePicture(picture.width, picture.height)


def _attempts(picture: Image.Image) -> Iterator[bytes]:
    """The same picture in ever fewer bytes, down to a few hundred."""
    while True:
        for quality in (88, 78, 66, 52):
            yield as_jpeg(picture, quality)
        if min(picture.size) <= 8:
            return
        picture = picture.resize((max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4)))


def as_jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
