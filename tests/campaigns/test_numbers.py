"""One number: where its consent stands, its evidence pack, and how it is found by the last four digits."""

import csv
import hashlib
import io
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import roles
from campaigns.models import AuditEvent
from campaigns.reports import evidence
from kit import phone_keys
from messaging.models import Dispatch, Suppression
from tests.campaigns.conftest import Maker
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db
PHONE = "13800000001"


@pytest.fixture
def known(house: Any) -> Any:
    """In two audiences; sent to, opted out and allowed again."""
    maker = Maker()
    for audience, consent in (
        (maker.audience([(PHONE, {"姓名": "王芳"})]), {"consent_source": "会员注册页", "consent_on": "2026-10-01"}),
        (maker.audience([("13900000009", {}), (PHONE, {})]), {"consent_source": "", "consent_on": None}),
    ):
        type(audience).objects.filter(pk=audience.pk).update(**consent)
    house.make_dispatch([PHONE, "13800000002", "13900000001"], variables={"姓名": "=王芳"})
    Suppression.objects.create(phone=PHONE, scope="all", source="hand", note="投诉")
    return house


def test_every_file_that_holds_the_number_with_one_probe_each(known: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        found = evidence.consents(PHONE)
    assert [row.audience.consent_source for row in found] == ["", "会员注册页"]
    assert len(queries) == 2
    page = read(signed_in(roles.SUPPORT).get(reverse("admin:phone_lookup_key", args=[phone_keys.seal(PHONE)]))).text
    assert "会员注册页" in page
    assert "移动" in page
    assert "号段推断" in page


def test_the_pack_holds_everything_and_its_hashes(known: Any) -> None:
    client = signed_in(roles.SUPPORT)
    url = reverse("admin:number_evidence", args=[phone_keys.seal(PHONE)])
    assert "application/zip" not in client.get(url).headers["Content-Type"]
    assert "写明用途。" in read(client.post(url, {"why": "other", "note": ""})).text
    answer = client.post(url, {"why": "complaint", "note": "工单 7"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    names = archive.namelist()
    assert len(names) == 7
    cover = archive.read(names[0]).decode("utf-8-sig")
    assert PHONE in cover
    assert "投诉处理" in cover
    for name in names[1:]:
        assert f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}" in cover
    rows = [list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))) for name in names[1:-1]]
    assert [len(each) for each in rows] == [3, 2, 1, 2, 1]
    assert rows[0][2][1:3] == ["会员注册页", "2026-10-01"]
    assert rows[1][1][3] == "会员日满减"
    assert "会员日满减" in archive.read(names[-1]).decode()
    assert rows[3][1][3] == "投诉"
    assert PHONE not in answer.headers["Content-Disposition"]
    event = AuditEvent.objects.get(action="evidence.taken")
    told = {name: event.detail[name] for name in ("phone", "why", "note", "full_numbers")}
    assert told == {"phone": "138****0001", "why": "complaint", "note": "工单 7", "full_numbers": True}


@pytest.mark.parametrize("role", [roles.MARKETING, roles.CAMPAIGNS, roles.ADMINISTRATORS])
def test_the_pack_is_for_those_who_may_see_full_numbers(known: Any, role: str) -> None:
    client = signed_in(role)
    url = reverse("admin:number_evidence", args=[phone_keys.seal(PHONE)])
    assert client.post(url, {"why": "call"}).status_code == 403
    assert not AuditEvent.objects.filter(action="evidence.taken").exists()


def test_the_last_four_digits_within_a_campaign(known: Any) -> None:
    maker = Maker()
    maker.number = 10
    dispatch = known.make_dispatch(["13700000001", "13800000001", "13800000012"])
    campaign = maker.campaign(
        [("13700000001", {})], account=known.account, version=known.version, signature=known.signature
    )
    type(campaign).objects.filter(pk=campaign.pk).update(run_id=dispatch.run_id, dispatch=dispatch)
    followed = known.make_dispatch(["13600000001"])  # newly in the list, and so in a later leg alone
    Dispatch.objects.filter(pk=followed.pk).update(run_id=dispatch.run_id, leg="follow-1")
    followed.deliveries.update(run_id=dispatch.run_id, leg="follow-1")
    client = signed_in(roles.SUPPORT)
    url = reverse("admin:number_find")
    text = read(client.post(url, {"campaign": campaign.pk, "digits": "0001"})).text
    assert "136****0001" in text
    assert "137****0001" in text
    assert "138****0001" in text
    assert "139****0001" not in text  # of another dispatch
    assert "138****0012" not in text
    assert "没有这个后四位" in read(client.post(url, {"campaign": campaign.pk, "digits": "9999"})).text
    assert "应为 4 位数字" in read(client.post(url, {"campaign": campaign.pk, "digits": "1"})).text
    assert signed_in(roles.MARKETING).get(url).status_code == 403


def test_what_every_audience_rests_on(known: Any) -> None:
    text = read(signed_in(roles.SUPPORT).get(reverse("admin:consent_records"))).text
    assert "会员注册页" in text
    assert "没有同意记录" in text
    assert signed_in(roles.MARKETING).get(reverse("admin:consent_records")).status_code == 403
