"""Who manages people can raise nobody above the roles."""

import pytest
from django.contrib.auth.models import Group, User

from campaigns import roles
from campaigns.approvals import decide
from campaigns.models import RoleGrant
from tests.forms import saved
from tests.markup import read
from tests.people import person, person_with, signed_in

pytestmark = pytest.mark.django_db


def change(user: User) -> str:
    return f"/admin/auth/user/{user.pk}/change/"


def test_an_administrator_gives_roles_but_no_more() -> None:
    client, colleague = signed_in(roles.ADMINISTRATORS), person(roles.MARKETING)
    page = read(client.get(change(colleague)))
    assert "groups" in page.inputs
    assert not {"is_superuser", "is_staff", "user_permissions"} & set(page.inputs)
    support = Group.objects.get(name=roles.SUPPORT)
    other = person_with(roles.ADMINISTRATORS, name="另一位管理员")
    data = {
        "username": colleague.username, "first_name": "", "last_name": "", "email": "", "is_active": "on",
        "groups": [support.pk], "is_superuser": "on", "is_staff": "", "user_permissions": ["1"],
    }  # fmt: skip
    assert saved(client, change(colleague), data).status_code == 302
    colleague.refresh_from_db()
    assert list(colleague.groups.all()) == []  # what was taken away is gone, what is new waits for a second person
    decide.grant(RoleGrant.objects.get(), other)
    assert list(colleague.groups.all()) == [support]
    assert colleague.is_staff
    assert not colleague.is_superuser
    assert colleague.user_permissions.count() == 0


def test_superusers_are_out_of_an_administrators_reach() -> None:
    root = person(superuser=True)
    client = signed_in(roles.ADMINISTRATORS)
    assert client.get(change(root)).status_code == 302  # not found: back to the home page
    assert "root" not in read(client.get("/admin/auth/user/")).text
    assert client.get(f"/admin/auth/user/{root.pk}/password/").status_code == 404


def test_nobody_gives_themselves_a_role() -> None:
    client, me = signed_in(roles.ADMINISTRATORS), person(roles.ADMINISTRATORS)
    assert "groups" not in read(client.get(change(me))).inputs
    campaigns = Group.objects.get(name=roles.CAMPAIGNS)
    data = {"username": me.username, "first_name": "", "last_name": "", "email": "", "groups": [campaigns.pk]}
    saved(client, change(me), data)
    assert [group.name for group in me.groups.all()] == [roles.ADMINISTRATORS]


def test_a_new_colleague_can_sign_in() -> None:
    client = signed_in(roles.ADMINISTRATORS)
    support = Group.objects.get(name=roles.SUPPORT)
    data = {
        "username": "xiaozhang", "usable_password": "true", "password1": "Sunny-Day-42", "password2": "Sunny-Day-42",
        "groups": [support.pk],
    }  # fmt: skip
    assert client.post("/admin/auth/user/add/", data).status_code == 302
    made = User.objects.get(username="xiaozhang")
    assert made.is_staff
    assert [grant.group for grant in RoleGrant.objects.filter(user=made)] == [support]


def test_roles_are_looked_at_not_edited() -> None:
    client = signed_in(roles.ADMINISTRATORS)
    page = read(client.get("/admin/auth/group/"))
    assert roles.SUPPORT in page.text
    assert client.get("/admin/auth/group/add/").status_code == 403
    for role in (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT):
        assert signed_in(role).get("/admin/auth/user/").status_code == 403
