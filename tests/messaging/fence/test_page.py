"""The page of the restore fence, and what is shown everywhere while it holds."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import roles
from messaging import fence
from messaging.deliveries import status
from messaging.models import Batch, FenceHold, VendorAccount
from templates_5g.services import create_template
from tests.builders import phones
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def restored(hosts, queued, monkeypatch, backup):
    host = hosts()
    host.beat()
    before = backup()
    host.send(queued, monkeypatch)
    before.restore()
    host.ends()
    host.look()
    return FenceHold.objects.get()


@pytest.fixture
def page():
    return signed_in(roles.ADMINISTRATORS)


def decide(page, hold, act, **data):
    """Through the confirmation, as a person does."""
    address = reverse("admin:fence_act", args=[hold.pk, act])
    shown = page.post(address, {key: value for key, value in data.items() if key == "dispatch"})
    assert shown.status_code == 200, shown.headers
    token = re.search(r'name="token" value="([^"]+)"', shown.content.decode())[1]
    done = page.post(address, {"reason": "核对过", "token": token, **data}, follow=True)
    return done.content.decode()


def test_the_bar_stands_on_every_page_for_everybody_and_leads_those_on_who_may_decide(restored, page):
    for role in roles.PERMISSIONS:
        shown = signed_in(role).get("/admin/").content.decode()
        assert "fence-hold" in shown
        assert (reverse("admin:fence") in shown) is (role == roles.ADMINISTRATORS)


def test_only_who_may_decide_opens_the_page(restored):
    for role in (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT):
        assert signed_in(role).get(reverse("admin:fence")).status_code == 403
        assert signed_in(role).post(reverse("admin:fence_act", args=[restored.pk, "sent"])).status_code == 403


def test_it_says_why_what_and_how_many(restored, page, queued):
    shown = page.get(reverse("admin:fence")).content.decode()
    assert queued.title in shown
    assert ">60<" in shown
    assert "数据库被还原到了较早的状态" in shown


def test_it_shows_the_message_as_the_first_person_gets_it_and_what_each_round_costs(restored, page, queued, house):
    VendorAccount.objects.update(prices={"rcs": "0.08", "sms": "0.045"})
    sms = {"kind": "sms", "text": "您好 ${姓名}，满 300 减 50，拒收请回复R"}
    version = create_template("短信提醒", "marketing", sms, {}, None)
    text = {"姓名": "王五 13812345678"}
    other = house.make_dispatch(phones(4, 13700000000), title="短信", version=version, variables=text)
    free = house.make_dispatch(phones(2, 13600000000), title="验证码", version=None, text="您的验证码 123456" * 12)
    first = queued.batches.first()
    for made in (other, free):
        made.batches.update(reason="restored", split_from=first)
    shown = read(page.get(reverse("admin:fence"))).text
    assert "正文: 双十一满 300 减 50，拒收请回复R" in shown
    assert "60 ¥4.80" in shown
    assert "正文: 【示例商城】您好 王五 138****5678，满 300 减 50，拒收请回复R" in shown
    assert "4 ¥0.18" in shown
    assert "2 ¥0.27" in shown, "three parts of an SMS each"
    assert "没有停发" not in shown
    assert shown.count("数据库被还原到了较早的状态") == 1
    address = reverse("admin:fence_act", args=[restored.pk, "let-go"])
    asked = read(page.post(address, {"dispatch": [queued.pk, other.pk]})).text
    assert "现在发送的花费 ¥4.98" in asked
    assert "【示例商城】您好 王五 138****5678" in asked
    assert "13812345678" not in asked


def test_a_cost_that_is_not_known_says_so(restored, page, queued):
    assert "60 不知道：账号没有填价格" in read(page.get(reverse("admin:fence"))).text


def test_many_rounds_cost_no_more_queries(restored, page, queued, house):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert page.get(reverse("admin:fence")).status_code == 200
        return len(queries)

    few = cost()
    for number in range(12):
        made = house.make_dispatch(phones(2, 13_500_000_000 + 10 * number), title=f"轮次 {number}")
        made.batches.update(reason="restored", split_from=queued.batches.first())
    assert cost() <= few


def test_step_by_step_to_the_end(restored, page, queued, house, hosts, monkeypatch):
    assert "先处理退订" in page.get(reverse("admin:fence")).content.decode()
    decide(page, restored, "waive")
    listed = SimpleUploadedFile("list.csv", "\n".join(["手机号", *phones(60)]).encode())
    assert "60" in decide(page, restored, "listed", dispatch=[queued.pk], file=listed)
    assert status.dispatch_counts([queued.pk]) == {"submitted": 60}
    decide(page, restored, "end")
    assert fence.everywhere() is None
    shown = page.get(reverse("admin:fence")).content.decode()
    assert "没有停发" in shown
    assert "以前的停发" in shown
    assert hosts().send(queued, monkeypatch) in ("nothing", "state")
    assert set(house.accepted().values()) == {1}


def test_unknown_and_let_go_and_notices_from_the_page(restored, page, queued, house, hosts, monkeypatch):
    other = house.make_dispatch(phones(4, 13700000000))
    other.batches.update(reason="restored", split_from=queued.batches.first())
    decide(page, restored, "imported")
    decide(page, restored, "notices")
    decide(page, restored, "unknown", dispatch=[queued.pk])
    decide(page, restored, "let-go", dispatch=[other.pk])
    restored.refresh_from_db()
    assert (restored.opt_outs, restored.notices_free, restored.let_go) == ("imported", True, [other.pk])
    assert set(Batch.objects.filter(dispatch=queued).values_list("state", flat=True)) == {"unknown"}
    assert hosts().send(other, monkeypatch) == "nothing"


def test_marketing_is_not_let_go_before_the_opt_outs(restored, page, queued):
    assert "先导入丢失时间里的退订" in decide(page, restored, "let-go", dispatch=[queued.pk])


def test_a_list_with_nothing_in_it_says_so_and_changes_nothing(restored, page, queued):
    empty = SimpleUploadedFile("list.csv", "备注\n没有\n".encode())
    assert "第 2 行" in decide(page, restored, "listed", dispatch=[queued.pk], file=empty)
    assert set(Batch.objects.values_list("state", flat=True)) == {"queued"}


def test_the_same_form_twice_is_done_once(restored, page, queued):
    address = reverse("admin:fence_act", args=[restored.pk, "unknown"])
    shown = page.post(address, {"dispatch": [queued.pk]}).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', shown)[1]
    data = {"reason": "x", "token": token, "dispatch": [queued.pk]}
    page.post(address, data)
    page.post(address, data)
    assert set(Batch.objects.values_list("attempts_made", flat=True)) == {1}


def test_strange_addresses(restored, page):
    assert page.get(reverse("admin:fence_act", args=[restored.pk, "fly"])).status_code == 404
    assert page.get(reverse("admin:fence_act", args=[999_999, "sent"])).status_code == 404
    assert page.get(reverse("admin:fence_act", args=[restored.pk, "sent"])).status_code == 302, "nothing was chosen"


def test_a_hold_of_one_account_names_it(house, queued, page):
    fence.hold(fence.Rule.OTHER_LIFE, {"reference": "s1"}, house.account)
    assert house.account.name in page.get("/admin/").content.decode()
    assert house.account.name in page.get(reverse("admin:fence")).content.decode()
