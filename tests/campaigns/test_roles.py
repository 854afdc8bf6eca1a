"""The four roles hold exactly what the table says, again and again."""

import pytest
from django.contrib.auth.models import Group, Permission

from campaigns import roles

pytestmark = pytest.mark.django_db


def codes(role: str) -> set[str]:
    rows = Group.objects.get(name=role).permissions.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


def test_the_migration_made_the_roles() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == {"营销", "活动", "客服", "管理员"}
    for role, wanted in roles.PERMISSIONS.items():
        assert codes(role) == wanted


def test_ensure_mends_what_was_changed_by_hand_and_may_run_twice() -> None:
    group = Group.objects.get(name=roles.SUPPORT)
    group.permissions.add(Permission.objects.get(codename="send_campaign"))
    group.permissions.remove(Permission.objects.get(codename="reveal_phone"))
    roles.ensure()
    roles.ensure()
    assert codes(roles.SUPPORT) == roles.PERMISSIONS[roles.SUPPORT]
    assert Group.objects.count() == 4


def test_every_permission_of_the_table_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    assert roles.ensure() == []
    monkeypatch.setitem(roles.PERMISSIONS, roles.SUPPORT, {"messaging.fly_to_the_moon", "messaging.view_reply"})
    assert roles.ensure() == ["messaging.fly_to_the_moon"]
    assert codes(roles.SUPPORT) == {"messaging.view_reply"}


def test_who_sets_up_neither_sends_nor_sees_full_numbers() -> None:
    admin = roles.PERMISSIONS[roles.ADMINISTRATORS]
    assert not admin & {
        "campaigns.send_campaign", "campaigns.approve_campaign", "messaging.reveal_phone", "messaging.add_dispatch",
        "messaging.change_batch", "messaging.export_delivery",
    }  # fmt: skip
    may_reveal = [role for role, wanted in roles.PERMISSIONS.items() if "messaging.reveal_phone" in wanted]
    assert may_reveal == [roles.SUPPORT]
    may_send = [role for role, wanted in roles.PERMISSIONS.items() if "campaigns.send_campaign" in wanted]
    assert may_send == [roles.CAMPAIGNS]
