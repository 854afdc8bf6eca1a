"""How the safe interface wraps a body: JSON, gzip, AES-128-ECB with the 16-character key as it is, raw bytes."""

import gzip
import json
import zlib
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from messaging.gateway.errors import UnreadableBody
from messaging.gateway.signing import aes_ecb_encrypt

GZIP_MAGIC = b"\x1f\x8b"
GZIP_LEVEL = 6
LARGEST = 64 * 1024 * 1024  # of an opened body; a few kilobytes of gzip can hold gigabytes


def seal(secret_key: str, data: Any, compress: bool) -> bytes:
    """`data` as the body of a request."""
    plain = orjson.dumps(data)
    if compress:
        plain = gzip.compress(plain, GZIP_LEVEL, mtime=0)
    return aes_ecb_encrypt(secret_key.encode(), plain)


def unseal(secret_key: str, body: bytes) -> Any:
    """The JSON in an answer or a push. Whether it is compressed shows by its first bytes. What stands behind the value is
    ignored, since not every client of this protocol strips its padding. Raises UnreadableBody."""
    if not body or len(body) % 16:
        raise UnreadableBody("The body is not made of whole cipher blocks")
    decryptor = Cipher(algorithms.AES(secret_key.encode()), modes.ECB()).decryptor()  # noqa: S305 - the vendor's
    plain = decryptor.update(body) + decryptor.finalize()
    return read_json(_gunzip(plain) if plain.startswith(GZIP_MAGIC) else plain)


def read_json(plain: bytes) -> Any:
    """The first JSON value; control characters behind it are padding. Raises UnreadableBody."""
    try:
        text = plain.decode("utf-8").strip()
        value, end = json.JSONDecoder().raw_decode(text)  # not orjson: ids given as numbers have more than 64 bits
    except (ValueError, RecursionError) as error:
        raise UnreadableBody("The body is not JSON, or not sealed with the account's key") from error
    if text[end:].strip("".join(map(chr, range(33)))):
        raise UnreadableBody("Something stands behind the JSON")
    return value


def _gunzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(packed, LARGEST)
    except zlib.error as error:
        raise UnreadableBody("The body is not whole gzip") from error
    if not unpacker.eof:
        raise UnreadableBody("The body is cut short or too large")
    return plain
