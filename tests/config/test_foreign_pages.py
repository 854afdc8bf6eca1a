"""Pages of other people's packages, and permissions, are read in Chinese."""

import re
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from campaigns import roles
from tests.forms import saved
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db

# Two Latin words one after the other are a phrase that somebody forgot.
PHRASE = re.compile(r"\b[A-Za-z][a-z]+(?: [A-Za-z][a-z]+)+\b")
LOGIN = {
    "ip_address": "203.0.113.9",
    "username": "张三",
    "user_agent": "curl/8.1",
    "http_accept": "*/*",
    "path_info": "/admin/login/",
}
OUTSIDE = ("axes", "django_q", "admin", "contenttypes", "sessions")


def english(url: str) -> Any:
    answer = signed_in(superuser=True).get(url)
    assert answer.status_code == 200, url
    shown = read(answer).text
    shown = shown.replace("Webhook Webhook", "")  # two entries of the menu side by side
    return PHRASE.findall(shown)


def change(user: User) -> str:
    return reverse("admin:auth_user_change", args=[user.pk])


def choices(html: str) -> dict[int, str]:
    """What the boxes of permissions offer."""
    box = r'name="user_permissions" value="(\d+)"[^>]*>\s*<span class="visually-hidden">([^<]+)</span>([^<]+)</label>'
    return {int(key): thing + act.strip() for key, thing, act in re.findall(box, html)}


@pytest.fixture
def rows(db: None) -> list[str]:
    """A row of each table, and the addresses of its pages."""
    made = [
        AccessAttempt.objects.create(get_data="", post_data="", failures_since_start=2, **LOGIN),
        AccessLog.objects.create(**LOGIN),
        AccessFailureLog.objects.create(locked_out=True, **LOGIN),
    ]
    names = ("accessattempt", "accesslog", "accessfailurelog")
    return [
        *(reverse(f"admin:axes_{name}_changelist") for name in names),
        *(reverse(f"admin:axes_{name}_change", args=[row.pk]) for name, row in zip(names, made, strict=True)),
        reverse("admin:axes_accessattempt_delete", args=[made[0].pk]),
    ]


def test_pages_of_log_ins_are_in_chinese(rows: list[str]) -> None:
    assert {url: words for url in rows if (words := english(url))} == {}


def test_people_and_roles_are_in_chinese() -> None:
    colleague = person(roles.SUPPORT)
    colleague.set_password("Sunny-Day-42")
    colleague.save()
    group = Group.objects.get(name=roles.SUPPORT)
    urls = [
        change(colleague),
        reverse("admin:auth_group_change", args=[group.pk]),
        reverse("admin:auth_user_add"),
        reverse("admin:auth_user_password_change", args=[colleague.pk]),
    ]
    assert {url: words for url in urls if (words := english(url))} == {}


def test_the_chooser_offers_what_opens_something_by_name() -> None:
    page = signed_in(superuser=True).get(change(person(roles.SUPPORT))).content.decode()
    offered = choices(page)
    names = set(offered.values())
    assert {
        "审批 · 查看",
        "活动 · 可以审批别人的活动",
        "收件人 · 可以看完整号码",
        "回复 · 修改",
        "角色 · 查看",
    } <= names
    known = {one.pk: one for one in Permission.objects.select_related("content_type")}
    assert not {known[key].content_type.app_label for key in offered} & set(OUTSIDE)
    codes = {f"{known[key].content_type.app_label}.{known[key].codename}" for key in offered}
    assert (
        not {
            "auth.add_permission",
            "messaging.add_accountratelimit",
            "campaigns.delete_auditevent",
            "auth.change_group",
        }
        & codes
    )
    assert {code for held in roles.PERMISSIONS.values() for code in held} <= codes


def test_what_somebody_holds_already_stays_in_sight_and_is_not_lost() -> None:
    colleague = person(roles.SUPPORT)
    odd = Permission.objects.get(codename="view_session")
    extra = Permission.objects.get(codename="view_approval")
    colleague.user_permissions.add(odd)
    client = signed_in(superuser=True)
    offered = choices(client.get(change(colleague)).content.decode())
    assert odd.pk in offered
    data = {
        "username": colleague.username, "first_name": "", "last_name": "", "email": "", "is_active": "on", "is_staff": "on",
        "groups": [group.pk for group in colleague.groups.all()], "user_permissions": [odd.pk, extra.pk],
    }  # fmt: skip
    assert saved(client, change(colleague), data).status_code == 302
    assert set(colleague.user_permissions.all()) == {odd, extra}


def test_what_is_not_offered_cannot_be_given() -> None:
    colleague = person(roles.SUPPORT)
    hidden = Permission.objects.get(codename="delete_accessattempt")
    data = {"username": colleague.username, "is_active": "on", "is_staff": "on", "user_permissions": [hidden.pk]}
    answer = saved(signed_in(superuser=True), change(colleague), data)
    assert answer.status_code == 200
    assert not colleague.user_permissions.exists()


def test_a_role_tells_what_it_may_thing_by_thing() -> None:
    group = Group.objects.get(name=person(roles.SUPPORT).groups.get().name)
    page = read(signed_in(roles.ADMINISTRATORS).get(reverse("admin:auth_group_change", args=[group.pk])))
    assert re.search(r"回复 : 修改、查看", page.text)
    assert "可以看完整号码" in page.text


@pytest.mark.parametrize("role", [roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS])
def test_log_ins_are_for_superusers(rows: list[str], role: str) -> None:
    client = signed_in(role)
    assert {client.get(url).status_code for url in rows} == {403}


def test_a_failed_log_in_is_forgotten_by_deleting_it(rows: list[Any]) -> None:
    row = AccessAttempt.objects.get()
    client = signed_in(superuser=True)
    page = read(client.get(reverse("admin:axes_accessattempt_changelist")))
    assert "还可以试 3 次" in page.text
    client.post(reverse("admin:axes_accessattempt_delete", args=[row.pk]), {"post": "yes"})
    assert not AccessAttempt.objects.exists()
