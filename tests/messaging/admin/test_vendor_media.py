"""What a vendor's console knows is registered on pages, so that the six examples of document 001 go out value for value."""

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from campaigns import roles
from campaigns.models import AuditEvent
from messaging.models import TemplateReview, VendorMedia
from messaging.vendors.hanwg.tests import examples
from templates_5g.models import MediaAsset, TemplateVersion
from templates_5g.services import create_template
from tests.markup import read
from tests.messaging.stage import Stage
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:messaging_templatereview_{name}", args=args)


def asset(number: int) -> MediaAsset:
    return MediaAsset.objects.create(
        name=f"图 {number}",
        file=f"media/{number}.jpg",
        mime="image/jpeg",
        extension="jpg",
        size=1000,
        sha256=f"{number:064}",
    )


def with_assets(content: dict[str, Any], assets: dict[str, MediaAsset]) -> dict[str, Any]:
    """The example's content, showing library files in place of its own numbers."""
    # All at once: an id may be another file's number.
    text = re.sub(r'"asset": "(\d+)"', lambda match: f'"asset": "{assets[match[1]].pk}"', json.dumps(content))
    found: dict[str, Any] = json.loads(text)
    return found


def by_hand(client: Any, stage: Stage, version: TemplateVersion, part: str, vendor_id: str) -> None:
    values = {
        "account": stage.account.pk,
        "part": part,
        "vendor_template_id": vendor_id,
        "status": "approved",
        "note": "服务商后台",
    }
    assert client.post(url("by_hand", version.pk), values).status_code == 302


@pytest.mark.parametrize("name", examples.NAMES)
def test_an_example_goes_out_over_the_pages_value_for_value(sandbox: Any, run_queue: Any, name: str) -> None:
    body = examples.sample(name)["body"]
    stage: Any = Stage(sandbox, "hanwg")
    media = examples.MEDIA_IDS.get(name, {})
    stage.world.settings.update(templates=[body["templateId"]], media=list(media.values()))
    assets = {number: asset(int(number)) for number in media}
    content = with_assets(examples.CONTENT[name], assets)
    version = create_template(body["templateName"], "notice", content, examples.FALLBACK.get(name, {}), None)
    client = signed_in(roles.MARKETING)

    by_hand(client, stage, version, "main", body["templateId"])
    for part, vendor_id in examples.PART_IDS.get(name, {}).items():
        by_hand(client, stage, version, part, vendor_id)
    page = read(client.get(url("submit", version.pk)))
    ids_page = url("media_ids", version.pk, stage.account.pk)
    assert (ids_page in page.links) == bool(media)
    if media:
        ids = {f"asset_{assets[number].pk}": vendor_id for number, vendor_id in media.items()}
        answer = client.post(ids_page, {**ids, "note": "服务商后台 11 月 30 日"})
        assert answer.status_code == 302
    page = read(client.get(url("submit", version.pk) + f"?account={stage.account.pk}"))
    values = {
        "token": page.inputs["token"]["value"],
        "signature": stage.signature.pk,
        f"account-{stage.account.pk}-chosen": "on",
        f"account-{stage.account.pk}-chatbot": stage.chatbot.pk,
    }
    answer = client.post(url("submit", version.pk), values)
    assert answer.status_code == 302, read(answer).text
    run_queue()
    review = TemplateReview.objects.get(version=version, part="main", live=True)
    assert review.status in ("waiting", "approved"), review.vendor_message
    assert stage.world.store[body["templateId"]]["body"] == body


class TestIds:
    @pytest.fixture
    def stage(self, sandbox: Any) -> Stage:
        return Stage(sandbox, "hanwg")

    @pytest.fixture
    def version(self, stage: Stage) -> TemplateVersion:
        assets = {"1": asset(1), "2": asset(2)}
        return create_template("轮播", "notice", with_assets(examples.CONTENT["carousel_ch5"], assets), {}, None)

    def test_each_file_has_an_id_of_its_own(self, stage: Stage, version: TemplateVersion) -> None:
        client, page = signed_in(roles.MARKETING), url("media_ids", version.pk, stage.account.pk)
        first, second = MediaAsset.objects.order_by("pk")
        answer = client.post(page, {f"asset_{first.pk}": "m1", f"asset_{second.pk}": "m1", "note": "后台"})
        assert "“m1”已经是另一个文件的编号：每个文件各有一个。" in read(answer).text
        assert not VendorMedia.objects.exists()

    def test_what_was_registered_is_shown_changed_and_forgotten(self, stage: Stage, version: TemplateVersion) -> None:
        client, page = signed_in(roles.MARKETING), url("media_ids", version.pk, stage.account.pk)
        first, second = MediaAsset.objects.order_by("pk")
        client.post(page, {f"asset_{first.pk}": "m1", f"asset_{second.pk}": "m2", "note": "后台"})
        assert read(client.get(page)).inputs[f"asset_{first.pk}"]["value"] == "m1"
        client.post(page, {f"asset_{first.pk}": " m3 ", f"asset_{second.pk}": "", "note": "后台"})
        assert list(VendorMedia.objects.values_list("asset", "vendor_id")) == [(first.pk, "m3")]
        event = AuditEvent.objects.order_by("-pk")[0]
        assert event.detail["media"] == {"图 1": "m3", "图 2": ""}

    @pytest.mark.parametrize(
        ("typed", "sign"),
        [
            ("m 1", "空格"),
            ("m\u30001", "空格"),
            ("媒体1", "“媒”"),
            ("ｍ1", "“ｍ”"),
            ("m\u200b1", "看不见的字符 U+200B"),
            ("m\u00ad1", "看不见的字符 U+00AD"),
        ],
    )
    def test_an_id_with_blanks_or_other_signs_is_refused(
        self, stage: Stage, version: TemplateVersion, typed: str, sign: str
    ) -> None:
        client, page = signed_in(roles.MARKETING), url("media_ids", version.pk, stage.account.pk)
        first, second = MediaAsset.objects.order_by("pk")
        answer = client.post(page, {f"asset_{first.pk}": typed, f"asset_{second.pk}": "m2", "note": "后台"})
        words = f"编号只有英文字母、数字和符号，没有空格。这里有{sign}，请再复制一次。"
        assert read(answer).text.count(words) == 1
        assert not VendorMedia.objects.exists()
        values = {
            "account": stage.account.pk,
            "part": "main",
            "vendor_template_id": typed,
            "status": "approved",
            "note": "x",
        }
        assert words in read(client.post(url("by_hand", version.pk), values)).text
        assert not TemplateReview.objects.exists()

    def test_what_is_copied_along_around_an_id_is_dropped(self, stage: Stage, version: TemplateVersion) -> None:
        client, page = signed_in(roles.MARKETING), url("media_ids", version.pk, stage.account.pk)
        first, _second = MediaAsset.objects.order_by("pk")
        assert client.post(page, {f"asset_{first.pk}": "\ufeff m-1/a\u200b\u3000", "note": "后台"}).status_code == 302
        assert VendorMedia.objects.get().vendor_id == "m-1/a"

    def test_only_who_submits_registers(self, stage: Stage, version: TemplateVersion) -> None:
        page = url("media_ids", version.pk, stage.account.pk)
        for role in (roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS):
            assert signed_in(role).post(page, {"note": "x"}).status_code == 403
