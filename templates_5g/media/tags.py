"""Tags that players and recorders write before, behind and between the frames of MP3 and AAC: titles, names, places, pictures.

Sources: ID3v2.2 to 2.4 (id3.org), ID3v1 with its extended form, APEv2, Lyrics3 1.00 and 2.00. A tag that claims more than there
is ends with the file."""


def leading(data: bytes, at: int = 0) -> int:
    """Bytes of the tag that begins here, 0 where none does."""
    room, name = len(data) - at, data[at : at + 8]
    if name.startswith(b"ID3") and room >= 10:
        footer = 10 if data[at + 5] & 0x10 else 0
        return min(10 + _seven_bits(data[at + 6 : at + 10]) + footer, room)
    if name.startswith(b"APETAGEX") and room >= 32:
        return min(32 + int.from_bytes(data[at + 12 : at + 16], "little"), room)
    if name.startswith(b"TAG+"):
        return min(227, room)
    if name.startswith(b"TAG"):
        return min(128, room)
    return 0


def start(data: bytes) -> int:
    """Where the sound begins, behind all tags."""
    at = 0
    while tag := leading(data, at):
        at += tag
    return at


def trailing(data: bytes, end: int) -> int:
    """Bytes of the tag that ends here, 0 where none does."""
    if end >= 128 and data.startswith(b"TAG", end - 128):
        return 128
    if end >= 227 and data.startswith(b"TAG+", end - 227):
        return 227
    if end >= 32 and data.startswith(b"APETAGEX", end - 32):
        has_head = bool(data[end - 9] & 0x80)
        return min(int.from_bytes(data[end - 20 : end - 16], "little") + 32 * has_head, end)
    if end >= 20 and data.startswith(b"3DI", end - 10):
        return min(20 + _seven_bits(data[end - 4 : end]), end)
    return _lyrics(data, end)


def _lyrics(data: bytes, end: int) -> int:
    word = data[max(end - 9, 0) : end]
    if word == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
        return min(int(data[end - 15 : end - 9]) + 15, end)
    begin = data.rfind(b"LYRICSBEGIN", max(end - 5200, 0), end) if word == b"LYRICSEND" else -1
    return end - begin if begin >= 0 else 0


def _seven_bits(size: bytes) -> int:
    """Four bytes of seven bits each."""
    length = 0
    for byte in size:
        length = length << 7 | (byte & 0x7F)
    return length
