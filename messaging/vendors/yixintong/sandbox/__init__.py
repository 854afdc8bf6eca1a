"""Yixintong's side of the wire, written from its document: strict, with the document's own codes.

World.settings that are read: auto_receipt (True), delay (seconds), fail_every, unknown_every, reply_every (0 = never),
duplicate and reorder (of polled rows), balance (messages left; none = no end), templates (id -> text with ${name}, ""
allows any text), answer_code (answered to every send instead of taking it).
"""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes

from messaging.sandbox.base import Acceptance, SandboxReply, SandboxRequest, World

CHINA = ZoneInfo("Asia/Shanghai")
WORDS = {
    0: "OK",
    1: "提交参数校验错误",
    2: "账号无效或权限不足",
    3: "账号密码错误",
    9: "接受号码过多，最大1000",
    13: "您的[普通短信业务]剩余数量发送不足，暂不能发送该类信息",
    14: "流水号格式不正确",
    15: "流水号重复",
    28: "发送内容与模板不符",
    35: "签名认证失败",
    38: "无数据",
    39: "发送类型异常",
    505: "缺少参数",
    507: "超过五分钟的请求不处理",
}
HEADERS = ("content-type", "x-sp-code", "x-app-key", "x-request-id", "x-sign")
SEND_KEYS = ("type", "userNumber", "templateId", "messageContent", "serialNumber")
FIVE_MINUTES = timedelta(minutes=5)
PAGE = 500


