"""Who manages people can raise nobody above the roles."""

import pytest
from django.contrib.auth.models import Group, User

from campaigns import roles
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


def change(user: User) -> str:
    return f"/admin/auth/user/{user.pk}/change/"


def test_an_administrator_gives_roles_but_no_more() -> None:
    client, colleague = signed_in(roles.ADMINISTRATORS), person(roles.MARKETING)
    page = read(client.get(change(colleague)))
    assert "groups" in page.inputs
    assert not {"is_superuser", "is_staff", "user_permissions"} & set(page.inputs)
    support = Group.objects.get(name=roles.SUPPORT)
    data = {
        "username": colleague.username, "first_name": "", "last_name": "", "email": "", "is_active": "on",
        "groups": [support.pk], "is_superuser": "on", "is_staff": "", "user_permissions": ["1"],
    }  # fmt: skip
    assert client.post(change(colleague), data).status_code == 302
    colleague.refresh_from_db()
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
    client.post(change(me), data)
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
    assert [group.name for group in made.groups.all()] == [roles.SUPPORT]


def test_roles_are_looked_at_not_edited() -> None:
    client = signed_in(roles.ADMINISTRATORS)
    page = read(client.get("/admin/auth/group/"))
    assert roles.SUPPORT in page.text
    assert client.get("/admin/auth/group/add/").status_code == 403
    for role in (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT):
        assert signed_in(role).get("/admin/auth/user/").status_code == 403
