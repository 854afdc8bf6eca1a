"""A sandbox of document 001: it edits templates that it knows, and refuses whatever the document does not allow.

The document gives the code 0 alone; refusals use the codes of the same vendor's SMS template interface. Nothing is
pushed: the document has no push. World.settings it reads:

    media, parts, templates   more ids that the vendor has approved (lists)
    digest_recipe             another recipe than md5(md5(password) + date)
    add_template              True serves the inferred address for adding, too
    clock_window              seconds that Date may be off (300)
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from messaging.sandbox.base import SandboxReply, SandboxRequest, World
from messaging.vendors.hanwg.sandbox.message import BadMessage, check_message

EDIT = re.compile(r"/rcs/template/editTemplate/([^/]+)")
ADD = re.compile(r"/rcs/template/addTemplate/([^/]+)")
KEYS = {"templateId", "templateName", "label", "draft", "fallbackType", "fallbackContent", "message"}
BY_ID = (2, 4)


class Refusal(Exception):
    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Sandbox:
    """Knows the document's own chatbot, templates, media and fallback parts."""

    code = "hanwg"
    credentials: Mapping[str, str] = {"account": "dh18528", "password": "sandbox-password"}
    chatbot = "a92e43085a0049ba8928b61fa04eeee"
    templates = (
        "f80eae8532f44250be6bbd9e7998792a",
        "be1e36d0dcf7408486e9f2aa3ca4514a",
        "0c51ff3132eb460694e917b38a234c0a",
        "8133d5bb124341019367e0bdc77484ae",
        "636d38d8349a48d8a898dcd61d9946ba",
        "03d905759f9247d78f325926346ee612",
    )
    media = (
        "9e3f0bb74ea24100a1aad260aa65db31",
        "1038b2ec9cc941a98e5f8c4d691457f6",
        "material_001",
        "material_002",
        "material_000001",
    )
    parts = (
        "975e96f1cad84f739e855e9027754ae4",
        "14aad893e72d425aba81b380102fb7f5",
        "d738580ee47b4ef88c90b947b5eecad7",
    )

    def handle(self, request: SandboxRequest, world: World) -> SandboxReply:
        found = EDIT.fullmatch(request.path)
        adding = ADD.fullmatch(request.path) if world.settings.get("add_template") else None
        if not found and not adding:
            return _reply({"code": 404, "desc": "no such address"}, 404)
        if request.method != "POST":
            return _reply({"code": 405, "desc": "POST only"}, 405)
        try:
            self._authorise(request, world)
            body = _json(request)
            chatbot = (found or adding)[1]  # type: ignore[index]
            if chatbot != self.chatbot:
                raise Refusal(99, "chatbotId")
            template_id = self._save(body, world, bool(adding))
        except Refusal as refusal:
            return _reply({"code": refusal.code, "desc": refusal.description})
        return _reply({"code": 0, "desc": "请求成功", **({"result": template_id} if adding else {})})

    def approve(self, world: World, template_id: str, approved: bool, message: str) -> None:
        """The decision is only remembered: the document has no push. Raises LookupError for an unknown template."""
        world.store[template_id] |= {"state": "approved" if approved else "refused", "reason": message}

    def reply(self, world: World, phone: str, content: str) -> None:
        raise LookupError("the document has no sends, so nobody can reply")

    # --- rules --------------------------------------------------------------------------------------------------

    def _authorise(self, request: SandboxRequest, world: World) -> None:
        given, date = request.headers.get("authorization", ""), request.headers.get("date", "")
        if not given:
            raise Refusal(100, "身份认证信息为空")
        if not date:
            raise Refusal(101, "请求时间为空")
        if not self._in_time(date, request.now, float(world.settings.get("clock_window", 300))):
            raise Refusal(102, "请求时间无效")
        account, sign = _credentials_in(given)
        recipe = str(world.settings.get("digest_recipe", "{md5_password}{date}"))
        if account != self.credentials["account"] or not hmac.compare_digest(sign, self._digest(recipe, date)):
            raise Refusal(104, "用户信息校验失败")

    @staticmethod
    def _in_time(date: str, now: datetime, window: float) -> bool:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", date):
            return False
        try:
            at = datetime.strptime(date, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        except ValueError:
            return False
        return abs((now - at).total_seconds()) <= window

    def _digest(self, recipe: str, date: str) -> str:
        password = self.credentials["password"]
        filled = recipe.replace("{date}", date).replace("{account}", self.credentials["account"])
        filled = filled.replace("{md5_password}", _md5(password)).replace("{password}", password)
        return _md5(filled)

    def _save(self, body: Mapping[str, Any], world: World, adding: bool) -> str:
        for key in body:
            if key not in KEYS or (adding and key == "templateId"):
                raise Refusal(99, f"{key}: unknown")
        template_id = f"added{world.next_id()}" if adding else self._known_template(body, world)
        _check_names(body)
        self._check_fallback(body, world)
        try:
            check_message(body.get("message"), {*self.media, *world.settings.get("media", ())})
        except BadMessage as bad:
            raise Refusal(99, str(bad)) from bad
        # The document's default is 1: who leaves it out keeps a draft.
        state = "draft" if body.get("draft", 1) else "waiting"
        if state == "waiting" and world.settings.get("auto_approve"):
            state = "approved"
        world.store[template_id] = {"state": state, "reason": "", "body": dict(body)}
        return template_id

    def _known_template(self, body: Mapping[str, Any], world: World) -> str:
        template_id = body.get("templateId")
        if not isinstance(template_id, str) or not template_id:
            raise Refusal(99, "templateId")
        if template_id not in {*self.templates, *world.settings.get("templates", ()), *world.store}:
            raise Refusal(99, "templateId: unknown template")
        return template_id

    def _check_fallback(self, body: Mapping[str, Any], world: World) -> None:
        kind, content = body.get("fallbackType", 0), body.get("fallbackContent")
        if isinstance(kind, bool) or kind not in (0, 1, 2, 3, 4):
            raise Refusal(99, "fallbackType")
        if kind == 0:
            if content is not None:
                raise Refusal(99, "fallbackContent without a fallback")
            return
        if not isinstance(content, str) or not content:
            raise Refusal(99, "fallbackContent")
        if kind in BY_ID and content not in {*self.parts, *world.settings.get("parts", ())}:
            raise Refusal(99, "fallbackContent: not an approved template")
        if kind not in BY_ID and content.startswith("【"):
            raise Refusal(99, "fallbackContent: signature")
        if kind == 3 and "${dh_rcs_h5_url}" not in content:
            raise Refusal(99, "fallbackContent: ${dh_rcs_h5_url}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _credentials_in(header: str) -> tuple[str, str]:
    """The account and the digest in an Authorization header, which has no scheme in front."""
    try:
        account, _, sign = base64.b64decode(header, validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refusal(103, "authorization无法解析") from error
    if not re.fullmatch(r"[0-9a-f]{32}", sign):
        raise Refusal(103, "authorization无法解析")
    return account, sign


def _json(request: SandboxRequest) -> Mapping[str, Any]:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Refusal(99, "Content-Type")
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise Refusal(99, "消息格式错误") from error
    if not isinstance(body, dict):
        raise Refusal(99, "消息格式错误")
    return body


def _check_names(body: Mapping[str, Any]) -> None:
    """The rule of 17 characters is not kept by any of the document's examples, so it refuses nothing here either."""
    for key in ("templateName", "label"):
        if key in body and (not isinstance(body[key], str) or not body[key]):
            raise Refusal(99, key)
    if isinstance(body.get("draft"), bool) or body.get("draft", 1) not in (0, 1):
        raise Refusal(99, "draft")


def _reply(answer: Mapping[str, Any], status: int = 200) -> SandboxReply:
    body = json.dumps(answer, ensure_ascii=False).encode()
    return SandboxReply(body, status, {"Content-Type": "application/json"})


SANDBOX = Sandbox
