"""The five operations of the plain interface, and retrieveReport: forms in, JSON or a bare word out."""

import re
from datetime import datetime, timedelta
from typing import Any

from messaging.vendors.emay.sandbox import desk, rules
from messaging.vendors.emay.sandbox.rules import Asked, Message
from messaging.vendors.emay.sandbox.safe import Operation, balance, poll
from messaging.vendors.emay.sandbox.wire import Refused, read_compact

Fields = dict[str, str]
COMMON = ("timerTime", "customSmsId", "extendedCode")
LONGEST_WINDOW = timedelta(minutes=10)
OLDEST = timedelta(days=30)
MOST_IDS = 1000


def send(asked: Asked) -> Any:
    rules.known_keys(asked.body, ("mobiles", "content", *COMMON))
    phones = rules.many([phone for phone in asked.body.get("mobiles", "").split(",") if phone])
    content = rules.content(asked.body.get("content"), asked.world)
    messages = [_message(phone, content, asked.body, asked.now) for phone in phones]
    return desk.take(asked, messages, "simple sendSMS")


def personal(asked: Asked) -> Any:
    """Every field that is not one of the common ones is a number with its text."""
    own = {name: text for name, text in asked.body.items() if name not in COMMON}
    phones = rules.many(list(own))
    messages = [_message(phone, rules.content(own[phone], asked.world), asked.body, asked.now) for phone in phones]
    return desk.take(asked, messages, "simple sendPersonalitySMS")


def retrieve(asked: Asked) -> None:
    if not asked.world.settings.get("retrieve", True):
        raise Refused("ERROR_NO_RETRIEVE_SERVICE")
    rules.known_keys(asked.body, ("startTime", "endTime", "smsId"))
    start, end = (read_compact(asked.body.get(name, ""), "ERROR_REPORT_TIME") for name in ("startTime", "endTime"))
    if not asked.now - OLDEST <= start < end <= asked.now or end - start > LONGEST_WINDOW:
        raise Refused("ERROR_REPORT_TIME")
    ids = [sms_id for sms_id in asked.body.get("smsId", "").split(",") if sms_id]
    if len(ids) > MOST_IDS:
        raise Refused("ERROR_TOO_MUCH_SMSIDS")
    desk.retrieve(asked, start, end, set(ids))


def _message(phone: str, content: str, fields: Fields, now: datetime) -> Message:
    if not re.fullmatch(r"[0-9]+", phone):
        raise Refused("ERROR_MOBILE_ERROR")
    at = rules.timer(fields, now, compact=True)
    return Message(rules.phone(phone), content, rules.custom_id(fields), rules.code(fields), at)


OPERATIONS: dict[str, Operation] = {
    "sendSMS": send,
    "sendPersonalitySMS": personal,
    "getReport": poll("receipt"),
    "getMo": poll("reply"),
    "getBalance": balance,
}
