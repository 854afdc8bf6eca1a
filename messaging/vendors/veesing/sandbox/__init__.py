"""A sandbox of document 002: create, audit, send, receipts and balance, refusing whatever the document does not allow.

It also serves what real clients do: parameters in the query or in the body, the balance by GET and at the address of
the document's own sample. World.settings it reads:

    auto_approve (True), auto_receipt (True), delay (seconds, 0)
    fail_every, unknown_every, silent_every   every n-th number fails, has an unknown word, has no receipt
    partial                                   of each send, so many of the last numbers are not taken
    audit_sends ("approve" or "refuse")       each send is audited too, by its own task id
    balance (1000000), locked, ip_refused, unknown_reason
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from messaging.sandbox.base import Acceptance, Push, SandboxReply, SandboxRequest, World
from messaging.vendors.veesing.sandbox.frames import BadFrames, check_frames

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHONE = re.compile(r"1[3-9]\d{9}")
TIME = "%Y-%m-%d %H:%M:%S"
FORM = "application/x-www-form-urlencoded"

WRONG_ACCOUNT = "账号或密码错误"
MISSING = "缺少参数"
WRONG = "参数错误"
LOCKED = "您的账户已被锁定,请联系您的专属客服"
UNKNOWN = "未知原因,请联系客服"
ADDRESS = "IP受限"
NO_BALANCE = "余额不足"


class Refusal(Exception):
    """The word that the vendor would say; `args[0]`."""


class Sandbox:
    code = "veesing"
    credentials: Mapping[str, str] = {"app_id": "2RYN7CQHL1MSANDB", "app_key": "WVNA4A0SANDBOXKEY"}

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply:
        operations = {
            "/mmsApi/create": (self._create, ("POST",)),
            "/mmsApi/send": (self._send, ("POST",)),
            "/mmsApi/getBalance": (self._balance, ("POST", "GET")),
            "/mmsApi/group/getBalance": (self._balance, ("POST", "GET")),
        }
        if request.path not in operations:
            return SandboxReply(b"not found", 404)
        operation, methods = operations[request.path]
        if request.method not in methods:
            return SandboxReply(b"method not allowed", 405)
        try:
            return _reply(operation(self._values(request, world), request, world))
        except Refusal as refusal:
            return _reply({"returnStatus": "0", "message": refusal.args[0]})

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        """Decide an audit by the id of a create or of a send. Raises LookupError for an unknown one."""
        if template_id in _store(world, "messages"):
            _store(world, "messages")[template_id] = "approved" if approved else "refused"
        elif template_id not in _store(world, "sends"):
            raise LookupError(template_id)
        status = "1" if approved else "0"
        _push(world, "review", {"taskId": template_id, "returnStatus": status, "message": message})

    def reply(self, world: World, phone: str, content: str) -> None:
        raise LookupError("the document has no replies")

    # --- operations ---------------------------------------------------------------------------------------------

    def _create(self, values: Mapping[str, str], request: SandboxRequest, world: World) -> Mapping[str, Any]:
        _expect(values, ("title", "content"))
        try:
            check_frames(values["content"])
        except BadFrames as bad:
            raise Refusal(WRONG) from bad
        template_id = str(50 + world.next_id())
        _store(world, "messages")[template_id] = "waiting"
        if world.settings.get("auto_approve", True):
            self.approve(world, template_id, True, "审核通过")
        return {"taskId": template_id}

    def _send(self, values: Mapping[str, str], request: SandboxRequest, world: World) -> Mapping[str, Any]:
        _expect(values, ("mmsId", "phone"), ("sendTime",))
        if _store(world, "messages").get(values["mmsId"]) != "approved":
            raise Refusal(WRONG)
        phones = values["phone"].split(",")
        if not all(PHONE.fullmatch(phone) for phone in phones):
            raise Refusal(WRONG)
        wait = _wait(values.get("sendTime", ""), request.now)
        taken = list(dict.fromkeys(phones))
        taken = taken[: max(len(taken) - int(world.settings.get("partial", 0)), 0)]
        left = self._left(world) - len(taken)
        if left < 0:
            raise Refusal(NO_BALANCE)
        world.store["spent"] = world.store.get("spent", 0) + len(taken)
        task_id = self._accepted(taken, values["mmsId"], world)
        self._answer_later(task_id, taken, request.now + wait, wait.total_seconds(), world)
        return {"taskId": task_id, "remainPoint": str(left), "successCounts": str(len(taken))}

    def _balance(self, values: Mapping[str, str], request: SandboxRequest, world: World) -> Mapping[str, Any]:
        _expect(values, ())
        return {"remainPoint": str(self._left(world))}

    # --- pieces -------------------------------------------------------------------------------------------------

    def _values(self, request: SandboxRequest, world: World) -> Mapping[str, str]:
        """The parameters, after everything that stands above the operation: form, account, address."""
        if request.body and request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
            raise Refusal(WRONG)
        try:
            pairs = parse_qsl(request.query, True, True) + parse_qsl(request.body.decode(), True, True)
        except ValueError as error:
            raise Refusal(WRONG if request.body else MISSING) from error
        values = dict(pairs)
        if len(values) != len(pairs):
            raise Refusal(WRONG)
        if not values.get("appId") or not values.get("appKey"):
            raise Refusal(MISSING)
        if (values["appId"], values["appKey"]) != (self.credentials["app_id"], self.credentials["app_key"]):
            raise Refusal(WRONG_ACCOUNT)
        for setting, word in (("locked", LOCKED), ("ip_refused", ADDRESS), ("unknown_reason", UNKNOWN)):
            if world.settings.get(setting):
                raise Refusal(word)
        return values

    @staticmethod
    def _left(world: World) -> int:
        return int(world.settings.get("balance", 1_000_000)) - int(world.store.get("spent", 0))

    def _accepted(self, phones: list[str], mms_id: str, world: World) -> str:
        task_id = str(3313745 + world.next_id())
        _store(world, "sends")[task_id] = mms_id
        for phone in phones:
            world.accept(Acceptance(self.code, phone, task_id, operation="send", content=mms_id))
        return task_id

    def _answer_later(self, task_id: str, phones: list[str], at: datetime, wait: float, world: World) -> None:
        audit = world.settings.get("audit_sends")
        if audit:
            self.approve(world, task_id, audit == "approve", "审核通过" if audit == "approve" else "内容不合规")
        if audit == "refuse" or not world.settings.get("auto_receipt", True):
            return
        time = at.astimezone(SHANGHAI).strftime(TIME)
        for phone in phones:
            status = _receipt_word(world)
            if status:
                values = {"mobile": phone, "taskid": task_id, "status": status, "receivetime": time}
                _push(world, "receipt", values, wait)


def _receipt_word(world: World) -> str:
    """1, or as the settings ask for the n-th receipt: 0, a word that nobody knows, or none at all."""
    count = world.store["receipts"] = world.store.get("receipts", 0) + 1
    for setting, word in (("silent_every", ""), ("unknown_every", "7"), ("fail_every", "0")):
        every = int(world.settings.get(setting, 0))
        if every and count % every == 0:
            return word
    return "1"


def _expect(values: Mapping[str, str], needed: tuple[str, ...], allowed: tuple[str, ...] = ()) -> None:
    if any(not values.get(name) for name in needed):
        raise Refusal(MISSING)
    if values.keys() - {"appId", "appKey", *needed, *allowed}:
        raise Refusal(WRONG)


def _wait(send_time: str, now: datetime) -> timedelta:
    """How long until `sendTime`; empty means now, a time that has passed is refused."""
    if not send_time:
        return timedelta()
    try:
        wait = datetime.strptime(send_time, TIME).replace(tzinfo=SHANGHAI) - now
    except ValueError as error:
        raise Refusal(WRONG) from error
    if wait <= timedelta() or len(send_time) != 19:
        raise Refusal(WRONG)
    return wait


def _store(world: World, name: str) -> dict[str, str]:
    found: dict[str, str] = world.store.setdefault(name, {})
    return found


def _push(world: World, kind: str, values: Mapping[str, str], wait: float = 0.0) -> None:
    headers = {"Content-Type": f"{FORM};charset=utf-8"}
    after = wait + float(world.settings.get("delay", 0))
    world.push(Push(kind, urlencode(values).encode(), headers, after))


def _reply(values: Mapping[str, Any]) -> SandboxReply:
    """The five keys of every answer; success has the blank of the document's samples."""
    answer = {
        "returnStatus": "1 ",
        "message": "成功",
        "remainPoint": None,
        "taskId": None,
        "successCounts": None,
        **values,
    }
    return SandboxReply(json.dumps(answer, ensure_ascii=False).encode(), headers={"Content-Type": "application/json"})


SANDBOX = Sandbox
