"""A strict stand-in for the gateway, written from its document alone (5G 消息 HTTP 接口文档, §1–§12).

It shares no code with the adapter: own sealing, own tables (`sandbox_rules`). What the document forbids or does not
know is refused with its own code: 3 for whoever cannot prove to be the account, 4 for parameters, 5 for a template that
cannot be used. An answer is sealed with the account's key; only an unknown spId gets it unsealed, for want of a key.

`World.settings` that it knows: auto_approve (True), auto_receipt (True), delay (0.2 s), fail_every, unknown_every,
odd_every, fallback_every, reply_every (0 = never, else each Nth accepted number), reorder, duplicate (False), cmcc (True:
SMS and AIM exclude each other), force_status (answer this status to everything), balance (99999.9), price (0.1).
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from messaging.sandbox.base import Acceptance, Push, SandboxReply, SandboxRequest, World
from messaging.vendors.rcs_gateway.sandbox import rules as rules

CHINA = timezone(timedelta(hours=8))
WINDOW = timedelta(minutes=5)
PUSHED_AT_ONCE = 100
SMS, MMS, AIM = rules.SMS, rules.MMS, rules.AIM
FALLBACK_TYPES = {SMS: 5, MMS: 6, AIM: 7}


class Line(NamedTuple):
    """One accepted number of one request."""

    phone: str
    content: str


class Sandbox:
    code: ClassVar[str] = "rcs_gateway"
    credentials: ClassVar[Mapping[str, str]] = {
        "sp_id": "999992",
        "password": "72Afp4FrA",
        "aes_key": "fCvSYdaNVIts5Tu2MzNaHEwlJTMAwxHX",
    }

    def __init__(self) -> None:
        self._operations: dict[str, Callable[[Any, World, datetime], dict[str, Any]]] = {
            "/rcs/send": self._send,
            "/rcs/p2p": self._p2p,
            "/rcs/templateAdd": self._template_add,
            "/rcs/templateTextAdd": self._template_text_add,
            "/rcs/templateSend": self._template_send,
            "/rcs/templateP2P": self._template_p2p,
        }

    # --- the envelope (§1) --------------------------------------------------------------------------------------

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply:
        if request.path != "/rcs/balance" and request.path not in self._operations:
            return SandboxReply(b"not found", 404)
        if request.method != "POST":
            return SandboxReply(b"method not allowed", 405)
        try:
            answer = {"status": 0, "message": "", **self._answer(request, world)}
        except rules.Refusal as refusal:
            answer = {"status": refusal.status, "message": refusal.message}
            if request.headers.get("spid") != self.credentials["sp_id"]:
                return SandboxReply(_compact(answer), headers={"Content-Type": "text/plain; charset=utf-8"})
        return SandboxReply(self._seal(answer), headers={"Content-Type": "text/plain; charset=utf-8"})

    def _answer(self, request: SandboxRequest, world: World) -> dict[str, Any]:
        body = b"".join(request.body.split())
        self._prove(request, body, world)
        forced = world.settings.get("force_status")
        if forced:
            raise rules.Refusal(int(forced), "按设置返回")
        if not request.headers.get("content-type", "").lower().startswith("text/plain"):
            raise rules.Refusal(4, "参数错误：Content-Type 应为 text/plain")
        if request.path == "/rcs/balance":
            return self._balance(body, world)
        return self._operations[request.path](self._open(body), world, request.now)

    def _prove(self, request: SandboxRequest, body: bytes, world: World) -> None:
        """§1.2: who asks, when, and that nothing was changed on the way."""
        sp_id, timestamp = request.headers.get("spid", ""), request.headers.get("timestamp", "")
        if sp_id != self.credentials["sp_id"]:
            raise rules.Refusal(3, "账号校验失败：spId 不存在")
        if not re.fullmatch(r"\d{13}", timestamp, re.ASCII):
            raise rules.Refusal(3, "账号校验失败：timestamp 应为 13 位毫秒")
        expected = self._signature(body, timestamp)
        if not hmac.compare_digest(expected.encode(), request.headers.get("signature", "").lower().encode()):
            raise rules.Refusal(3, "账号校验失败：signature 不符")
        sent_at = datetime.fromtimestamp(int(timestamp) / 1000, UTC)
        if abs(request.now - sent_at) > WINDOW:
            raise rules.Refusal(3, "账号校验失败：请求超过时效")
        seen: dict[tuple[str, str], None] = world.store.setdefault("seen", {})
        if (timestamp, expected) in seen:
            raise rules.Refusal(3, "账号校验失败：重复的请求")
        seen[(timestamp, expected)] = None

    def _signature(self, body: bytes, timestamp: str) -> str:
        return hashlib.sha256(self.credentials["password"].encode() + body + timestamp.encode()).hexdigest()

    def _cipher(self) -> Cipher[modes.ECB]:
        return Cipher(algorithms.AES(self.credentials["aes_key"].encode()), modes.ECB())  # noqa: S305

    def _seal(self, value: Any) -> bytes:
        padder, encryptor = PKCS7(128).padder(), self._cipher().encryptor()
        padded = padder.update(_compact(value)) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize())

    def _open(self, body: bytes) -> Any:
        try:
            decryptor, unpadder = self._cipher().decryptor(), PKCS7(128).unpadder()
            padded = decryptor.update(base64.b64decode(body, validate=True)) + decryptor.finalize()
            return _read(unpadder.update(padded) + unpadder.finalize())
        except (ValueError, RecursionError) as error:
            raise rules.Refusal(4, "参数错误：数据无法解密或不是 JSON") from error

    def _balance(self, body: bytes, world: World) -> dict[str, Any]:
        """§10: no parameters, the signed data is empty."""
        if body:
            raise rules.Refusal(4, "参数错误：余额查询没有请求参数")
        return {"balance": float(_balance(world))}

    # --- free texts (§2, §3) ------------------------------------------------------------------------------------

    def _send(self, body: Any, world: World, now: datetime) -> dict[str, Any]:
        fields = rules.fields_of(body, {"mobile": str, "content": str}, {"callData": str})
        rules.check_signature(fields["content"])
        lines = [Line(phone, fields["content"]) for phone in rules.numbers(fields["mobile"])]
        return self._take(world, now, "send", lines, fields.get("callData", ""), 0)

    def _p2p(self, body: Any, world: World, now: datetime) -> dict[str, Any]:
        fields = rules.fields_of(body, {"mobileContentKvp": dict}, {"callData": str})
        texts = fields["mobileContentKvp"]
        rules.check_numbers(list(texts))
        for text in texts.values():
            if not isinstance(text, str):
                raise rules.Refusal(4, "参数错误：mobileContentKvp 的内容应为文本")
            rules.check_signature(text)
        lines = [Line(phone, text) for phone, text in texts.items()]
        return self._take(world, now, "p2p", lines, fields.get("callData", ""), 0)

    # --- templates (§4, §11) ------------------------------------------------------------------------------------

    def _template_add(self, body: Any, world: World, now: datetime) -> dict[str, Any]:
        optional = {"autoRenew": bool, "toSms": str, "toMms": dict, "toAim": str}
        required = {"templateName": str, "sign": str, "callType": int, "rcs": dict}
        fields = rules.fields_of(body, required, optional)
        rules.check_call_type(fields["callType"], 15)
        if world.settings.get("cmcc", True) and fields["callType"] & SMS and fields["callType"] & AIM:
            raise rules.Refusal(4, "参数错误：移动的回落短信与阅信只能二选一")
        rules.check_cards(fields["rcs"])
        if "toMms" in fields:
            rules.check_mms(fields["toMms"])
        return self._keep_template(world, now, fields)

    def _template_text_add(self, body: Any, world: World, now: datetime) -> dict[str, Any]:
        required = {"templateName": str, "sign": str, "callType": int, "rcs": dict}
        fields = rules.fields_of(body, required, {"autoRenew": bool, "toSms": str})
        rules.check_call_type(fields["callType"], SMS)
        # The table names the key `Text`, the examples write `text`.
        rules.fields_of(fields["rcs"], {"Text" if "Text" in fields["rcs"] else "text": str}, {})
        return self._keep_template(world, now, fields)

    def _keep_template(self, world: World, now: datetime, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["sign"] not in rules.SIGNATURES:
            raise rules.Refusal(4, f"参数错误：账户不支持签名 {fields['sign']}")
        for bit, name in rules.FALLBACK_FIELDS.items():
            if fields["callType"] & bit and not fields.get(name):
                raise rules.Refusal(4, f"参数错误：callType 含 {bit}，缺少 {name}")
        template_id = world.next_id()
        world.store.setdefault("templates", {})[template_id] = {
            "call_type": fields["callType"],
            "main": " ".join(rules.texts(fields["rcs"])),
            "parts": {bit: " ".join(rules.texts(fields.get(name))) for bit, name in rules.FALLBACK_FIELDS.items()},
            "renews": fields.get("autoRenew", False),
            "approved_at": None,
        }
        if world.settings.get("auto_approve", True):
            self._decide(world, template_id, True, "审核成功", now)
        return {"templateId": template_id}

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        """Raises KeyError for a template that was never created."""
        self._decide(world, int(template_id), approved, message, datetime.now(UTC))

    def _decide(self, world: World, template_id: int, approved: bool, message: str, now: datetime) -> None:
        world.store.get("templates", {})[template_id]["approved_at"] = now if approved else None
        decision = {"templateId": template_id, "status": 1 if approved else 2, "message": message}
        self._push(world, "review", decision, now)

    # --- sends of templates (§6, §7) ----------------------------------------------------------------------------

    def _template_send(self, body: Any, world: World, now: datetime) -> dict[str, Any]:
        required, optional = {"templateId": int, "mobile": str}, {"callData": str, "callType": int, "aimUrl": str}
        fields = rules.fields_of(body, required, optional)
        phones = rules.numbers(fields["mobile"])
        template, call_type = rules.usable(world, fields, now)
        if call_type & AIM and not fields.get("aimUrl"):
            raise rules.Refusal(4, "参数错误：回落阅信必须带 aimUrl")
        if rules.variables(template, call_type) - {rules.SHORT_LINK}:
            raise rules.Refusal(4, "参数错误：变量模板应使用变量模板发送接口")
        lines = [Line(phone, template["main"]) for phone in phones]
        return self._take(world, now, "templateSend", lines, fields.get("callData", ""), call_type)

    def _template_p2p(self, body: Any, world: World, now: datetime) -> dict[str, Any]:
        required, optional = {"templateId": int, "mobileContentList": dict}, {"callData": str, "callType": int}
        fields = rules.fields_of(body, required, optional)
        people = fields["mobileContentList"]
        rules.check_numbers(list(people))
        template, call_type = rules.usable(world, fields, now)
        names = rules.variables(template, call_type)
        for values in people.values():
            if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
                raise rules.Refusal(4, "参数错误：变量应为文本")
            if values.keys() != names:
                raise rules.Refusal(4, "参数错误：变量名与模板不一致")
        lines = [Line(phone, rules.filled(template["main"], values)) for phone, values in people.items()]
        return self._take(world, now, "templateP2P", lines, fields.get("callData", ""), call_type)

    # --- acceptance and what follows (§8, §9) -------------------------------------------------------------------

    def _take(
        self, world: World, now: datetime, operation: str, lines: list[Line], call_data: str, call_type: int
    ) -> dict[str, Any]:
        task_id = str(world.next_id())
        receipts, replies = [], []
        newest = world.store.setdefault("newest", {})
        first = world.store.get("accepted", 0) + 1
        world.store["accepted"] = first + len(lines) - 1
        for nth, (phone, content) in enumerate(lines, first):
            world.accept(Acceptance(self.code, phone, task_id, call_data, operation, content))
            newest[phone] = (task_id, call_data)
            receipts.append(_receipt(world, nth, phone, task_id, call_data, call_type, now))
            if _every(world, "reply_every", nth):
                replies.append(_uplink(phone, task_id, call_data, "R", now))
        world.store["spent"] = world.store.get("spent", Decimal(0)) + _price(world) * len(lines)
        if world.settings.get("auto_receipt", True):
            self._push_in_arrays(world, "receipt", receipts, now)
        self._push_in_arrays(world, "reply", replies, now)
        return {"taskId": task_id}

    def reply(self, world: World, phone: str, content: str) -> None:
        """To a phone that was sent nothing there is no task; then nothing is pushed."""
        known = world.store.get("newest", {}).get(phone)
        if known:
            now = datetime.now(UTC)
            task_id, call_data = known
            self._push(world, "reply", [_uplink(phone, task_id, call_data, content, now)], now)

    def acknowledged(self, _kind: str, status: int, body: bytes) -> bool:
        """Whether a push was answered as §5.3, §8.3 and §9.3 ask: `{"result": 0}`, sealed."""
        try:
            answer = self._open(b"".join(body.split()))
        except rules.Refusal:
            return False
        return status == 200 and isinstance(answer, dict) and answer.get("result") == 0

    def _push_in_arrays(self, world: World, kind: str, items: list[Any], now: datetime) -> None:
        items = items[::-1] if world.settings.get("reorder") else items
        for start in range(0, len(items), PUSHED_AT_ONCE):
            self._push(world, kind, items[start : start + PUSHED_AT_ONCE], now)

    def _push(self, world: World, kind: str, value: Any, now: datetime) -> None:
        body, timestamp = self._seal(value), str(int(now.timestamp() * 1000))
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "spId": self.credentials["sp_id"],
            "timestamp": timestamp,
            "signature": self._signature(body, timestamp),
        }
        for _time in range(2 if world.settings.get("duplicate") else 1):
            world.push(Push(kind, body, headers, float(world.settings.get("delay", 0.2))))


# --- receipts and replies ------------------------------------------------------------------------------------------


def _every(world: World, name: str, nth: int) -> bool:
    every = int(world.settings.get(name) or 0)
    return every > 0 and nth % every == 0


def _receipt(
    world: World, nth: int, phone: str, task_id: str, call_data: str, call_type: int, now: datetime
) -> dict[str, Any]:
    """§8.2, one element."""
    receipt: dict[str, Any] = {"taskId": task_id, "mobile": phone}
    if _every(world, "odd_every", nth):
        receipt["mobile"] = None
    outcome: dict[str, Any] = {"status": "DELIVRD", "message": "5g消息成功", "type": 4}
    if _every(world, "fail_every", nth):
        outcome = {"status": "UNDELIV", "message": "发送失败"}
    elif _every(world, "unknown_every", nth):
        outcome = {"status": "XA:9999", "message": "未知状态"}
    elif call_type and _every(world, "fallback_every", nth):
        outcome = {"status": "DELIVRD", "message": "回落成功", "type": _first_fallback(call_type)}
    receipt.update(outcome, reportTime=_local(now))
    return {**receipt, "callData": call_data} if call_data else receipt


def _first_fallback(call_type: int) -> int:
    return next((kind for bit, kind in FALLBACK_TYPES.items() if call_type & bit), 4)


def _uplink(phone: str, task_id: str, call_data: str, content: str, now: datetime) -> dict[str, Any]:
    """§9.2, one element."""
    reply = {"taskId": task_id, "mobile": phone, "content": content, "deliverTime": _local(now)}
    return {**reply, "callData": call_data} if call_data else reply


def _local(now: datetime) -> str:
    return now.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _price(world: World) -> Decimal:
    return Decimal(str(world.settings.get("price", "0.1")))


def _balance(world: World) -> Decimal:
    start = Decimal(str(world.settings.get("balance", "99999.9")))
    return start - Decimal(world.store.get("spent", 0))


def _read(plain: bytes) -> Any:
    """JSON; the document's own examples are indented with U+00A0, which JSON does not know."""
    text = plain.decode()
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(text.replace("\u00a0", " "))


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


SANDBOX = Sandbox
