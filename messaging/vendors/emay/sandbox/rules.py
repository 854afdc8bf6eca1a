"""What the document allows in each field. Every rule raises Refused with the document's word."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from messaging.sandbox.base import World
from messaging.vendors.emay.sandbox.wire import Refused, read_compact, read_dashed

MOST_NUMBERS = 500
AHEAD = timedelta(days=90)
SHORT_LINK = "{#短网址#}"
VARIABLE = re.compile(r"\{#([^{}#]+)#\}|\$\{([^${}]+)\}")


@dataclass(frozen=True)
class Asked:
    """One admitted request: its fields, when it came, where, and the account's credentials."""

    body: dict[str, Any]
    now: datetime
    world: World
    who: Mapping[str, str]


@dataclass(frozen=True)
class Message:
    """One number of an accepted request."""

    phone: str
    content: str
    custom: str | None = None
    code: str | None = None
    at: datetime | None = None


def known_keys(body: Mapping[str, Any], allowed: Collection[str]) -> None:
    if set(body) - set(allowed):
        raise Refused("ERROR_PARAMS")


def text(body: Mapping[str, Any], name: str, *, optional: bool = False) -> str | None:
    """A string; null and "" are an absent value."""
    value = body.get(name)
    if value is None or value == "":
        if optional:
            return None
        raise Refused("ERROR_PARAMS")
    if not isinstance(value, str):
        raise Refused("ERROR_PARAMS")
    return value


def phone(value: Any) -> str:
    if value is None or value == "":
        raise Refused("ERROR_MOBILE_EMPTY")
    if not isinstance(value, str) or not re.fullmatch(r"1[0-9]{10}", value):
        raise Refused("ERROR_MOBILE_ERROR")
    return value


def many(value: Any) -> list[Any]:
    """A list of 1 to 500."""
    if value is None or value == []:
        raise Refused("ERROR_MOBILE_EMPTY")
    if not isinstance(value, list):
        raise Refused("ERROR_PARAMS")
    if len(value) > MOST_NUMBERS:
        raise Refused("ERROR_MOBILE_NUMBER")
    return value


def content(value: Any, world: World) -> str:
    if value is None or value == "":
        raise Refused("ERROR_CONTENT_EMPTY")
    if not isinstance(value, str):
        raise Refused("ERROR_PARAMS")
    if len(value) > int(world.settings.get("longest") or 1000):
        raise Refused("ERROR_LONG_CONTENT")
    return value


def custom_id(body: Mapping[str, Any]) -> str | None:
    value = text(body, "customSmsId", optional=True)
    if value and len(value) > 32:
        raise Refused("ERROR_CUSTOM_SMSID")
    return value


def code(body: Mapping[str, Any]) -> str | None:
    value = body.get("extendedCode")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}", value):
        raise Refused("ERROR_EXTENDED_CODE")
    return value


def timer(body: Mapping[str, Any], now: datetime, *, compact: bool = False) -> datetime | None:
    """Ahead, and at most 90 days."""
    value = body.get("timerTime")
    if value is None or value == "":
        return None
    at = read_compact(str(value), "ERROR_SMS_TIME") if compact else read_dashed(value, "ERROR_SMS_TIME")
    if not now < at <= now + AHEAD:
        raise Refused("ERROR_SMS_TIME")
    return at


def number(value: Any) -> int:
    """How many rows a poll asks for: 1 to 500, which is also the default."""
    if value is None or value == "":
        return MOST_NUMBERS
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,3}", str(value)) or not 1 <= int(value) <= MOST_NUMBERS:
        raise Refused("ERROR_PARAMS")
    return int(value)


def fill(template: str, values: Any) -> str:
    """Every variable of the template and none beside them. Raises Refused."""
    names = {left or right for left, right in VARIABLE.findall(template)}
    strings = isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
    if not strings or set(values) != names:
        raise Refused("ERROR_PARAMS")
    return VARIABLE.sub(lambda match: values[match[1] or match[2]], template)
