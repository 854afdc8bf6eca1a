"""What support and administrators meet first: the workbench of support, forms that ask what matters, addresses that are mangled."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from kit import phone_keys
from messaging.admin_base import moment_of
from messaging.inbox import keywords, replies
from messaging.models import Chatbot, Reply, Signature, Suppression
from templates_5g.models import MediaAsset
from tests.forms import saved
from tests.markup import read
from tests.messaging.admin.conftest import PHONE, Office
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


def test_the_workbench_of_support_has_search_unread_and_opt_outs_of_today(office: Office) -> None:
    Reply.objects.create(
        account=office.account,
        key="r2",
        phone=PHONE,
        content="R",
        state="auto",
        is_opt_out=True,
        replied_at=timezone.now(),
    )
    page = read(signed_in(roles.SUPPORT).get("/admin/"))
    assert "未读回复 1 我的 0 今日退订 1" in page.text
    assert reverse("admin:messaging_reply_changelist") + "?box=opt_out" in page.links
    assert "等回执" not in page.text
    managers = read(signed_in(roles.CAMPAIGNS).get("/admin/"))
    assert "今日退订" not in managers.text
    assert reverse("admin:messaging_reply_changelist") + "?box=opt_out" in managers.links


@pytest.mark.parametrize(
    "typed", ["0001-01-01", "0001-01-01T00:00:00", "9999-12-31T23:59:59+00:00", "²", "nonsense", "2026-13-40T00:00"]
)
def test_mangled_times_in_addresses_show_the_newest(office: Office, typed: str) -> None:
    client = signed_in(roles.SUPPORT)
    key = phone_keys.seal(PHONE)
    assert moment_of(typed) is None
    assert client.get(reverse("admin:phone_lookup_key", args=[key]), {"before": typed}).status_code == 200
    inbox = reverse("admin:messaging_reply_change", args=[office.reply.pk])
    assert client.get(inbox, {"until": typed, "before": typed, "box": typed, "tag": typed}).status_code == 200
    assert client.get(reverse("admin:messaging_reply_changes"), {"chosen": typed}).status_code in (200, 404)


@pytest.mark.parametrize("said", ["R\u200b", "\ufeffTD", "退订\u2060", "R\ufe0f", "\u200eＲ。", "退\u00ad订"])
def test_signs_that_nobody_sees_hide_no_opt_out(said: str) -> None:
    assert replies.is_opt_out(said)
    assert keywords.plain(said) in replies.OPT_OUT_WORDS


@pytest.mark.parametrize("said", ["R?", "退订吗", "可以退订？", "RR", ""])
def test_asking_is_no_opt_out(said: str) -> None:
    assert not replies.is_opt_out(said)


def test_the_text_of_a_signature_in_use_stays(office: Office) -> None:
    client = signed_in(roles.ADMINISTRATORS)
    used = reverse("admin:messaging_signature_change", args=[office.signature.pk])
    assert "text" not in read(client.get(used)).inputs
    saved(client, used, {"text": "别的", "cmcc": "filed", "cucc": "none", "ctcc": "none"})
    office.signature.refresh_from_db()
    assert (office.signature.text, office.signature.cmcc) == ("示例商城", "filed")
    fresh = Signature.objects.create(text="新签名")
    Chatbot.objects.create(account=office.account, name="新", signature=fresh)
    page = reverse("admin:messaging_signature_change", args=[fresh.pk])
    assert read(client.get(page)).inputs["text"]["value"] == "新签名"
    Suppression.objects.create(phone=PHONE, scope="signature", signature=fresh, source="hand")
    assert "text" not in read(client.get(page)).inputs


def test_a_logo_is_chosen_from_square_pictures(office: Office) -> None:
    def asset(name: str, width: int, height: int, **values: Any) -> MediaAsset:
        return MediaAsset.objects.create(
            name=name,
            file=f"{name}.png",
            mime="image/png",
            extension="png",
            size=1,
            width=width,
            height=height,
            sha256=name,
            **values,
        )

    square, wide, gone = (
        asset("square", 400, 400),
        asset("wide", 900, 300),
        asset("gone", 300, 300, archived_at=timezone.now()),
    )
    client = signed_in(roles.ADMINISTRATORS)
    url = reverse("admin:messaging_chatbot_change", args=[office.chatbot.pk])
    html = client.get(url).content.decode()
    assert f'name="logo" value="{square.pk}"' in html
    assert not [one for one in (wide, gone) if f'name="logo" value="{one.pk}"' in html]
    data = {"name": "示例商城", "signature": office.signature.pk, "operators": ["cmcc"]}
    assert saved(client, url, {**data, "logo": wide.pk}).status_code == 200
    assert saved(client, url, {**data, "logo": square.pk}).status_code == 302
    office.chatbot.refresh_from_db()
    assert office.chatbot.logo == square
    MediaAsset.objects.filter(pk=square.pk).update(archived_at=timezone.now())
    assert f'name="logo" value="{square.pk}"' in client.get(url).content.decode()  # the one in use stays to be seen


def test_forms_have_one_way_to_save_and_no_plus_or_pencil(office: Office) -> None:
    client = signed_in(roles.ADMINISTRATORS)
    for name, pk in (
        ("chatbot", office.chatbot.pk),
        ("signature", office.signature.pk),
        ("vendoraccount", office.account.pk),
    ):
        html = client.get(reverse(f"admin:messaging_{name}_change", args=[pk])).content.decode()
        assert html.count('name="_save"') == 1
        assert not [
            word for word in ('name="_continue"', 'name="_addanother"', "related-widget-wrapper") if word in html
        ]


def test_a_do_not_send_form_stands_under_its_list_and_keeps_to_its_scope(office: Office) -> None:
    client = signed_in(roles.SUPPORT)
    for name in ("add", "import"):
        page = read(client.get(reverse(f"admin:messaging_suppression_{name}")))
        assert reverse("admin:messaging_suppression_changelist") in page.links
    data = {
        "phone": PHONE,
        "scope": "all",
        "signature": office.signature.pk,
        "account": office.account.pk,
        "note": "来电",
    }
    client.post(reverse("admin:messaging_suppression_add"), data)
    entry = Suppression.objects.get(phone=PHONE)
    assert (entry.signature, entry.account, entry.created_by) == (None, None, person(roles.SUPPORT))


def test_roles_are_called_roles(office: Office) -> None:
    client = signed_in(superuser=True)
    person(roles.SUPPORT)
    text = read(client.get("/admin/auth/group/")).text
    assert "工作台 › 角色" in text
    assert "组" not in text.split("工作台 › ")[1].split(" ")[0]
