"""How a request says who it is and is closed, and how a body is opened, for both interfaces.

The safe one: JSON, gzip, AES-128-ECB with the 16-character key as it is, raw bytes. The plain one: a form in the open, signed
with MD5 over the time.
"""

import gzip
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from messaging.gateway import lenient, times
from messaging.gateway.crypto import aes_ecb_decrypt, aes_ecb_encrypt, aes_ecb_open_blocks, md5_hex
from messaging.gateway.outcomes import UnreadableBody
from messaging.gateway.types import AccountConfig

GZIP_MAGIC = b"\x1f\x8b"
GZIP_HEAD = GZIP_MAGIC + b"\x08"  # the one method that there is
GZIP_LEVEL = 6
LARGEST = 8 * 1024 * 1024  # of an opened body; a few kilobytes of gzip can hold gigabytes
FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\xff]")
_PADDING = "".join(map(chr, range(33)))


# --- requests -----------------------------------------------------------------------------------------------------


def sealed(account: AccountConfig, fields: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body for the safe interface, with a fresh time: the vendor refuses a request that is older than it says."""
    compress = bool(account.settings.get("gzip", True))
    valid = int(account.settings.get("valid_seconds") or 60)
    timed = {**fields, "requestTime": times.milliseconds(), "requestValidPeriod": valid}
    headers = {"appId": account.credentials["app_id"], "encode": "UTF-8"}
    if compress:
        headers["gzip"] = "on"
    return headers, seal(account.credentials["secret_key"], timed, compress)


def form(account: AccountConfig, fields: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body for the plain interface and for retrieveReport."""
    app_id, moment = account.credentials["app_id"], times.compact(datetime.now(UTC))
    sign = md5_hex(app_id + account.credentials["secret_key"] + moment)
    signed = {"appId": app_id, "timestamp": moment, "sign": sign, **fields}
    return {"Content-Type": FORM_TYPE}, urlencode(signed).encode()


def seal(secret_key: str, data: Any, compress: bool) -> bytes:
    """`data` as the body of a request."""
    plain = orjson.dumps(data)
    if compress:
        plain = gzip.compress(plain, GZIP_LEVEL, mtime=0)
    return aes_ecb_encrypt(secret_key.encode(), plain)


# --- answers and pushes -------------------------------------------------------------------------------------------


def unseal(secret_key: str, body: bytes) -> Any:
    """The JSON in an answer or a push. Whether it is compressed shows by its first bytes. What stands behind the value is
    ignored, since not every client of this protocol strips its padding. Raises UnreadableBody."""
    if not body or len(body) % 16:
        raise UnreadableBody("The body is not made of whole cipher blocks")
    plain = aes_ecb_open_blocks(secret_key.encode(), body)
    return read_json(_gunzip(plain) if plain.startswith(GZIP_MAGIC) else plain)


def is_sealed(secret_key: str, body: bytes) -> bool:
    """Whether this key sealed the body: it opens to the last byte, and begins as everything here does. The cipher has no
    signature, so no more can be known, and nothing is unpacked for it."""
    try:
        plain = aes_ecb_decrypt(secret_key.encode(), body)
    except UnreadableBody:
        return False
    head = plain[:16].lstrip()
    return plain.startswith(GZIP_HEAD) or (head[:1] in (b"[", b"{") and not _CONTROL.search(head))


def read_json(plain: bytes) -> Any:
    """The first JSON value; control characters behind it are padding. Raises UnreadableBody."""
    try:
        text = lenient.text_of(plain).strip()
        value, end = lenient.first_json(text)  # not orjson: ids given as numbers have more than 64 bits
    except (ValueError, RecursionError) as error:
        raise UnreadableBody("The body is not JSON, or not sealed with the account's key") from error
    if text[end:].strip(_PADDING):
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
