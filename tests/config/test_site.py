"""The frame: menu by role, home page, language, log-in."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory
from django.utils.translation import override

from campaigns import roles
from kit import menu, workbench
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


def groups_of(user: object) -> dict[str, list[str]]:
    request = RequestFactory().get("/admin/")
    request.user = user  # type: ignore[assignment]
    with override("zh-hans"):
        return {
            str(group["name"]): [str(entry["name"]) for entry in group["models"]]
            for group in admin.site.get_app_list(request)
        }


def test_the_menu_groups_stand_in_the_order_of_work() -> None:
    names = list(groups_of(person(superuser=True)))
    assert [name for name in names if name != "数据"] == ["内容", "发送", "客户", "设置", "系统"]


def test_a_role_sees_its_own_pages_alone() -> None:
    support = groups_of(person(roles.SUPPORT))
    assert support["客户"] == ["号码查询", "回复", "拒收名单", "同意记录", "关键词规则", "常用答复"]
    assert "服务商账号" not in support.get("设置", [])
    assert "系统" not in support
    marketing = groups_of(person(roles.MARKETING))
    assert "审核情况" in marketing["内容"]
    assert "客户" not in marketing
    assert "结果未知" not in marketing.get("发送", [])
    campaigns = groups_of(person(roles.CAMPAIGNS))
    assert "结果未知" in campaigns["发送"]
    assert "服务商账号" in campaigns["设置"]
    administrators = groups_of(person(roles.ADMINISTRATORS))
    assert {"服务商账号", "用户", "角色"} <= set(administrators["设置"])


def test_log_ins_are_for_superusers_and_the_queue_has_no_page() -> None:
    assert groups_of(person(superuser=True))["系统"] == ["登录失败记录", "登录记录", "锁定记录"]
    for role in roles.PERMISSIONS:
        assert signed_in(role).get("/admin/axes/accesslog/").status_code == 403
    assert signed_in(superuser=True).get("/admin/django_q/ormq/").status_code == 404


def test_a_page_finds_its_place_even_where_its_neighbour_is_hidden() -> None:
    """Approvals stand behind audiences."""
    for held, order in (
        ({"view_campaign", "view_audience", "approve_campaign", "view_dispatch"}, ["活动", "人群", "审批", "发送轮次"]),
        ({"view_campaign", "approve_campaign", "view_dispatch"}, ["活动", "审批", "发送轮次"]),
        ({"approve_campaign", "view_dispatch"}, ["审批", "发送轮次"]),
    ):
        user = get_user_model().objects.create_user(str(len(held)), is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=held))
        assert groups_of(user)["发送"] == order


def test_an_unknown_menu_group_is_refused() -> None:
    with pytest.raises(ValueError, match="sidebar"):
        menu.page("sidebar", "X", "admin:index", "a.b")


def test_the_home_page_of_somebody_without_a_role_says_so() -> None:
    response = signed_in().get("/admin/")
    assert response.status_code == 200
    assert "没有待办。" in read(response).text


def test_todos_are_shown_by_rank_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    todos = [
        workbench.Todo("次一件", "b", "/b/", "看", count=2, rank=20),
        workbench.Todo("头一件", "a", "/a/", "看", rank=10),
    ]
    monkeypatch.setattr(workbench, "TO_DO", [lambda request: todos])
    monkeypatch.setattr(workbench, "PANELS", [(2, lambda request: "<p>two</p>"), (1, lambda request: "")])
    page = read(signed_in(superuser=True).get("/admin/"))
    assert page.text.index("头一件") < page.text.index("次一件")
    assert "待办 3" in page.text
    assert "two" in page.text


def test_the_language_switch_changes_the_page_and_stays() -> None:
    client = signed_in(superuser=True)
    page = read(client.get("/admin/"))
    assert page.lang == "zh-hans"
    assert {"action": "/i18n/setlang/", "method": "post", "class": "language"} in page.forms
    client.post("/i18n/setlang/", {"language": "en", "next": "/admin/"})
    page = read(client.get("/admin/"))
    assert page.lang == "en"
    assert "Workbench" in page.text


def test_the_log_in_page_shows_no_menu_and_refuses_softly() -> None:
    client = Client()
    page = read(client.get("/admin/login/"))
    assert page.refused == []
    assert "username" in page.inputs
    assert "服务商账号" not in page.text
    response = client.post("/admin/login/", {"username": "nobody", "password": "wrong"})
    assert response.status_code == 200


def test_too_many_wrong_passwords_lock_with_a_sentence(settings: object) -> None:
    settings.AXES_ENABLED = True  # type: ignore[attr-defined]
    client = Client()
    for _ in range(5):
        response = client.post("/admin/login/", {"username": "somebody", "password": "wrong"})
    assert response.status_code == 429
    assert "15 分钟后再试" in read(response).text


def test_dark_values_stand_again_after_the_light_ones() -> None:
    """Django's dark_mode.css comes first: a light :root block alone would win over it in automatic mode."""
    css = (settings.BASE_DIR / "static/theme/tokens.css").read_text()
    light = css.index("\n:root,")
    automatic = css.index("@media (prefers-color-scheme: dark)")
    chosen = css.rindex('html[data-theme="dark"]')
    assert light < automatic < chosen
    names = set(re.findall(r"(--[\w-]+):", css[light:automatic])) - {
        "--font-family-primary", "--font-family-monospace", "--radius", "--radius-panel", "--control",
    }  # fmt: skip
    assert names == set(re.findall(r"(--[\w-]+):", css[automatic:chosen]))
    assert names == set(re.findall(r"(--[\w-]+):", css[chosen:]))


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    a, b = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


