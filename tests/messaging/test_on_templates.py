"""What the pages of content show from messaging."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from kit import display
from messaging import on_templates
from messaging.models import Chatbot, Signature, VendorAccount, VendorMedia
from templates_5g.models import MediaAsset

pytestmark = pytest.mark.django_db


def asset(name):
    values = {"mime": "image/png", "extension": "png", "size": 1, "sha256": name}
    return MediaAsset.objects.create(name=name, file=f"assets/{name}", **values)


def test_where_a_file_stands_outside_of_templates(django_assert_num_queries):
    first, second, unused = asset("a"), asset("b"), asset("c")
    account = VendorAccount.objects.create(name="5G-主账号", vendor="rcs_gateway", base_url="https://x.cn")
    until = datetime(2026, 12, 3, 18, tzinfo=UTC)
    VendorMedia.objects.create(asset=first, account=account, vendor_id="m1", expires_at=until)
    sender = Chatbot.objects.create(
        account=account, name="商城", signature=Signature.objects.create(text="商城"), logo=second
    )
    with translation.override("en"), django_assert_num_queries(2):
        uses = on_templates.media_uses([first.pk, second.pk, unused.pk])
        ends = display.day(until)
    assert set(uses) == {first.pk, second.pk}
    assert [(use.title, use.state) for use in uses[first.pk]] == [("5G-主账号", f"Usable · until {ends}")]
    assert [(use.title, use.url) for use in uses[second.pk]] == [
        ("商城", f"/admin/messaging/chatbot/{sender.pk}/change/")
    ]
