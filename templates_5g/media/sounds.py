"""How long a sound lasts, from its frames: MP3, AAC (ADTS) and AMR."""

from collections.abc import Callable

from templates_5g.media import tags
from templates_5g.media.file_types import AAC, AMR, MP3, FileType

_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MP3_KBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
# Bytes of one 20 ms frame by mode, header byte included.
_AMR_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6)
_AMR_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6)


def sound_seconds(data: bytes, kind: FileType) -> float | None:
    """Seconds to a tenth or so; None if no frame could be read."""
    reader = {MP3: _mp3, AAC: _aac, AMR: _amr}.get(kind)
    return reader(data) if reader else None


def _mp3(data: bytes) -> float | None:
    return _seconds(data, mp3_frame)


def _seconds(data: bytes, frame_at: Callable[[bytes, int], tuple[int, float] | None]) -> float | None:
    at, seconds, frames = tags.start(data), 0.0, 0
    while (frame := frame_at(data, at)) is not None:
        length, lasts = frame
        at, seconds, frames = at + length, seconds + lasts, frames + 1
    return seconds if frames else None


def mp3_frame(data: bytes, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the layer III frame that begins here, None where none does."""
    head = data[at : at + 4]
    if len(head) < 4:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or layer != 1 or version == 1 or rate == 3 or bits in (0, 15):
        return None
    hertz = _MP3_RATES[version][rate]
    samples = 1152 if version == 3 else 576
    kbits = _MP3_KBITS[3 if version == 3 else 2][bits]
    return samples // 8 * kbits * 1000 // hertz + (head[2] >> 1 & 1), samples / hertz


def _aac(data: bytes) -> float | None:
    return _seconds(data, aac_frame)


def aac_frame(data: bytes, at: int) -> tuple[int, float] | None:
    """Bytes and seconds of the ADTS frame that begins here, None where none does."""
    head = data[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_AAC_RATES) or length < 7:
        return None
    return length, 1024 * ((head[6] & 3) + 1) / _AAC_RATES[rate]


def _amr(data: bytes) -> float | None:
    wide = data.startswith(b"#!AMR-WB\n")
    sizes = _AMR_WIDE if wide else _AMR_NARROW
    at, frames = 9 if wide else 6, 0
    while at < len(data):
        mode = data[at] >> 3 & 15
        at += sizes[mode] if mode < len(sizes) else 1
        frames += 1
    return frames * 0.02 if frames else None