@pytest.mark.parametrize("part", ["light", "dark"])
def test_words_can_be_read_on_their_ground(part: str) -> None:
    css = Path(settings.BASE_DIR / "static/theme/tokens.css").read_text()
    chosen = css.rindex('html[data-theme="dark"]')
    block = css[:chosen] if part == "light" else css[chosen:]
    values = dict(reversed(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)))
    if part == "light":
        values = dict(reversed(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css[: css.index("@media")])))
    pairs = [
        ("text", "surface"),
        ("quiet", "page"),
        ("primary", "surface"),
        ("on-primary", "primary"),
        ("on-danger", "danger"),
    ]
    pairs += [(f"{role}-text", f"{role}-fill") for role in ("idle", "moving", "good", "attention", "problem", "unsure")]
    for ink, ground in pairs:
        assert _contrast(values[ink], values[ground]) >= 4.5, (ink, ground)
    assert _contrast(values["field-border"], values["surface"]) >= 3


def test_refusals_and_dead_ends_speak_the_language_and_stay_strict() -> None:
    client = signed_in(roles.SUPPORT)
    refused = client.get("/admin/messaging/vendoraccount/")
    assert refused.status_code == 403
    page = read(refused)
    assert "你的角色不能打开" in page.text
    assert page.refused == []
    lost = client.get("/m/nothing-here")
    assert lost.status_code == 404
    assert "没有这个页面" in read(lost).text
    strict = Client(enforce_csrf_checks=True)
    expired = strict.post("/admin/login/", {"username": "a", "password": "b"})
    assert expired.status_code == 403
    assert "表单已过期" in read(expired).text
    assert read(expired).refused == []


def test_a_breakdown_has_a_page_of_its_own_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: object) -> str:
        raise RuntimeError("the reason 13812345678")

    monkeypatch.setattr(workbench, "PANELS", [(1, broken)])
    client = signed_in(superuser=True)
    client.raise_request_exception = False
    response = client.get("/admin/")
    assert response.status_code == 500
    assert "系统出错了" in read(response).text
    assert "the reason" not in response.content.decode()


def test_silent_workers_are_told_to_those_who_send(settings: object) -> None:
    from django.utils import timezone

    from messaging.models import Heartbeat

    sends, builds = signed_in(roles.CAMPAIGNS), signed_in(roles.MARKETING)
    assert "后台任务没有启动" in read(sends.get("/admin/")).text
    assert "后台任务" not in read(builds.get("/admin/")).text
    Heartbeat.objects.update_or_create(name="tick", defaults={"beat_at": timezone.now()})
    assert "后台任务" not in read(sends.get("/admin/")).text
    Heartbeat.objects.filter(name="tick").update(beat_at=timezone.now() - timedelta(minutes=7))
    assert "后台任务已停 7 分钟" in read(sends.get("/admin/")).text
