"""What the vendor does with an accepted request: ledger, receipts, replies, clicks, templates. All of it in world.store."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from messaging.sandbox.base import Acceptance, World
from messaging.vendors.emay.sandbox.rules import Asked, Message
from messaging.vendors.emay.sandbox.wire import CHINA, Refused, push

Credentials = Mapping[str, str]
Row = dict[str, Any]
# setting -> what it makes of each Nth number
TURNS = (
    ("unknown_every", "XA:0417", "运营商返回未知"),
    ("timeout_every", "TIMEOUT", "运营商状态报告超时"),
    ("black_every", "FAIL_BLACK_LIST", "黑名单失败"),
    ("unsubscribe_every", "FAIL_UNSUBSCRIBE", "用户退订"),
    ("fail_every", "FAIL_RESPONSE", "运营商响应失败"),
)


def take(asked: Asked, messages: list[Message], operation: str) -> list[Row]:
    """Accept a request whole, or refuse it for want of balance. The answer's rows."""
    world, now, credentials = asked.world, asked.now, asked.who
    if word := world.settings.get("answer"):
        raise Refused(str(word))
    left = balance(world) - len(messages)
    if left < 0:
        raise Refused("ERROR_BALANCE")
    world.store["balance"] = left
    answers, reports, seen = [], [], set[str]()
    for message in messages:
        sms_id = f"{now.astimezone(CHINA):%Y%m%d}{world.next_id():012d}"
        world.accept(Acceptance("emay", message.phone, sms_id, message.custom or "", operation, message.content))
        world.store.setdefault("codes", {})[message.phone] = message.code
        answers.append({"mobile": message.phone, "smsId": sms_id, "customSmsId": message.custom})
        reports.append(_report(world, message, sms_id, now, repeated=message.phone in seen))
        seen.add(message.phone)
    _later(world, reports, messages, now, credentials)
    for message in messages:
        _by_chance(world, message, operation, now, credentials)
    return answers


def balance(world: World) -> int:
    return int(world.store.setdefault("balance", int(world.settings.get("balance") or 100000)))


def reply(world: World, phone: str, content: str, now: datetime, credentials: Credentials) -> None:
    row = {
        "mobile": phone,
        "content": content,
        "moTime": _dashed(now),
        "extendedCode": world.store.get("codes", {}).get(phone),
    }
    world.store.setdefault("reply", []).append((now, row))
    _push(world, "reply", [row], 0.0, credentials)


def click(world: World, phone: str, now: datetime, credentials: Credentials) -> None:
    row = {
        "mobile": phone,
        "accessTime": _dashed(now),
        "equipment": "Windows 10",
        "browser": "Chrome",
        "longLink": world.store.get("links", {}).get(phone, "https://emay.cn"),
        "accessAddress": f"http://y.m.cn:7080/{world.next_id():010d}",
        "userAgent": "Mozilla/5.0",
        "appId": credentials["app_id"],
    }
    world.store.setdefault("click", []).append((now, row))


def poll(world: World, kind: str, number: int, now: datetime) -> list[Row]:
    """At most `number` due rows; they are gone then."""
    waiting: list[tuple[datetime, Row]] = world.store.setdefault(kind, [])
    taken = [place for place, (at, _row) in enumerate(waiting) if at <= now][:number]
    gone = set(taken)
    rows = [waiting[place][1] for place in taken]
    world.store[kind] = [entry for place, entry in enumerate(waiting) if place not in gone]
    if world.settings.get("duplicate"):
        rows = [row for row in rows for _again in range(2)]
    return rows[::-1] if world.settings.get("reorder") else rows


def retrieve(asked: Asked, start: datetime, end: datetime, ids: set[str]) -> None:
    """Reports of what was handed over in the window, once more by poll and push."""
    store = asked.world.store
    given = [row for at, row in store.setdefault("history", []) if start <= at.replace(microsecond=0) <= end]
    rows = [row for row in given if not ids or row["smsId"] in ids]
    store.setdefault("receipt", []).extend((asked.now, row) for row in rows)
    _push(asked.world, "receipt", rows, 0.0, asked.who)


def create_template(world: World, text: str) -> str:
    template_id = f"{15538850000 + world.next_id()}"
    status = "1" if world.settings.get("auto_approve", True) else "0"
    world.store.setdefault("templates", {})[template_id] = {"text": text, "status": status}
    return template_id


def template_text(world: World, template_id: str) -> str:
    """The text of an approved template. Raises Refused."""
    template = world.store.setdefault("templates", {}).get(template_id)
    if template is None or template["status"] != "1":
        raise Refused("ERROR_PARAMS")
    return str(template["text"])


def _report(world: World, message: Message, sms_id: str, now: datetime, *, repeated: bool) -> Row:
    state, desc = ("FAIL_MOBILE_REPEAT", "手机号重复") if repeated else _state(world)
    return {
        "mobile": message.phone,
        "smsId": sms_id,
        "customSmsId": message.custom,
        "state": state,
        "desc": desc,
        "receiveTime": _dashed(now + timedelta(seconds=_delay(world))),
        "submitTime": _dashed(now),
        "extendedCode": message.code,
    }


def _state(world: World) -> tuple[str, str]:
    turn = world.store["turn"] = world.store.get("turn", 0) + 1
    for name, state, desc in TURNS:
        every = int(world.settings.get(name) or 0)
        if every and turn % every == 0:
            return state, desc
    return "DELIVRD", "成功"


def _later(world: World, reports: list[Row], messages: list[Message], now: datetime, credentials: Credentials) -> None:
    """Reports come when the message goes out, by poll and by push alike."""
    world.store.setdefault("history", []).extend((now, row) for row in reports)
    if not world.settings.get("auto_receipt", True):
        return
    waits: dict[float, list[Row]] = {}
    for message, row in zip(messages, reports, strict=True):
        wait = _delay(world) + (max(0.0, (message.at - now).total_seconds()) if message.at else 0.0)
        world.store.setdefault("receipt", []).append((now + timedelta(seconds=wait), row))
        waits.setdefault(wait, []).append(row)
    for wait, rows in waits.items():
        _push(world, "receipt", rows, wait, credentials)


def _by_chance(world: World, message: Message, operation: str, now: datetime, credentials: Credentials) -> None:
    count = world.store["count"] = world.store.get("count", 0) + 1
    if (every := int(world.settings.get("reply_every") or 0)) and count % every == 0:
        reply(world, message.phone, "R", now, credentials)
    every = int(world.settings.get("click_every") or 0)
    if operation == "sendShortLinkSMS" and every and count % every == 0:
        click(world, message.phone, now, credentials)


def _push(world: World, kind: str, rows: list[Row], after: float, credentials: Credentials) -> None:
    mode = str(world.settings.get("pushes") or "sealed")
    if mode != "none" and rows:
        world.push(push(kind, rows, mode, credentials, after))


def _delay(world: World) -> float:
    return float(world.settings.get("delay") or 0)


def _dashed(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
