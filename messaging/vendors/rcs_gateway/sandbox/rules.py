"""What the document demands of each body (§2–§7, §11), for the sandbox alone."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from messaging.sandbox.base import World

MOST_NUMBERS = 1000
VALID_DAYS = 7
SIGNATURES = frozenset({"示例商城", "测试"})
MEDIA_TYPES = frozenset(
    {
        "image/jpeg",
        "image/gif",
        "image/png",
        "image/jpg",
        "video/mp4",
        "video/flv",
        "audio/mp3",
        "audio/aac",
    }
)
SMS, MMS, AIM = 1, 2, 4
FALLBACK_FIELDS = {SMS: "toSms", MMS: "toMms", AIM: "toAim"}
SHORT_LINK = "${阅信短链}"

_PHONE = re.compile(r"1\d{10}", re.ASCII)
_VARIABLE = re.compile(r"\$\{[^${}]+\}")
_SIGN = re.compile(r"【([^【】]+)】")


class Refusal(Exception):
    """An answer with a status of §12 other than 0."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def fields_of(body: Any, required: Mapping[str, type], optional: Mapping[str, type]) -> dict[str, Any]:
    """An object with these keys and no others, each of its type."""
    if not isinstance(body, dict):
        raise Refusal(4, "参数错误：应为 JSON 对象")
    for name in required:
        if name not in body:
            raise Refusal(4, f"参数错误：缺少 {name}")
    for name, value in body.items():
        kind = required.get(name) or optional.get(name)
        if kind is None:
            raise Refusal(4, f"参数错误：不认识的参数 {name}")
        # In Python a bool is an int; in this document it is not.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Refusal(4, f"参数错误：{name} 的类型不对")
        if name in required and kind in (str, list) and not value:
            raise Refusal(4, f"参数错误：{name} 为空")
    return body


def numbers(joined: str) -> list[str]:
    """Comma-separated numbers; equal ones count once."""
    phones = joined.split(",")
    check_numbers(phones)
    return list(dict.fromkeys(phones))


def check_numbers(phones: list[str]) -> None:
    if not phones:
        raise Refusal(4, "参数错误：没有号码")
    if len(phones) > MOST_NUMBERS:
        raise Refusal(4, f"参数错误：一次最多 {MOST_NUMBERS} 个")
    wrong = [phone for phone in phones if not _PHONE.fullmatch(phone)]
    if wrong:
        raise Refusal(4, f"参数错误：号码格式不对，共 {len(wrong)} 个")


def check_signature(content: str) -> None:
    found = _SIGN.match(content) or next((m for m in _SIGN.finditer(content) if m.end() == len(content)), None)
    if not found or found[1] not in SIGNATURES:
        raise Refusal(4, "参数错误：内容必须带账户支持的签名")


def check_call_type(value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise Refusal(4, "参数错误：callType")


def check_cards(rcs: Any) -> None:
    """§4.2.1"""
    fields = fields_of(rcs, {"parts": list}, {"floatButtons": list})
    card = {"title": str, "mediaType": str, "fileUrl": str, "content": str}
    for part in fields["parts"]:
        found = fields_of(part, card, {"buttons": list})
        _check_media(found)
        _check_buttons(found.get("buttons", []))
    _check_buttons(fields.get("floatButtons", []))


def _check_buttons(buttons: list[Any]) -> None:
    for button in buttons:
        found = fields_of(button, {"name": str, "eventType": int, "value": str}, {})
        if found["eventType"] not in (1, 2, 3):
            raise Refusal(4, "参数错误：eventType 应为 1、2、3")


def check_mms(mms: Any) -> None:
    """§4.2.2"""
    fields = fields_of(mms, {"title": str, "parts": list}, {})
    for part in fields["parts"]:
        found = fields_of(part, {}, {"mediaType": str, "fileUrl": str, "content": str})
        if not found.get("fileUrl") and not found.get("content"):
            raise Refusal(4, "参数错误：fileUrl 与 content 至少一个")
        if found.get("fileUrl"):
            _check_media(found)


def _check_media(fields: Mapping[str, Any]) -> None:
    if fields.get("mediaType") not in MEDIA_TYPES:
        raise Refusal(4, "参数错误：mediaType 不支持")


def texts(value: Any) -> Iterator[str]:
    """Every text in a template part that can hold a variable."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("mediaType", "fileUrl"):
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def usable(world: World, fields: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], int]:
    """The approved template and the fallback of this send, which must be among the template's (§6.2)."""
    template = world.store.get("templates", {}).get(fields["templateId"])
    if template is None or template["approved_at"] is None:
        raise Refusal(5, "模板状态不可用")
    if not template["renews"] and now - template["approved_at"] > timedelta(days=VALID_DAYS):
        raise Refusal(5, "模板状态不可用：已过有效期")
    call_type = fields.get("callType", 0)
    if call_type < 0 or call_type & ~template["call_type"]:
        raise Refusal(4, "参数错误：callType 不在模板的回落类型内")
    return template, call_type


def variables(template: Mapping[str, Any], call_type: int) -> set[str]:
    """The names that each number must bring; the short link belongs to AIM, so it counts only where AIM is chosen."""
    found = set(_VARIABLE.findall(template["main"]))
    for text in template["parts"].values():
        found.update(_VARIABLE.findall(text))
    return found if call_type & AIM else found - {SHORT_LINK}


def filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[0], match[0]), text)