class _Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Sandbox:
    code: ClassVar[str] = "yixintong"
    credentials: ClassVar[Mapping[str, str]] = {
        "sp_code": "100001",
        "app_key": "sandbox-user",
        "app_secret": "sandbox-secret-8d1f",
    }

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply:
        desks = {
            "/api/sms/send": self._send,
            "/info/sms/report": self._report,
            "/info/sms/reply/query": self._replies,
            "/info/sms/reply/confirm": self._confirm,
        }
        if request.path not in desks:
            return SandboxReply(b"", 404)
        if request.method != "POST":
            return SandboxReply(b"", 405)
        try:
            body = _read(request)
            self._admit(request, body)
            return _answer(0, desks[request.path](body, request.now, world))
        except _Refused as refused:
            return _answer(refused.code)

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        """There is no audit over HTTP: this is the vendor's clerk giving out a template id for the text `message`."""
        templates = _templates(world)
        if approved:
            templates[template_id] = message
        else:
            templates.pop(template_id, None)

    def reply(self, world: World, phone: str, content: str) -> None:
        _keep_reply(world, phone, content, datetime.now(UTC))

    # --- who is it ------------------------------------------------------------------------------------------------

    def _admit(self, request: SandboxRequest, body: Mapping[str, str]) -> None:
        headers = request.headers
        if any(not headers.get(name) for name in HEADERS):
            raise _Refused(505)
        if "".join(headers["content-type"].lower().split()) != "application/json;charset=utf-8":
            raise _Refused(1)
        if headers["x-sp-code"] != self.credentials["sp_code"]:
            raise _Refused(2)
        if headers["x-app-key"] != self.credentials["app_key"]:
            raise _Refused(3)
        self._admit_time(headers["x-request-id"], request.now)
        if not any(hmac.compare_digest(headers["x-sign"].lower(), sign) for sign in self._signs(body, headers)):
            raise _Refused(35)

    @staticmethod
    def _admit_time(request_id: str, now: datetime) -> None:
        if not re.fullmatch(r"[0-9]{19}", request_id):
            raise _Refused(1)
        made = datetime.fromtimestamp(int(request_id[:13]) / 1000, UTC)
        if abs(now - made) > FIVE_MINUTES:
            raise _Refused(507)

    def _signs(self, body: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
        """The document shows no recipe; public clients differ in the encoding and in whether `type` takes part."""
        account = "".join(self.credentials[name] for name in ("sp_code", "app_key", "app_secret"))
        signs = []
        for left_out in ((), ("type",)):
            line = "&".join(f"{name}={body[name]}" for name in sorted(body) if name not in left_out)
            java = quote_plus(line, safe="*-._").replace("~", "%7E")
            signs += [
                _sm3(account + coded + headers["x-request-id"]) for coded in (java, quote(line, safe="-_.!~*'()"))
            ]
        return signs

    # --- the four operations --------------------------------------------------------------------------------------

    def _send(self, body: dict[str, str], now: datetime, world: World) -> dict[str, Any]:
        if any(not body.get(name) for name in SEND_KEYS):
            raise _Refused(505)
        if set(body) - set(SEND_KEYS):
            raise _Refused(1)
        if body["type"] != "1":
            raise _Refused(39)
        phones = _phones(body["userNumber"])
        self._check_serial(body["serialNumber"], world)
        _check_text(body, world)
        if code := world.settings.get("answer_code"):
            raise _Refused(int(code))
        return self._take(body, phones, now, world)

    @staticmethod
    def _check_serial(serial: str, world: World) -> None:
        if not re.fullmatch(r"[0-9]{20}", serial):
            raise _Refused(14)
        if serial in world.store.setdefault("serials", set()):
            raise _Refused(15)

    @staticmethod
    def _take(body: Mapping[str, str], phones: list[str], now: datetime, world: World) -> dict[str, Any]:
        left = world.settings.get("balance")
        if left is not None:
            if int(left) < len(phones):
                raise _Refused(13)
            world.settings["balance"] = int(left) - len(phones)
        serial, task_id = body["serialNumber"], f"1000{world.next_id():07d}"
        world.store["serials"].add(serial)
        for phone in phones:
            world.accept(Acceptance("yixintong", phone, task_id, serial, "send", body["messageContent"]))
            _report_later(world, serial, phone, now)
        return {"taskId": task_id}

    def _report(self, body: dict[str, str], now: datetime, world: World) -> list[dict[str, Any]]:
        """Reading takes the rows away: there is no confirm."""
        _no_parameters(body)
        waiting: list[tuple[datetime, dict[str, Any]]] = world.store.setdefault("receipts", [])
        taken = [number for number, (at, _row) in enumerate(waiting) if at <= now][:PAGE]
        if not taken:
            raise _Refused(38)
        rows = [waiting[number][1] for number in taken]
        gone = set(taken)
        world.store["receipts"] = [entry for number, entry in enumerate(waiting) if number not in gone]
        if world.settings.get("duplicate"):
            rows = [row for row in rows for _again in range(2)]
        return rows[::-1] if world.settings.get("reorder") else rows

    def _replies(self, body: dict[str, str], now: datetime, world: World) -> dict[str, Any]:
        """The same rows again and again until they are confirmed."""
        _no_parameters(body)
        rows: list[dict[str, Any]] = world.store.setdefault("replies", [])[:PAGE]
        if not rows:
            raise _Refused(38)
        return {
            "apiSmsReplyBoList": [{key: row[key] for key in row if key != "id"} for row in rows],
            "maxId": str(rows[-1]["id"]),
        }

    def _confirm(self, body: dict[str, str], now: datetime, world: World) -> None:
        if not body.get("maxId"):
            raise _Refused(505)
        if set(body) != {"maxId"} or not re.fullmatch(r"[0-9]{1,18}", body["maxId"]):
            raise _Refused(1)
        rows = world.store.setdefault("replies", [])
        world.store["replies"] = [row for row in rows if row["id"] > int(body["maxId"])]


def _read(request: SandboxRequest) -> dict[str, str]:
    """A JSON object of strings; the operations without parameters may send nothing at all."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise _Refused(1) from None
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise _Refused(1)
    return body


def _answer(code: int, data: Any = None) -> SandboxReply:
    body: dict[str, Any] = {"code": code, "msg": WORDS.get(code, "发送失败，请联系管理员"), "ok": code == 0}
    if data is not None:
        body["data"] = data
    raw = json.dumps(body, ensure_ascii=False).encode()
    return SandboxReply(raw, headers={"Content-Type": "application/json;charset=UTF-8"})


def _no_parameters(body: Mapping[str, str]) -> None:
    if body:
        raise _Refused(1)


def _phones(text: str) -> list[str]:
    phones = text.split(",")
    if len(phones) > 1000:
        raise _Refused(9)
    if not all(re.fullmatch(r"1[0-9]{10}", phone) for phone in phones) or len(set(phones)) != len(phones):
        raise _Refused(1)
    return phones


def _templates(world: World) -> dict[str, str]:
    templates: dict[str, str] = world.store.setdefault("templates", dict(world.settings.get("templates", {"T1": ""})))
    return templates


def _check_text(body: Mapping[str, str], world: World) -> None:
    """The text must be the template's with something in the place of each ${name}."""
    text = _templates(world).get(body["templateId"])
    if text is None:
        raise _Refused(28)
    pieces = [re.escape(piece) for piece in re.split(r"\$\{[^${}]+\}", text)]
    if text and not re.fullmatch("(.*?)".join(pieces), body["messageContent"], re.DOTALL):
        raise _Refused(28)


def _report_later(world: World, serial: str, phone: str, now: datetime) -> None:
    settings = world.settings
    number = world.store["accepted"] = world.store.get("accepted", 0) + 1

    def turn(name: str) -> bool:
        every = int(settings.get(name) or 0)
        return bool(every) and number % every == 0

    result: Any = "EX:0001" if turn("unknown_every") else int(turn("fail_every"))
    due = now + timedelta(seconds=float(settings.get("delay") or 0))
    if settings.get("auto_receipt", True):
        row = {"serialNumber": serial, "userNumber": phone, "result": result}
        world.store.setdefault("receipts", []).append((due, row))
    if turn("reply_every"):
        _keep_reply(world, phone, "R", now)


def _keep_reply(world: World, phone: str, content: str, now: datetime) -> None:
    world.store.setdefault("replies", []).append(
        {
            "id": world.next_id(),
            "callMdn": "10690549248469",
            "content": content,
            "replyTime": now.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
            "userNumber": phone,
        }
    )


def _sm3(text: str) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode())
    return digest.finalize().hex()


SANDBOX = Sandbox
