"""x-sign, x-request-id and the headers of every request (document 003; recipe from public clients)."""

import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from messaging.gateway.signing import sm3_hex
from messaging.gateway.types import AccountConfig

CONTENT_TYPE = "application/json;charset=UTF-8"


def new_request_id() -> str:
    """13 digits of milliseconds and 6 random ones. Older than five minutes is answered with 507, so each request has a
    fresh one."""
    return f"{time.time_ns() // 1_000_000:013d}{secrets.randbelow(1_000_000):06d}"


def encode(text: str, style: str) -> str:
    """URL encoding as Java's URLEncoder ("java") or JavaScript's encodeURIComponent ("js") does it."""
    if style == "js":
        return quote(text, safe="-_.!~*'()")
    return quote_plus(text, safe="*-._").replace("~", "%7E")


def signature(
    credentials: Mapping[str, str],
    body: Mapping[str, str],
    request_id: str,
    *,
    style: str = "java",
    with_type: bool = True,
) -> str:
    """SM3 over code, key, secret, the sorted body as one encoded string, and the request id: 64 small hex digits. A
    request without parameters signs the empty string in the body's place."""
    pairs = sorted((name, value) for name, value in body.items() if with_type or name != "type")
    line = "&".join(f"{name}={value}" for name, value in pairs)
    account = credentials["sp_code"] + credentials["app_key"] + credentials["app_secret"]
    return sm3_hex(account + encode(line, style) + request_id)


def headers(account: AccountConfig, body: Mapping[str, str]) -> dict[str, str]:
    """The five headers, with a request id of this moment."""
    settings, request_id = account.settings, new_request_id()
    sign = signature(
        account.credentials,
        body,
        request_id,
        style=str(settings.get("sign_encoding") or "java"),
        with_type=bool(settings.get("sign_type", True)),
    )
    return {
        "Content-Type": CONTENT_TYPE,
        "x-sp-code": account.credentials["sp_code"],
        "x-app-key": account.credentials["app_key"],
        "x-request-id": request_id,
        "x-sign": sign.upper() if settings.get("sign_upper") else sign,
    }
