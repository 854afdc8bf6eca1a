"""The main path of each user group in a browser, by its own role; what a role may not do is absent, and refused when asked."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from campaigns import roles
from campaigns.models import Campaign
from kit import phone_keys
from messaging.callbacks import process
from messaging.deliveries import status
from messaging.models import CannedAnswer, Delivery, Dispatch, Reply, Suppression, TemplateReview
from messaging.sending import hand_over
from templates_5g.models import TemplateVersion
from tests.browser.driver import Editor
from tests.builders import House
from tests.installation import no_limits
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "13800000003"


class Somebody:
    """One person of one role at the browser, in Chinese."""

    def __init__(self, page: Page, base: str, role: str) -> None:
        self.page, self.base = page, base
        self.client = Client()
        self.client.force_login(person(role))
        page.context.add_cookies(
            [
                {"name": "sessionid", "value": self.client.cookies["sessionid"].value, "url": base},
                {"name": "django_language", "value": "zh-hans", "url": base},
            ]
        )
        page.set_default_timeout(8000)

    def open(self, name: str, *args: Any) -> None:
        self.page.goto(self.base + reverse(f"admin:{name}", args=args))

    def press(self, words: str) -> None:
        """A button or a link that looks like one."""
        button = self.page.get_by_role("button", name=words, exact=False)
        link = self.page.get_by_role("link", name=words, exact=False)
        self.page.locator("main, #content").locator(button.or_(link)).first.click()

    def sees(self, words: str) -> None:
        expect(self.page.locator("body")).to_contain_text(words)

    def menu(self) -> list[str]:
        return [entry.strip().split("\n")[0] for entry in self.page.locator(".menu-item").all_inner_texts()]

    def refused(self, name: str, *args: Any, post: bool = False) -> bool:
        url = reverse(f"admin:{name}", args=args)
        answer = self.client.post(url) if post else self.client.get(url)
        return bool(answer.status_code == 403)


@pytest.fixture
def come(page: Page, complaints: Any, live_server: Any, closed_first: None, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path
    no_limits()
    return lambda role: Somebody(page, live_server.url, role)


def test_marketing_builds_and_submits_and_cannot_send(come: Any, sandbox: Any) -> None:
    house = House(sandbox)
    me = come(roles.MARKETING)
    me.open("templates_5g_messagetemplate_add")
    me.page.locator('input[name="name"]').fill("会员周")
    me.page.locator('input[name="kind"][value="text"]').check()
    me.page.locator('main button[type="submit"], form button.primary').last.click()
    expect(me.page.locator("#template-editor[data-ready=true]")).to_be_attached()
    Editor(me.page, me.page.url).type("text", "会员周满 300 减 50，拒收请回复R")
    me.press("送审")
    me.page.locator('select[name="signature"]').select_option(str(house.signature.pk))
    me.page.locator(f'input[name="account-{house.account.pk}-chosen"]').check()
    me.press("送审")
    expect(me.page.locator(".messagelist, .messages")).to_contain_text("5G-主账号")
    version = TemplateVersion.objects.get(template__name="会员周")
    assert version.is_frozen
    assert TemplateReview.objects.filter(version=version, account=house.account).count() == 1

    assert not {"号码查询", "回复", "拒收名单", "服务商账号", "结果未知"} & set(me.menu())
    me.open("campaigns_campaign_changelist")
    assert me.page.get_by_role("link", name="新建活动").count() == 0
    assert me.refused("campaigns_campaign_add")
    assert me.refused("campaigns_audience_add")
    assert me.refused("phone_lookup")
    assert me.refused("messaging_vendoraccount_add")


def test_a_campaign_manager_imports_checks_confirms_and_watches(
    come: Any, sandbox: Any, run_queue: Any, tmp_path: Path
) -> None:
    house = House(sandbox)
    file = tmp_path / "会员.csv"
    rows = [f"1380000000{n},客{n}" for n in range(8)]
    file.write_text("手机号,姓名\n" + "\n".join([*rows, "123,坏"]) + "\n", encoding="utf-8")
    me = come(roles.CAMPAIGNS)
    me.open("campaigns_audience_add")
    me.page.locator('input[name="name"]').fill("十一月会员")
    me.page.locator('input[name="consent_source"]').fill("门店登记表")
    me.page.locator('input[name="consent_on"]').fill("2026-01-08")
    me.page.locator('input[type="file"]').set_input_files(file)
    me.page.locator("form button.primary").last.click()
    me.sees("手机号")
    me.page.locator("form button.primary").last.click()
    run_queue()
    me.sees("8 人")
    me.page.locator("form button.primary").last.click()
    me.sees("十一月会员")

    me.open("campaigns_campaign_add")
    me.page.locator('input[name="name"]').fill("会员周")
    for field, row in (("version", house.version), ("account", house.account), ("signature", house.signature)):
        me.page.locator(f'select[name="{field}"]').select_option(str(row.pk))
    me.page.locator('select[name="chatbot"]').select_option(str(house.chatbot.pk))
    me.page.locator('select[name="audience"]').select_option(index=1)
    me.page.locator("form button.primary").last.click()
    me.sees("发送前核对")
    me.sees("= ")
    me.page.locator("a.primary").click()
    me.page.locator("form.confirm button.primary").click()
    campaign = Campaign.objects.get()
    run_queue()
    campaign.refresh_from_db()
    assert campaign.dispatch_id
    hand_over.send_some(campaign.dispatch_id)
    expect(me.page.locator("[data-refresh]")).to_contain_text("8 / 8")
    assert house.accepted() == {f"1380000000{n}": 1 for n in range(8)}

    assert not {"服务商账号和凭据", "用户", "角色"} & set(me.menu())
    assert me.refused("templates_5g_messagetemplate_add")
    assert me.refused("messaging_suppression_add")
    assert me.refused("phone_lookup_reveal", phone_keys.seal(PHONE))
    assert me.refused("messaging_vendoraccount_add")


def test_support_looks_up_suppresses_and_answers(come: Any, house: House) -> None:
    dispatch = house.make_dispatch([PHONE])
    reply = Reply.objects.create(
        account=house.account, key="r1", phone=PHONE, content="能叠加吗", replied_at=dispatch.created_at,
        delivery=dispatch.deliveries.get(),
    )  # fmt: skip
    canned = CannedAnswer.objects.create(title="满减规则", text="您好，满减不与其他券同用。")
    me = come(roles.SUPPORT)
    me.open("index")
    me.page.locator('header input[type="search"], #header input[type="search"]').first.fill("138 0000 0003")
    me.page.keyboard.press("Enter")
    me.sees("138****0003")
    me.sees("会员日满减")
    assert PHONE not in me.page.url
    assert PHONE not in me.page.content()

    me.open("messaging_reply_changelist")
    me.page.get_by_role("link", name="能叠加吗").click()
    me.page.locator('select[name="canned"]').select_option(str(canned.pk))
    me.press("用这条")
    expect(me.page.locator('textarea[name="text"]')).to_have_value(canned.text)
    me.press("发送答复")
    me.sees("答复已交出，共 1 人")
    answer = Dispatch.objects.get(kind=Dispatch.Kind.ANSWER)
    assert (answer.text, answer.deliveries.get().phone) == (canned.text, PHONE)
    reply.refresh_from_db()
    assert reply.state == Reply.State.ANSWERED

    me.press("登记拒收")
    me.page.locator('input[name="note"]').fill("来电要求")
    me.page.locator("form button.primary").last.click()
    me.sees("来电要求")
    assert Suppression.objects.get().created_by.username == roles.SUPPORT  # type: ignore[union-attr]
    assert status.dispatch_counts([dispatch.pk]) == {"skipped": 1}

    assert not {"人群", "服务商账号", "结果未知", "审批"} & set(me.menu())
    assert me.refused("campaigns_campaign_add")
    assert me.refused("unknown_outcomes")
    assert me.refused("templates_5g_messagetemplate_add")


def test_an_opt_out_that_arrives_while_its_campaign_is_queued_stops_it(come: Any, house: House) -> None:
    """Pushed by the vendor to the callback, seen by support on the number's page; the batch goes out without the person."""
    earlier = house.make_dispatch([PHONE], title="上一轮")
    hand_over.send_some(earlier.pk)
    dispatch = house.make_dispatch([PHONE, "13800000004"], title="双十二预告")
    assert status.dispatch_counts([dispatch.pk]) == {"queued": 2}
    row = {"mobile": PHONE, "content": "R", "deliverTime": "2026-11-20 18:05:00", "taskId": "", "callData": ""}
    assert house.push("reply", [row], client=Client()).status_code == 200
    process.apply_new()
    assert status.dispatch_counts([dispatch.pk]) == {"skipped": 1, "queued": 1}
    hand_over.send_some(dispatch.pk)
    assert house.accepted() == {PHONE: 1, "13800000004": 1}
    assert Delivery.objects.get(dispatch=dispatch, phone=PHONE).reason == "opted_out"
    me = come(roles.SUPPORT)
    me.page.goto(me.base + reverse("admin:phone_lookup_key", args=[phone_keys.seal(PHONE)]))
    entry = me.page.locator(".timeline li", has_text="双十二预告")
    expect(entry).to_contain_text("未发送")
    expect(entry).to_contain_text("客户回复：R")
    expect(me.page.locator(".timeline")).to_contain_text("已自动加入拒收名单")
