"""MP4 and 3GP: length and picture size read from the boxes. Hostile files may lie about any size: every step is bounded."""

from collections.abc import Iterator

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf"}
_MOST_BOXES = 2000


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, begin of body, end of body) of each box between start and end; stops at the first that does not fit."""
    while start + 8 <= end:
        size, kind, head = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        yield kind, start + head, start + size
        start += size


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, body) of every box that matters, depth first."""
    waiting = [(0, len(data))]
    for _step in range(_MOST_BOXES):
        if not waiting:
            return
        start, end = waiting.pop()
        for number, (kind, begin, stop) in enumerate(boxes(data, start, end)):
            if number > _MOST_BOXES:
                return
            if kind in _CONTAINERS:
                waiting.append((begin, stop))
            elif kind in (b"mvhd", b"tkhd", b"hdlr"):
                yield kind, data[begin : min(stop, begin + 128)]


def box_family(data: bytes) -> str:
    """video if there is a picture track, audio if there is only a sound track, "" if there is neither."""
    handlers = {body[8:12] for kind, body in _walk(data) if kind == b"hdlr"}
    return "video" if b"vide" in handlers else "audio" if b"soun" in handlers else ""


def box_seconds(data: bytes) -> float | None:
    """The length that the movie header declares."""
    for kind, body in _walk(data):
        if kind == b"mvhd" and len(body) >= 32:
            wide = body[0] == 1
            scale = int.from_bytes(body[20:24] if wide else body[12:16], "big")
            length = int.from_bytes(body[24:32] if wide else body[16:20], "big")
            return length / scale if scale and length / scale < 24 * 3600 else None
    return None


def box_dimensions(data: bytes) -> tuple[int, int] | None:
    """Width and height of the largest track."""
    sizes = []
    for kind, body in _walk(data):
        at = 88 if kind == b"tkhd" and body[:1] == b"\x01" else 76
        if kind == b"tkhd" and len(body) >= at + 8:
            width, height = (int.from_bytes(body[at + step : at + step + 4], "big") >> 16 for step in (0, 4))
            sizes.append((width, height))
    return max(sizes, key=lambda size: size[0] * size[1]) if any(all(size) for size in sizes) else None
