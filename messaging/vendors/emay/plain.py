"""The forms of the plain interface and of retrieveReport: everything in the open, signed with MD5 over the time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from messaging.gateway.errors import Unsupported
from messaging.gateway.signing import md5_hex
from messaging.gateway.types import SendRequest
from messaging.vendors.emay import payloads, times

CONTENT_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
Form = dict[str, str]


def identity(credentials: Mapping[str, str]) -> Form:
    """appId, timestamp and sign of this moment."""
    moment = times.timestamp()
    sign = md5_hex(credentials["app_id"] + credentials["secret_key"] + moment)
    return {"appId": credentials["app_id"], "timestamp": moment, "sign": sign}


def send(request: SendRequest, settings: Mapping[str, Any]) -> tuple[str, Form]:
    """Operation and form of a send. There is one customSmsId for the whole request: our reference. Raises Unsupported for
    what this interface does not have."""
    for option in ("short_link_url", "code_column", "time_column"):
        if request.options.get(option):
            raise Unsupported("The plain interface has no short links and no times or codes for each person")
    each = payloads.texts(request, payloads.base_text(request, settings))
    common = _common(request, settings)
    phones = [recipient.phone for recipient in request.recipients]
    if len(set(each)) > 1:
        return "plain_personal", {**common, **dict(zip(phones, each, strict=True))}
    return "plain_send", {"mobiles": ",".join(phones), "content": each[0] if each else "", **common}


def retrieve(start: datetime, end: datetime) -> Form:
    """retrieveReport: receipts of what was handed over in this window of at most ten minutes. Raises Unsupported."""
    if not start < end or end - start > times.WINDOW:
        raise Unsupported("Receipts are given again for windows of at most ten minutes")
    return {"startTime": times.compact(start), "endTime": times.compact(end)}


def encode(form: Form) -> bytes:
    return urlencode(form).encode()


def _common(request: SendRequest, settings: Mapping[str, Any]) -> Form:
    common: Form = {}
    if send_at := times.checked(request.send_at):
        common["timerTime"] = times.compact(send_at)
    if settings.get("custom_ids", True):
        common["customSmsId"] = request.reference
    if code := request.options.get("extended_code"):
        common["extendedCode"] = str(code)
    return common
