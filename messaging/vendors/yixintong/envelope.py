"""How a request is signed (document 003; the recipe is from public clients) and an answer opened."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from messaging.gateway import lenient, times
from messaging.gateway.crypto import sm3_hex
from messaging.gateway.outcomes import UnreadableBody
from messaging.gateway.types import AccountConfig

CONTENT_TYPE = "application/json;charset=UTF-8"


def headers(account: AccountConfig, fields: Mapping[str, str]) -> dict[str, str]:
    """The five headers of a request with these fields, and a request id of this moment."""
    settings, request_id = account.settings, new_request_id()
    sign = signature(
        account.credentials,
        fields,
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


def signature(
    credentials: Mapping[str, str],
    fields: Mapping[str, str],
    request_id: str,
    *,
    style: str = "java",
    with_type: bool = True,
) -> str:
    """SM3 over code, key, secret, the sorted fields as one encoded string, and the request id: 64 small hex digits. A
    request without fields signs the empty string in their place."""
    pairs = sorted((name, value) for name, value in fields.items() if with_type or name != "type")
    line = "&".join(f"{name}={value}" for name, value in pairs)
    account = credentials["sp_code"] + credentials["app_key"] + credentials["app_secret"]
    return sm3_hex(account + encode(line, style) + request_id)


def encode(text: str, style: str) -> str:
    """URL encoding as Java's URLEncoder ("java") or JavaScript's encodeURIComponent ("js") does it."""
    if style == "js":
        return quote(text, safe="-_.!~*'()")
    return quote_plus(text, safe="*-._").replace("~", "%7E")


def new_request_id() -> str:
    """13 digits of milliseconds and 6 random ones. Older than five minutes is answered with 507, so each request has a
    fresh one."""
    return f"{times.milliseconds():013d}{secrets.randbelow(1_000_000):06d}"


def opened(body: bytes) -> lenient.Row:
    """The answer's object, which has a code. Raises UnreadableBody."""
    answer = lenient.json_object(body)
    if not lenient.word(answer.get("code")):
        raise UnreadableBody("The answer has no code")
    return answer
