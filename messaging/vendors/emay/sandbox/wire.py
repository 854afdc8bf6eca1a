"""Opening requests and wrapping answers: AES, gzip, forms, MD5. Its own code, not the adapter's."""

import gzip
import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from messaging.sandbox.base import Push, SandboxReply, SandboxRequest

CHINA = ZoneInfo("Asia/Shanghai")
TIME_SLACK = timedelta(minutes=10)


class Refused(Exception):
    """A request that breaks a rule; `code` is the document's word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def key_of(secret: str) -> bytes:
    """Clients pad a shorter key with blanks to 16."""
    return secret.encode().ljust(16)[:16]


def open_safe(request: SandboxRequest, app_id: str, secret: str) -> dict[str, Any]:
    """Checks appId, decrypts, unpacks, parses, and checks the time. Raises Refused."""
    if request.headers.get("appid") != app_id:
        raise Refused("ERROR_APPID")
    plain = _decrypt(secret, request.body)
    if request.headers.get("gzip", "").lower() == "on":
        plain = _gunzip(plain)
    try:
        body = json.loads(plain.decode(request.headers.get("encode") or "UTF-8"))
    except (ValueError, LookupError):
        raise Refused("ERROR_PARAMS") from None
    if not isinstance(body, dict):
        raise Refused("ERROR_PARAMS")
    _check_time(body, request.now)
    return body


def seal_answer(request: SandboxRequest, secret: str, data: Any) -> SandboxReply:
    """The answer is packed only if the request was. The header's name is in small letters: clients look for just that."""
    raw = json.dumps(data, ensure_ascii=False).encode()
    if request.headers.get("gzip", "").lower() == "on":
        raw = gzip.compress(raw, mtime=0)
    return SandboxReply(encrypt(secret, raw), headers={"result": "SUCCESS"})


def refuse_safe(code: str) -> SandboxReply:
    return SandboxReply(b"", headers={"result": code})


def open_plain(request: SandboxRequest, app_id: str, secret: str) -> dict[str, str]:
    """Fields of the body and of the address together: clients use either. Raises Refused."""
    try:
        pairs = parse_qsl(request.query, True) + parse_qsl(request.body.decode("utf-8"), True)
    except UnicodeDecodeError:
        raise Refused("ERROR_PARAMS") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("ERROR_PARAMS")
    moment, sign = fields.pop("timestamp", ""), fields.pop("sign", "")
    if fields.pop("appId", "") != app_id:
        raise Refused("ERROR_APPID")
    if abs(request.now - read_compact(moment, "ERROR_TIMESTAMP")) > TIME_SLACK:
        raise Refused("ERROR_TIMESTAMP")
    wanted = hashlib.md5((app_id + secret + moment).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(sign.lower().encode(), wanted.encode()):
        raise Refused("ERROR_SIGN")
    return fields


def answer_plain(code: str, data: Any = None) -> SandboxReply:
    body = {"code": code} if data is None else {"code": code, "data": data}
    raw = json.dumps(body, ensure_ascii=False).encode()
    return SandboxReply(raw, headers={"Content-Type": "application/json;charset=UTF-8"})


def push(kind: str, rows: list[dict[str, Any]], mode: str, credentials: Mapping[str, str], after: float) -> Push:
    """A push of receipts or replies, sealed or as a form."""
    headers = {"appId": credentials["app_id"]}
    raw = json.dumps(rows, ensure_ascii=False)
    if mode == "plain":
        body = urlencode({"reports" if kind == "receipt" else "mos": raw}).encode()
        form = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        return Push(kind, body, {**headers, **form}, after)
    return Push(kind, encrypt(credentials["secret_key"], gzip.compress(raw.encode(), mtime=0)), headers, after)


def encrypt(secret: str, plain: bytes) -> bytes:
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key_of(secret)), modes.ECB()).encryptor()  # noqa: S305 - the document's
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def read_compact(text: str, code: str) -> datetime:
    """yyyyMMddHHmmss. Raises Refused with the code."""
    if not re.fullmatch(r"[0-9]{14}", text):
        raise Refused(code)
    return _read_time(text, "%Y%m%d%H%M%S", code)


def read_dashed(text: Any, code: str) -> datetime:
    """yyyy-MM-dd HH:mm:ss. Raises Refused with the code."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2} [0-9]{2}(:[0-9]{2}){2}", text):
        raise Refused(code)
    return _read_time(text, "%Y-%m-%d %H:%M:%S", code)


def _read_time(text: str, form: str, code: str) -> datetime:
    try:
        return datetime.strptime(text, form).replace(tzinfo=CHINA)
    except ValueError:
        raise Refused(code) from None


def _decrypt(secret: str, body: bytes) -> bytes:
    if not body or len(body) % 16:
        raise Refused("ERROR_ENCRYPTION")
    decryptor = Cipher(algorithms.AES(key_of(secret)), modes.ECB()).decryptor()  # noqa: S305 - the document's
    unpadder = padding.PKCS7(128).unpadder()
    try:
        return unpadder.update(decryptor.update(body) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise Refused("ERROR_ENCRYPTION") from None


def _gunzip(packed: bytes) -> bytes:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        raise Refused("ERROR_PARAMS") from None


def _check_time(body: dict[str, Any], now: datetime) -> None:
    """requestTime + requestValidPeriod must lie ahead. Real clients also send the time as text, with a fraction, or in
    seconds."""
    try:
        made, valid = float(body.pop("requestTime")), float(body.pop("requestValidPeriod"))
    except (KeyError, TypeError, ValueError):
        raise Refused("ERROR_PARAMS") from None
    seconds = made / 1000 if made > 1e11 else made
    if valid <= 0 or seconds + valid <= now.timestamp():
        raise Refused("ERROR_REQUEST_NO_VALID")
