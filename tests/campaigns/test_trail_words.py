"""The audit trail says labels and words: no name of a field, no code, and colleagues by name."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns import roles
from campaigns.api.admin import TokenForm
from campaigns.audiences.admin.audiences import AudienceForm
from campaigns.lifecycle.forms import CampaignForm
from campaigns.models import AuditEvent
from campaigns.reports.admin import trail_words
from campaigns.webhooks.admin import WebhookForm
from kit import audit
from messaging.models import CannedAnswer, KeywordRule, SendingPolicy
from tests.markup import read
from tests.people import signed_in

PACKAGES = ("campaigns", "messaging", "config", "templates_5g")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def line(detail: dict[str, Any], *, action: str = "Changed", target: str = "") -> str:
    return trail_words.in_one_line(AuditEvent(action=action, target_type=target, detail=detail))


@pytest.mark.parametrize(
    ("target", "detail", "words"),
    [
        ("messaging.vendoraccount", {"old_works_days": 7}, "旧地址继续有效的天数：7"),
        ("messaging.vendoraccount", {"outcome": "unknown"}, "结果：不确定"),
        ("messaging.vendoraccount", {"kinds": ["receipt", "click"]}, "种类：回执、点击"),
        (
            "messaging.vendoraccount",
            {"media": {"a.png": "m1", "b.png": ""}, "note": ""},
            "素材：a.png m1、b.png — · 备注：—",
        ),
        ("messaging.vendoraccount", {"secrets_changed": ["Password"]}, "改了的凭据：密码"),
        ("messaging.vendoraccount", {"secrets_changed": []}, "改了的凭据：无"),
        ("messaging.templatereview", {"part": "main", "status": "approved"}, "部分：消息本身 · 状态：已通过"),
        (
            "templates_5g.templateversion",
            {"parts": ["main", "sms"], "renewed": []},
            "部分：消息本身、回落短信 · 其中续期：无",
        ),
        ("templates_5g.messagetemplate", {"purpose": ["marketing", "notice"]}, "用途：营销 → 通知"),
        ("templates_5g.messagetemplate", {"name": ["双十一", "双十二"]}, "名称：双十一 → 双十二"),
        ("templates_5g.messagetemplate", {"name": ["双十一", "双十一"]}, "名称：双十一"),
        ("templates_5g.messagetemplate", {"kind": "text", "version": 1200}, "类别：文本 · 版本：1200"),
        ("templates_5g.mediaasset", {"bytes": 2048}, "大小：2.0\xa0KB"),
        ("messaging.keywordrule", {"action": "suppress", "reply": 1234}, "操作：登记拒收 · 回复编号：1234"),
        ("messaging.keywordrule", {"fields": ["word", "answers_from"]}, "改动：关键词、答复时间从"),
        (
            "campaigns.campaign",
            {"leg": "resend-2", "groups": ["failed", "new"]},
            "轮次：补发 2 · 分组：未送达、名单新增",
        ),
        ("campaigns.campaign", {"people": 45200, "left_out": {"suppressed": 3}}, "人数：45,200 · 排除：在拒收名单 3"),
        (
            "campaigns.campaign",
            {"people": 7, "cost": "0.3150", "approval": 1200},
            "人数：7 · 最多花费：¥0.32 · 审批：1200",
        ),
        (
            "campaigns.campaign",
            {"at_once_instead_of": "2026-03-01T02:00:00+00:00"},
            "立即开始，原定：2026年3月1日 10:00",
        ),
        (
            "campaigns.apitoken",
            {"holder": "王五 (wangwu)", "scopes": ["send"]},
            "持有人：王五 (wangwu) · 权限：发送消息",
        ),
        (
            "campaigns.apitoken",
            {"expires": "2027-03-01 09:30", "per_minute": 60},
            "到期：2027年3月1日 09:30 · 每分钟次数：60",
        ),
        ("campaigns.webhookendpoint", {"events": ["reply.received"], "active": False}, "事件：收到客户回复 · 启用：否"),
        (
            "messaging.sendingpolicy",
            {"marketing_from": "09:00:00", "cap_tests": True},
            "营销开始时间：09:00 · 试发也计入频次并受限：是",
        ),
        ("campaigns.audience", {"consent_on": "2020-03-01"}, "同意日期：2020年3月1日"),
        (
            "auth.user",
            {
                "is_active": {"before": True, "after": False},
                "roles": {"before": [], "after": ["客服"]},
                "fields": ["first_name"],
            },
            "启用：是 → 否 · 角色：无 → 客服 · 改动：名字",
        ),
        (
            "messaging.fencehold",
            {"rule": 4, "host": "a", "file": "9", "database": "7"},
            "原因：主机 a 记录到 9，数据库只到 7：数据库被还原到了较早的状态。",
        ),
        ("messaging.fencehold", {"opt_outs": "waived", "reason": "已补"}, "丢失时段的退订：不导入 · 原因：已补"),
        (
            "messaging.sendingstop",
            {"reason": "演练", "on_host": "manage.py (ops)"},
            "原因：演练 · 在命令行执行的人：manage.py (ops)",
        ),
        (
            "",
            {"by": "account", "since": "2020-03-01", "until": "2020-03-31"},
            "按：服务商账号 · 自：2020年3月1日 · 到：2020年3月31日",
        ),
        ("", {"why": "complaint", "note": "", "full_numbers": True}, "原因：投诉处理 · 备注：— · 完整号码：是"),
    ],
)
def test_details_are_labels_and_words(target: str, detail: dict[str, Any], words: str) -> None:
    assert line(detail, target=target) == words


@pytest.mark.parametrize(
    ("action", "detail", "words"),
    [
        ("account.auto_stopped", {"reason": "balance"}, "原因：账号余额不足。"),
        (
            "dispatch.auto_stopped",
            {"reason": "limit_failed", "detail": "12.5|5"},
            "原因：未送达达到 12.5%（占有结果的人），超过上限 5%。",
        ),
        (
            "campaign.continued",
            {"reason": "limit_failed|12.5|5"},
            "原因：未送达达到 12.5%（占有结果的人），超过上限 5%。",
        ),
        ("sending.stopped", {"reason": "balance"}, "原因：balance"),
    ],
)
def test_a_reason_is_a_code_only_where_the_system_gave_it(action: str, detail: dict[str, Any], words: str) -> None:
    assert line(detail, action=action) == words


def test_a_long_line_says_that_it_goes_on() -> None:
    assert line({"reason": "好" * 400}) == f"原因：{'好' * 296}…"


# --- everything that is recorded -----------------------------------------------------------------------------------


def modules() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted(Path(settings.BASE_DIR, package).rglob("*.py")):
            if not {"tests", "bench", "demo", "migrations"} & set(path.parts):
                yield ast.parse(path.read_text())


def keys_in(node: ast.AST) -> set[str]:
    """Of dicts in this expression, not of dicts inside dicts or calls."""
    if isinstance(node, ast.Dict):
        inside = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
        own = {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
        return own.union(*map(keys_in, inside))
    if isinstance(node, ast.DictComp | ast.Call):
        return set()
    return set().union(*map(keys_in, ast.iter_child_nodes(node)))


def written() -> set[str]:
    """The keys of all details that the code records, as far as they stand there by name."""
    everywhere = {one.name: one for tree in modules() for one in ast.walk(tree) if isinstance(one, Function)}
    found: set[str] = set()
    for tree in modules():
        functions = everywhere | {one.name: one for one in ast.walk(tree) if isinstance(one, Function)}
        for function in (one for one in ast.walk(tree) if isinstance(one, Function)):
            for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
                if ast.unparse(call.func) == "audit.record":
                    for word in call.keywords:
                        if word.arg == "detail":
                            found |= keys_of(word.value, function, functions)
    return found


def keys_of(value: ast.AST, function: Function, functions: dict[str, Function]) -> set[str]:
    found = keys_in(value)
    for node in ast.walk(value):
        if isinstance(node, ast.Name):
            for step in ast.walk(function):
                targets = step.targets if isinstance(step, ast.Assign) else [getattr(step, "target", None)]
                if isinstance(step, ast.Assign | ast.AnnAssign | ast.AugAssign) and step.value is not None:
                    if any(isinstance(one, ast.Name) and one.id == node.id for one in targets):
                        found |= keys_in(step.value)
                    for one in targets:
                        if isinstance(one, ast.Subscript) and ast.unparse(one.value) == node.id:
                            found |= {one.slice.value} if isinstance(one.slice, ast.Constant) else set()
        if isinstance(node, ast.Call):
            called = functions.get(ast.unparse(node.func).rpartition(".")[2].removeprefix("self."))
            if called is not None and called.name.strip("_").startswith(("detail", "facts", "confirmed_detail")):
                found |= set().union(
                    *(keys_in(step) for step in ast.walk(called) if isinstance(step, ast.Return | ast.Assign))
                )
                found |= {
                    one.slice.value
                    for one in ast.walk(called)
                    if isinstance(one, ast.Subscript)
                    and isinstance(one.ctx, ast.Store)
                    and isinstance(one.slice, ast.Constant)
                }
    return found


def test_every_detail_that_is_recorded_has_a_label() -> None:
    found = written()
    assert {"old_works_days", "outcome", "holder", "on_host", "again", "approval", "sha256", "leg"} <= found
    assert found - trail_words.LABELS.keys() == set()


def test_fields_of_forms_have_labels_in_chinese() -> None:
    for label, names in {
        "campaigns.campaign": CampaignForm.base_fields,
        "campaigns.apitoken": TokenForm.base_fields,
        "campaigns.webhookendpoint": WebhookForm.base_fields,
        "campaigns.audience": AudienceForm.base_fields,
        "messaging.sendingpolicy": [field.name for field in SendingPolicy._meta.concrete_fields if field.name != "id"],
        "messaging.keywordrule": [field.name for field in KeywordRule._meta.concrete_fields if field.name != "id"],
        "messaging.cannedanswer": [field.name for field in CannedAnswer._meta.concrete_fields if field.name != "id"],
        "auth.user": [
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "is_staff",
            "is_superuser",
            "password",
        ],
    }.items():
        for name in names:
            words = trail_words.label(AuditEvent(target_type=label), name)
            assert re.search(r"[\u4e00-\u9fff]", words), (label, name, words)


@pytest.mark.django_db
def test_a_colleague_is_named_as_object_and_as_detail() -> None:
    wang = User.objects.create(username="wangwu", first_name="王五")
    audit.record("person.changed", target=wang, detail={"fields": ["email"]})
    text = read(signed_in(roles.ADMINISTRATORS).get(reverse("admin:campaigns_auditevent_changelist"))).text
    assert "王五 (wangwu) 改动：电子邮件地址" in text


@pytest.mark.django_db
def test_a_permission_is_named_as_on_its_page_and_by_its_code_once_it_is_gone():
    change = {"before": ["messaging.gone"], "after": ["messaging.view_reply"]}
    assert line({"permissions": change}, target="auth.user") == "权限：messaging.gone → 回复: 查看"


def test_every_action_has_one_code_and_words_of_its_own():
    apps = ("campaigns", "config", "messaging", "templates_5g")
    declared = [audit.AuditAction, *(import_module(f"{app}.audit_actions").AuditAction for app in apps)]
    codes = [code for actions in declared for code in actions.values]
    assert len(codes) == len(set(codes)) > 100
    assert [code for code in codes if not re.fullmatch(r"[a-z_]+\.[a-z_]{3,}", code) or len(code) > 80] == []
    words = [audit.words(code) for code in codes]
    assert [one for one in words if words.count(one) > 1] == []
    assert audit.words("campaign.flown") == "campaign.flown"
