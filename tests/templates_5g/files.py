"""Small real files of each type, made byte by byte or by Pillow."""

import io
import struct
import zlib

from PIL import Image


def picture(kind="PNG", size=(60, 40), noise=False):
    image = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, "#1d4ed8")
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def box(kind, body):
    return struct.pack(">I", 8 + len(body)) + kind + body


def film(brand=b"isom", seconds=7, size=(640, 360), handlers=(b"vide", b"soun")):
    mvhd = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, seconds * 1000) + bytes(80))
    tracks = b""
    for handler in handlers:
        width, height = size if handler == b"vide" else (0, 0)
        tkhd = box(b"tkhd", bytes(76) + struct.pack(">II", width << 16, height << 16))
        tracks += box(b"trak", tkhd + box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(12))))
    return box(b"ftyp", brand + bytes(4) + b"isom") + box(b"moov", mvhd + tracks) + box(b"mdat", b"\0" * 64)


def mp3(frames=100, tag=b""):
    """MPEG 1 layer III, 128 kbit/s, 44100 Hz: 417 bytes and 26.12 ms a frame."""
    head = bytes([0xFF, 0xFB, 0x90, 0x00])
    return tag + (head + bytes(413)) * frames


def id3(length=20):
    return b"ID3\x04\x00\x00" + bytes([0, 0, 0, length]) + b"<html>".ljust(length, b"\0")


def tags(words):
    """By place: every tag that a player may write into a sound, each with these words."""
    size = bytes([0, 0, 0, len(words)])
    two, footed = b"ID3\x04\x00\x00" + size + words, b"ID3\x04\x00\x10" + size + words + b"3DI\x04\x00\x10" + size
    one, more = (b"TAG" + words).ljust(128, b"\0"), (b"TAG+" + words).ljust(227, b"\0")
    length = struct.pack("<II", len(words) + 32, 1)
    ape = b"APETAGEX" + struct.pack("<I", 2000) + length
    headed = ape + struct.pack("<I", 0xA0000000) + bytes(8) + words + ape + struct.pack("<I", 0x80000000) + bytes(8)
    bare = words + ape + struct.pack("<I", 0) + bytes(8)
    lyrics = b"LYRICSBEGIN" + words
    old, new = lyrics + b"LYRICSEND", lyrics + b"%06d" % len(lyrics) + b"LYRICS200"
    return {
        "before": [two, footed, two + footed + headed],
        "between": [two, footed, one, more, headed],
        "behind": [one, more + one, footed, headed, bare, old + one, new + one, headed + new + more + one],
    }


def aac(frames=50):
    """ADTS, 44100 Hz, frames of 100 bytes: 23.2 ms each."""
    length = 100
    head = bytes([0xFF, 0xF1, 0x50, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC])
    return (head + bytes(length - 7)) * frames


def amr(frames=50):
    return b"#!AMR\n" + (bytes([0x3C]) + bytes(31)) * frames


def png_claiming(width, height):
    """A valid PNG head that says it has that many pixels, with a few bytes of data: a bomb."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
