"""Nobody alone gives a role that sends, approves, gives roles or shows full numbers; nobody is their own second person."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from campaigns import roles
from campaigns.approvals import decide as approvals_decide
from campaigns.approvals import password_notes
from campaigns.models import Approval, AuditEvent, RoleGrant
from tests.forms import saved
from tests.markup import read
from tests.people import person, person_with, signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "Sunny-Meadow-42"


def second_admin() -> User:
    return person_with(roles.ADMINISTRATORS, name="另一位管理员")


def keys(*names: str) -> list[int]:
    return list(Group.objects.filter(name__in=names).values_list("pk", flat=True))


def save(client: Client, user: User, *names: str, **values: Any) -> Any:
    data = {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": "",
        "email": "",
        "is_active": "on",
        "groups": keys(*names),
    }
    return saved(client, reverse("admin:auth_user_change", args=[user.pk]), {**data, **values})


def held(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def decide(client: Client, grant: RoleGrant, act: str = "yes", reason: str = "") -> Any:
    return client.post(reverse("admin:campaigns_rolegrant_decide", args=[grant.pk, act]), {"reason": reason})


@pytest.mark.parametrize("role", [roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS, roles.MARKETING])
def test_a_role_waits_for_a_second_person(role: str) -> None:
    colleague = person()
    assert save(signed_in(roles.ADMINISTRATORS), colleague, role).status_code == 302
    assert held(colleague) == []
    assert not colleague.has_perm("campaigns.view_campaign")
    grant = RoleGrant.objects.get()
    assert (grant.user, grant.group.name, grant.state) == (colleague, role, "pending")
    assert decide(signed_in(user=second_admin()), grant).status_code == 302
    assert held(colleague) == [role]
    grant.refresh_from_db()
    assert (grant.state, grant.decided_by) == ("granted", second_admin())
    asked, confirmed = (AuditEvent.objects.get(action=action) for action in ("role.asked", "role.confirmed"))
    assert (asked.actor, asked.detail) == (person(roles.ADMINISTRATORS), {"role": role})
    assert (confirmed.actor, confirmed.target_id, confirmed.detail) == (
        second_admin(),
        str(colleague.pk),
        {"role": role},
    )


def test_a_superuser_on_the_page_is_one_person_too() -> None:
    colleague = person()
    save(signed_in(superuser=True), colleague, roles.SUPPORT, is_staff="on")
    assert held(colleague) == []
    assert RoleGrant.objects.get().asked_by == person(superuser=True)


def test_a_new_persons_roles_wait_too() -> None:
    data = {"username": "schatten", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    groups = keys(roles.CAMPAIGNS, roles.SUPPORT)
    signed_in(roles.ADMINISTRATORS).post(reverse("admin:auth_user_add"), {**data, "groups": groups})
    made = User.objects.get(username="schatten")
    assert held(made) == []
    assert sorted(grant.group.name for grant in RoleGrant.objects.all()) == sorted([roles.CAMPAIGNS, roles.SUPPORT])
    assert AuditEvent.objects.get(action="person.made").detail == {"roles": []}


def test_neither_who_asked_nor_whom_it_is_for_nor_who_may_not_decides() -> None:
    client, colleague = signed_in(roles.ADMINISTRATORS), second_admin()
    save(client, colleague, roles.ADMINISTRATORS, roles.SUPPORT)
    grant = RoleGrant.objects.get()
    for one in (client, signed_in(user=colleague)):
        page = read(one.get(reverse("admin:campaigns_rolegrant_decide", args=[grant.pk, "yes"])))
        assert "reason" not in page.inputs
        decide(one, grant)
    for role in (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT):
        assert decide(signed_in(role), grant).status_code == 403
        assert signed_in(role).get(reverse("admin:campaigns_rolegrant_changelist")).status_code == 403
    grant.refresh_from_db()
    assert grant.state == "pending"
    assert held(colleague) == [roles.ADMINISTRATORS]


def test_refused_with_a_reason_and_withdrawn_by_who_asked() -> None:
    client, other, colleague = signed_in(roles.ADMINISTRATORS), signed_in(user=second_admin()), person()
    save(client, colleague, roles.SUPPORT)
    grant = RoleGrant.objects.get()
    decide(other, grant, "no")
    grant.refresh_from_db()
    assert grant.state == "pending"
    decide(other, grant, "no", "不在客服组")
    grant.refresh_from_db()
    assert (grant.state, grant.reason) == ("refused", "不在客服组")
    decide(other, grant, "yes")
    assert held(colleague) == []
    save(client, colleague, roles.SUPPORT)
    again = RoleGrant.objects.get(state="pending")
    withdraw = reverse("admin:campaigns_rolegrant_withdraw", args=[again.pk])
    other.post(withdraw)
    again.refresh_from_db()
    assert again.state == "pending"
    client.post(withdraw)
    with pytest.raises(approvals_decide.CannotDecide, match="这个审批请求已经结束"):
        approvals_decide.grant(again, second_admin())
    decide(other, again, "yes")
    again.refresh_from_db()
    assert (again.state, held(colleague)) == ("void", [])


@pytest.mark.parametrize("way", ["change", "delete", "history", "decide/vielleicht"])
def test_no_other_address_of_a_request_decides_it(way: str) -> None:
    colleague = person()
    save(signed_in(roles.ADMINISTRATORS), colleague, roles.SUPPORT)
    grant = RoleGrant.objects.get()
    address = f"{reverse('admin:campaigns_rolegrant_changelist')}{grant.pk}/{way}/"
    signed_in(user=second_admin()).post(address, {"post": "yes"})
    grant.refresh_from_db()
    assert (grant.state, held(colleague)) == ("pending", [])


def test_asked_twice_it_waits_once_and_saving_gives_nothing() -> None:
    client, colleague = signed_in(roles.ADMINISTRATORS), person()
    for _ in range(2):
        save(client, colleague, roles.SUPPORT)
    assert RoleGrant.objects.count() == 1
    assert held(colleague) == []
    assert "客服" in read(client.get(reverse("admin:auth_user_changelist"))).text


def test_taking_a_role_away_holds_at_once() -> None:
    colleague = person_with(roles.SUPPORT, roles.CAMPAIGNS)
    save(signed_in(roles.ADMINISTRATORS), colleague, roles.SUPPORT)
    assert held(colleague) == [roles.SUPPORT]
    assert AuditEvent.objects.get(action="person.changed").detail == {
        "roles": {"before": sorted([roles.SUPPORT, roles.CAMPAIGNS]), "after": [roles.SUPPORT]}
    }


def test_a_single_permission_that_approves_waits_as_well() -> None:
    colleague = person(roles.SUPPORT)
    approve = Permission.objects.get(codename="approve_campaign")
    harmless = Permission.objects.get(codename="view_campaign", content_type__app_label="campaigns")
    client = signed_in(superuser=True)
    save(client, colleague, roles.SUPPORT, is_staff="on", user_permissions=[approve.pk, harmless.pk])
    assert list(colleague.user_permissions.all()) == [harmless]
    decide(signed_in(roles.ADMINISTRATORS), RoleGrant.objects.get())
    assert set(colleague.user_permissions.all()) == {approve, harmless}


def test_what_waits_for_somebody_is_on_their_workbench() -> None:
    save(signed_in(roles.ADMINISTRATORS), person(), roles.SUPPORT)
    grant = RoleGrant.objects.get()
    address = reverse("admin:campaigns_rolegrant_decide", args=[grant.pk, "yes"])
    home = reverse("admin:index")
    assert address in read(signed_in(user=second_admin()).get(home)).links
    for client in (signed_in(roles.ADMINISTRATORS), signed_in(roles.SUPPORT)):
        assert address not in read(client.get(home)).links


class TestOwnWorkbench:
    """Whoever waits for a role reads on the first page for whom, and what happens then."""

    def words(self, user: User) -> str:
        return read(signed_in(user=user).get(reverse("admin:index"))).text

    def test_a_role_that_waits_names_who_confirms_it(self) -> None:
        colleague = person()
        save(signed_in(roles.ADMINISTRATORS), colleague, roles.SUPPORT)
        assert "现在没有别人能确认。可以请 管理员 找人在服务器上执行 manage.py grant_role。" in self.words(colleague)
        second_admin()
        text = self.words(colleague)
        assert "角色“客服”还没有生效：管理员 于 今天 " in text
        assert "提出，等 另一位管理员 确认。 确认以后马上生效：刷新本页，菜单和待办里就有能做的事。" in text
        assert "还没有角色" not in text
        person(superuser=True)
        assert "等 另一位管理员、root 中的一人确认。" in self.words(colleague)
        for name in ("管理员三", "管理员四"):
            person_with(roles.ADMINISTRATORS, name=name)
        assert "等 另一位管理员、管理员三、管理员四 等 4 人中的一人确认。" in self.words(colleague)

    def test_a_refusal_stands_there_for_a_week_or_until_it_is_asked_again(self) -> None:
        colleague, client = person(), signed_in(roles.ADMINISTRATORS)
        save(client, colleague, roles.SUPPORT)
        decide(signed_in(user=second_admin()), RoleGrant.objects.get(), "no", "不在客服组")
        text = self.words(colleague)
        assert "角色“客服”没有给：另一位管理员 于 今天 " in text
        assert "拒绝，原因：不在客服组" in text
        assert "还没有角色，所以没有菜单，也没有待办。" in text
        with time_machine.travel(datetime.now(UTC) + timedelta(days=8)):
            assert "不在客服组" not in self.words(colleague)
        save(client, colleague, roles.SUPPORT)
        assert "不在客服组" not in self.words(colleague)

    def test_one_without_a_role_asks_for_one_and_one_with_a_role_reads_nothing_of_it(self) -> None:
        assert "可以请管理员给一个角色。" in self.words(person())
        for user in (person(roles.SUPPORT), person(superuser=True)):
            assert "我的角色" not in self.words(user)


class TestCommand:
    def give(self, *args: str, **options: Any) -> str:
        out = StringIO()
        call_command("grant_role", *args, stdout=out, **options)
        return out.getvalue()

    def test_a_superusers_word_at_the_server_is_enough(self) -> None:
        root, colleague = person(superuser=True), person()
        save(signed_in(superuser=True), colleague, roles.SUPPORT, is_staff="on")
        assert "has the role now (by root)" in self.give("nobody", roles.SUPPORT, reason="第一位客服")
        assert held(colleague) == [roles.SUPPORT]
        event = AuditEvent.objects.get(action="role.given_by_command")
        assert (event.actor, event.target_id) == (root, str(colleague.pk))
        assert (event.detail["role"], event.detail["reason"]) == (roles.SUPPORT, "第一位客服")
        assert RoleGrant.objects.get().state == "granted"
        assert "had the role already" in self.give("nobody", roles.SUPPORT, reason="再来")

    @pytest.mark.parametrize(
        ("args", "options"),
        [
            (("nobody", "老板"), {"reason": "x"}),
            (("niemand", roles.SUPPORT), {"reason": "x"}),
            (("nobody", roles.SUPPORT), {"reason": "  "}),
            (("nobody", roles.SUPPORT), {"reason": "x", "by": "nobody"}),
        ],
    )
    def test_what_makes_no_sense_is_said(self, args: Any, options: Any) -> None:
        person(superuser=True)
        colleague = person()
        with pytest.raises(CommandError):
            self.give(*args, **options)
        assert held(colleague) == []

    def test_without_a_superuser_nobody_gives_anything(self) -> None:
        colleague = person()
        with pytest.raises(CommandError, match="createsuperuser"):
            self.give("nobody", roles.SUPPORT, reason="x")
        assert held(colleague) == []


class TestPasswordsOfOthers:
    def set_password(self, client: Client, user: User, password: str = PASSWORD) -> Any:
        data = {"usable_password": "true", "password1": password, "password2": password}
        return client.post(reverse("admin:auth_user_password_change", args=[user.pk]), data)

    def log_in(self, user: User, password: str = PASSWORD) -> Client:
        client = Client()
        assert client.post(reverse("admin:login"), {"username": user.username, "password": password}).status_code == 302
        return client

    def test_it_is_in_the_trail_and_must_be_changed_first(self) -> None:
        colleague = person(roles.SUPPORT)
        assert self.set_password(signed_in(roles.ADMINISTRATORS), colleague).status_code == 302
        event = AuditEvent.objects.get(action="person.password_set")
        assert (event.actor, event.target_id) == (person(roles.ADMINISTRATORS), str(colleague.pk))
        client, change = self.log_in(colleague), reverse("admin:password_change")
        for address in ("admin:index", "admin:phone_lookup", "admin:messaging_reply_changelist"):
            assert client.get(reverse(address))["Location"] == change
        assert client.post(reverse("admin:phone_lookup"), {"phone": "13800000001"})["Location"] == change
        assert client.get(change).status_code == 200
        same = {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD}
        assert client.post(change, same).status_code == 200
        assert client.get(reverse("admin:index")).status_code == 302
        own = {"old_password": PASSWORD, "new_password1": "Mine-Alone-2026", "new_password2": "Mine-Alone-2026"}
        assert client.post(change, own).status_code == 302
        assert client.get(reverse("admin:index")).status_code == 200
        assert AuditEvent.objects.get(action="password.changed").actor == colleague
        again = self.log_in(colleague, "Mine-Alone-2026")
        assert again.get(reverse("admin:index")).status_code == 200

    def test_a_new_person_must_change_it_too(self) -> None:
        data = {"username": "neu", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
        signed_in(roles.ADMINISTRATORS).post(reverse("admin:auth_user_add"), data)
        client = self.log_in(User.objects.get(username="neu"))
        assert client.get(reverse("admin:index"))["Location"] == reverse("admin:password_change")

    def test_they_decide_nothing_for_a_day(self, house: Any) -> None:
        manager, administrator = person(roles.CAMPAIGNS), second_admin()
        with time_machine.travel("2026-03-01T12:00:00+08:00", tick=False) as clock:
            client = signed_in(roles.ADMINISTRATORS)
            for one in (manager, administrator):
                self.set_password(client, one)
            save(client, person(), roles.SUPPORT)
            grant = RoleGrant.objects.get()
            clock.shift(timedelta(hours=24, seconds=-1))
            with pytest.raises(approvals_decide.CannotDecide):
                approvals_decide.grant(grant, administrator)
            assert password_notes.why_no_decision(manager).startswith("您的密码")
            clock.shift(1)
            assert password_notes.why_no_decision(manager) == ""
            approvals_decide.grant(grant, administrator)
        assert held(person()) == [roles.SUPPORT]

    def test_ones_own_is_changed_with_the_old_one_only(self) -> None:
        client, me = signed_in(roles.ADMINISTRATORS), person(roles.ADMINISTRATORS)
        before = me.password
        assert self.set_password(client, me)["Location"] == reverse("admin:password_change")
        me.refresh_from_db()
        assert me.password == before


class TestLastSuperuser:
    def change(self, client: Client, user: User, **values: Any) -> Any:
        data = {"username": user.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
        return saved(client, reverse("admin:auth_user_change", args=[user.pk]), {**data, **values})

    @pytest.mark.parametrize("field", ["is_superuser", "is_active", "is_staff"])
    def test_stays_one(self, field: str) -> None:
        root, client = person(superuser=True), signed_in(superuser=True)
        other = User.objects.create_superuser("zwei")
        User.objects.filter(pk=other.pk).update(**{field: False})
        assert self.change(client, root, **{field: ""}).status_code == 200
        root.refresh_from_db()
        assert getattr(root, field)
        User.objects.filter(pk=other.pk).update(**{field: True})
        assert self.change(client, root, **{field: ""}).status_code == 302
        root.refresh_from_db()
        assert not getattr(root, field)

    def test_is_not_deleted(self) -> None:
        root = person(superuser=True)
        client = signed_in(superuser=True)
        delete = reverse("admin:auth_user_delete", args=[root.pk])
        assert client.post(delete, {"post": "yes"}).status_code == 403
        many = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
        client.post(reverse("admin:auth_user_changelist"), many)
        assert User.objects.filter(pk=root.pk).exists()

    def test_nobody_becomes_one_on_a_page(self) -> None:
        colleague = person(roles.SUPPORT)
        assert self.change(signed_in(superuser=True), colleague).status_code == 200
        colleague.refresh_from_db()
        assert not colleague.is_superuser


def test_the_approvals_of_all_kinds_ask_for_the_day(house: Any) -> None:
    """Campaigns, follow-ups and first uses by the API go through the same question."""
    manager = person(roles.CAMPAIGNS)
    password_notes.password_set(manager, person(roles.ADMINISTRATORS))
    from campaigns.api import tokens
    from campaigns.models import FirstUse
    from tests.people import integrator

    token = tokens.make("商城", ["send"], integrator())[0]
    row = FirstUse.objects.create(version=house.version, token=token, asked_by=integrator())
    with pytest.raises(approvals_decide.CannotDecide):
        approvals_decide.grant(row, manager)
    row.refresh_from_db()
    assert row.state == "pending"
    assert not Approval.objects.exists()
