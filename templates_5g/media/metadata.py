"""What a file tells beside what it shows: place, time, camera, names, earlier versions of a picture. Files go to the public and
to phones, so none of it stays. What drawing needs stays: colours, transparency, animation. Hostile files may lie about any size.

Sources: ISO/IEC 10918-1 (JPEG markers), PNG 1.2, GIF89a, ISO/IEC 14496-12 (boxes of MP4 and 3GP); for sound see tags.py."""

from collections.abc import Callable, Iterator

from templates_5g.media import tags
from templates_5g.media.boxes import boxes
from templates_5g.media.file_types import AAC, GIF, JPEG, M4A, MP3, MP4, PNG, THREE_GP, FileType
from templates_5g.media.sounds import aac_frame, mp3_frame

_MOST_BOXES = 2000
_ICC = b"ICC_PROFILE\x00"
# Chunks that change how a PNG is drawn.
_DRAWN = {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"pHYs", b"bKGD", b"acTL", b"fcTL", b"fdAT"}
# Application blocks of a GIF that make it move.
_MOVING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_CONTAINERS = {b"moov", b"trak", b"mdia", b"moof", b"traf"}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}
_TELLING = {b"udta", b"meta", b"uuid"}
_ROOM = {b"free", b"skip"}  # what a program took out may still stand there


def without_metadata(data: bytes, kind: FileType) -> bytes:
    """The file, drawn or played as before. A part that does not fit its own length ends the search: the rest stays as it is."""
    strip = _STRIPPERS.get(kind)
    return strip(data) if strip else data


# --- pictures ------------------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes) -> bytes:
    return b"".join(_jpeg_parts(data))


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    """Start, the segments before the first scan that may stay, and everything from that scan on. Later scans of a progressive
    picture have tables between them, no metadata that readers look at."""
    yield data[:2]
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:  # fill
            at += 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) or end < at + 4:
            break
        if _stays_in_jpeg(data[at + 1], data[at + 4 : end]):
            yield data[at:end]
        at = end
    yield data[at:]


def _stays_in_jpeg(marker: int, body: bytes) -> bool:
    """Of the application's own segments: the plain head, the colour profile, and how Adobe's colours are meant."""
    if marker == 0xE0:
        return body.startswith(b"JFIF\x00") and len(body) <= 14  # longer: with a small picture of its own
    if marker == 0xE2:
        return body.startswith(_ICC)
    if marker == 0xEE:
        return body.startswith(b"Adobe")
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        is_needed = name[:1].isupper() or name in _DRAWN
        if end > len(data) or is_needed:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def _gif(data: bytes) -> bytes:
    head = 13 + _gif_table(data[10:11])
    kept, at = [data[:head]], head
    while at < len(data) and data[at] in (0x21, 0x2C):
        is_block = data[at] == 0x21
        body = at + 2 if is_block else at + 11 + _gif_table(data[at + 9 : at + 10])
        end = _after_gif_blocks(data, body)
        if not is_block or _stays_in_gif(data[at + 1 : body + 12]):
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def _stays_in_gif(block: bytes) -> bool:
    """`block` begins with the label; 0xFE is a comment, 0xFF an application's own."""
    if block[:1] == b"\xff":
        return block[2:13] in _MOVING
    return block[:1] != b"\xfe"


def _after_gif_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _gif_table(flags: bytes) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


# --- films and sound -----------------------------------------------------------------------------------------------------------


def _boxed(data: bytes) -> bytes:
    """Boxes that tell become free room of the same length: the film's own tables say where in the file its pictures begin."""
    out = bytearray(data)
    waiting, seen = [(0, len(data))], 0
    while waiting and seen < _MOST_BOXES:
        for name, begin, stop in boxes(data, *waiting.pop()):
            seen += 1
            if name in _CONTAINERS:
                waiting.append((begin, stop))
            elif name in _TELLING:
                head = data.rfind(name, begin - 16, begin)
                out[head : head + 4] = b"free"
                out[begin:stop] = bytes(stop - begin)
            elif name in _ROOM:
                out[begin:stop] = bytes(stop - begin)
            elif name in _DATED:
                _undate(out, begin, stop)
            if seen >= _MOST_BOXES:
                break
    return bytes(out)


def _framed(data: bytes, frame_at: Callable[[bytes, int], tuple[int, float] | None]) -> bytes:
    """Without the tags before, behind and between the frames; the frames, and what nobody knows, stay byte for byte."""
    end = len(data)
    while tag := tags.trailing(data, end):
        end -= tag
    kept, begin, at = [], 0, 0
    while at < end:
        frame = frame_at(data, at)
        tag = 0 if frame else tags.leading(data, at)
        if tag:
            kept.append(data[begin:at])
            begin = at + tag
        if not frame and not tag:
            break
        at += frame[0] if frame else tag
    return b"".join([*kept, data[begin:end]])


def _mp3(data: bytes) -> bytes:
    return _framed(data, mp3_frame)


def _aac(data: bytes) -> bytes:
    return _framed(data, aac_frame)


def _undate(out: bytearray, begin: int, stop: int) -> None:
    """When it was recorded and changed: behind version and flags, 4 bytes each, in version 1 eight."""
    end = begin + (20 if out[begin : begin + 1] == b"\x01" else 12)
    if end <= stop:
        out[begin + 4 : end] = bytes(end - begin - 4)


_STRIPPERS: dict[FileType, Callable[[bytes], bytes]] = {
    JPEG: _jpeg,
    PNG: _png,
    GIF: _gif,
    MP4: _boxed,
    THREE_GP: _boxed,
    M4A: _boxed,
    MP3: _mp3,
    AAC: _aac,
}
