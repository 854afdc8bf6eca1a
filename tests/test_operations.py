"""Each of the 45 operations of the five documents is reached by the screen, schedule or command that docs/operations.md
names: every way is walked against the sandbox, and the vendor exchange that it leaves says which operation it was."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from messaging import queue
from messaging.gateway.registry import all_vendors
from messaging.models import CallbackEvent, Dispatch, PollState, Reply, TemplateReview, VendorCall
from messaging.sending import hand_over
from messaging.worker import tasks
from tests.markup import read
from tests.messaging.stage import PLAIN_SMS, SMS, TEXT, Stage, still
from tests.people import person, signed_in, token_on
from tools.demo import seed

pytestmark = pytest.mark.django_db

DOCUMENT = Path(__file__).parent.parent / "docs" / "operations.md"
LINK = {"kind": "sms", "text": "会员日满300减50，详情 {#短网址#} 拒收请回复R"}
PLAIN_TEXT = {**TEXT, "text": "您的订单已到店，请三日内领取。"}


class Office(Stage):
    """The stage with an administrator at the screen."""

    def __init__(self, sandbox: Any, vendor: str, tmp_path: Path, **settings: Any) -> None:
        super().__init__(sandbox, vendor, **settings)
        self.screen = signed_in(superuser=True)
        self.folder = tmp_path

    def url(self, page: str, *args: Any) -> str:
        return reverse(f"admin:messaging_{page}", args=args)

    def press(self, page: str, *args: Any) -> None:
        answer = self.screen.post(self.url(page, *args))
        assert answer.status_code == 302, page
        queue.run_waiting()

    def submit_page(self, version: Any, **values: Any) -> TemplateReview:
        """The page 提交审核: choose the account, submit."""
        url, prefix = self.url("templatereview_submit", version.pk), f"account-{self.account.pk}"
        data = {"token": token_on(self.screen, url), "signature": self.signature.pk, f"{prefix}-chosen": "on"}
        if self.chatbot:
            data[f"{prefix}-chatbot"] = self.chatbot.pk
        answer = self.screen.post(url, {**data, **{f"{prefix}-option_{name}": values[name] for name in values}})
        assert answer.status_code == 302, read(answer).text
        queue.run_waiting()
        return TemplateReview.objects.get(version=version, account=self.account, live=True)

    def test_page(self, version: Any, numbers: int, *values: str, **options: str) -> None:
        """The page 发送测试: fill in, confirm, and the worker sends."""
        url = self.url("dispatch_test_send", version.pk, self.account.pk)
        data: dict[str, Any] = {
            "numbers": "\n".join(str(13800000001 + n) for n in range(numbers)),
            "signature": self.signature.pk,
            **{f"variable_{index}": value for index, value in enumerate(values)},
            **{f"option_{name}": value for name, value in options.items()},
        }
        token = token_on(self.screen, url, data)
        assert self.screen.post(url, {**data, "token": token}).status_code == 302
        hand_over.send_some(Dispatch.objects.latest("pk").pk)

    def command(self, text: str, *options: str) -> None:
        """manage.py send_texts."""
        people = self.folder / "people.csv"
        people.write_text("手机号,姓名,码\n13800000001,王,11\n13800000002,李,22\n", encoding="utf-8")
        more = [word for option in options for word in ("--option", option)]
        arguments = [self.account.name, str(people), text, "--signature", self.signature.text, "--yes"]
        arguments += ["--purpose", "notice"]
        call_command("send_texts", *arguments, *more, verbosity=0)
        hand_over.send_some(Dispatch.objects.latest("pk").pk)

    def pushed(self, kind: str) -> None:
        self.deliver([push for push in self.pushes() if push.kind == kind])
        assert CallbackEvent.objects.filter(account=self.account, kind=kind, polled=False, state="applied").exists()


Way = Callable[[Office], Any]


def schedule(office: Office) -> None:
    """The tick: what is due is asked by a worker."""
    tasks.tick()
    queue.run_waiting()


def ask_now(office: Office) -> None:
    office.press("vendoraccount_poll", office.account.pk)


def balance(office: Office) -> None:
    office.press("vendoraccount_balance", office.account.pk)
    office.account.refresh_from_db()


def answer_a_reply(office: Office) -> None:
    reply = Reply.objects.create(
        account=office.account, key="1", phone="13800000001", content="几点关门", replied_at=timezone.now()
    )
    token = token_on(office.screen, office.url("reply_change", reply.pk))
    data = {"token": token, "text": "晚上九点。", "signature": office.signature.pk}
    assert office.screen.post(office.url("reply_answer", reply.pk), data).status_code == 302
    hand_over.send_some(Dispatch.objects.latest("pk").pk)


def edit_what_exists(office: Office) -> None:
    version = office.version(PLAIN_TEXT)
    by_hand = {
        "account": office.account.pk,
        "part": "main",
        "vendor_template_id": office.mount.sandbox.templates[0],
        "status": "approved",
        "note": "控制台",
    }
    assert office.screen.post(office.url("templatereview_by_hand", version.pk), by_hand).status_code == 302
    office.submit_page(version)


def refresh(office: Office) -> None:
    office.world.settings["auto_approve"] = False
    review = office.submit_page(office.version())
    office.mount.approve(review.vendor_template_id, True, "")
    office.press("templatereview_refresh", review.pk)
    review.refresh_from_db()
    assert review.status == "approved"


def delete(office: Office) -> None:
    review = office.submit_page(office.version())
    url = office.url("templatereview_withdraw", review.pk)
    assert office.screen.post(url, {"token": token_on(office.screen, url)}).status_code == 302
    review.refresh_from_db()
    assert review.status == "withdrawn"
    assert office.world.store["templates"] == {}


def retrieve(office: Office) -> None:
    office.test_page(office.version(PLAIN_SMS), 1)
    end = timezone.localtime()
    span = {
        name: at.strftime("%Y-%m-%dT%H:%M:%S") for name, at in (("start", end - timedelta(minutes=15)), ("end", end))
    }
    answer = office.screen.post(office.url("vendoraccount_retrieve", office.account.pk), span)
    assert answer.status_code == 302, read(answer).text


def confirmed(office: Office) -> None:
    office.test_page(office.approved(), 1, "5")
    office.mount.reply("13800000001", "好的")
    ask_now(office)
    assert office.world.store["replies"] == []


def sent_by_test(content: dict[str, Any], numbers: int, *values: str, **options: str) -> Way:
    def way(office: Office) -> None:
        office.test_page(office.version(content), numbers, *values, **options)

    return way


def sent_approved(content: dict[str, Any] | None, numbers: int, *values: str) -> Way:
    def way(office: Office) -> None:
        office.test_page(office.approved(content), numbers, *values)

    return way


def submit_a_card(office: Office) -> None:
    picture = seed.picture(person(superuser=True))
    office.submit_page(office.version(seed.card(picture, "会员日", "满300减50。拒收请回复R", [])))


def submitted(content: dict[str, Any] | None) -> Way:
    return lambda office: office.submit_page(office.version(content))


def pushed(kind: str, before: Way, **world: Any) -> Way:
    def way(office: Office) -> None:
        office.world.settings.update(world)
        before(office)
        if kind == "reply":
            office.mount.reply("13800000001", "好的")
        office.pushed(kind)

    return way


# What a way stands for in docs/operations.md, the account's settings, and the way itself.
SCREEN_SUBMIT, SCREEN_TEST, SCREEN_ACCOUNT = "提交审核页", "发送测试页、活动", "账号页"
SCREEN_TEXTS = "活动、manage.py send_texts"
COMMAND, POLLING, PUSHED, ANSWER = "manage.py send_texts", "轮询计划、账号页“立即查询”", "回调地址", "回复收件箱"
ANY: dict[str, Any] = {}
PLAIN = {"interface": "plain"}
PLAIN_PUSHES = {**PLAIN, "pushes": "plain"}
WAYS: dict[tuple[str, str], tuple[str, dict[str, Any], Way]] = {
    ("rcs_gateway", "send"): (ANSWER, ANY, answer_a_reply),
    ("rcs_gateway", "p2p"): (COMMAND, ANY, lambda office: office.command("${姓名}，订单已到店。")),
    ("rcs_gateway", "templateAdd"): (SCREEN_SUBMIT, ANY, submit_a_card),
    ("rcs_gateway", "review"): (PUSHED, ANY, pushed("review", submit_a_card)),
    ("rcs_gateway", "templateSend"): (SCREEN_TEST, ANY, sent_approved(PLAIN_TEXT, 2)),
    ("rcs_gateway", "templateP2P"): (SCREEN_TEST, ANY, sent_approved(TEXT, 2, "5")),
    ("rcs_gateway", "receipt"): (PUSHED, ANY, pushed("receipt", sent_approved(PLAIN_TEXT, 1))),
    ("rcs_gateway", "reply"): (PUSHED, ANY, pushed("reply", sent_approved(PLAIN_TEXT, 1))),
    ("rcs_gateway", "balance"): (SCREEN_ACCOUNT, ANY, balance),
    ("rcs_gateway", "templateTextAdd"): (SCREEN_SUBMIT, ANY, submitted(PLAIN_TEXT)),
    ("hanwg", "template_edit"): (SCREEN_SUBMIT, ANY, edit_what_exists),
    ("veesing", "create"): (SCREEN_SUBMIT, ANY, submitted(None)),
    ("veesing", "send"): (SCREEN_TEST, ANY, sent_approved(None, 2)),
    ("veesing", "review"): (PUSHED, ANY, pushed("review", submitted(None))),
    ("veesing", "receipt"): (PUSHED, ANY, pushed("receipt", sent_approved(None, 1))),
    ("veesing", "balance"): (SCREEN_ACCOUNT, ANY, balance),
    ("yixintong", "send"): (SCREEN_TEST, ANY, sent_approved(None, 2, "5")),
    ("yixintong", "report"): (POLLING, ANY, schedule),
    ("yixintong", "reply"): (POLLING, ANY, ask_now),
    ("yixintong", "confirm"): ("轮询后自动确认", ANY, confirmed),
    ("emay", "single"): (SCREEN_TEST, ANY, sent_by_test(PLAIN_SMS, 1)),
    ("emay", "batch"): (SCREEN_TEST, ANY, sent_by_test(PLAIN_SMS, 2)),
    ("emay", "batch_only"): (SCREEN_TEST, {"custom_ids": False}, sent_by_test(PLAIN_SMS, 2)),
    ("emay", "personal"): (SCREEN_TEXTS, ANY, lambda office: office.command("${姓名}，您好")),
    ("emay", "personal_all"): (COMMAND, ANY, lambda office: office.command("${姓名}，您好", "code_column=码")),
    ("emay", "template_create"): (SCREEN_SUBMIT, ANY, submitted(None)),
    ("emay", "template_delete"): ("审核记录页“在服务商处删除”", ANY, delete),
    ("emay", "template_query"): ("审核记录页“查询结果”、定时", ANY, refresh),
    ("emay", "template_normal"): (SCREEN_TEST, ANY, sent_approved(PLAIN_SMS, 2)),
    ("emay", "template_variable"): (SCREEN_TEST, ANY, sent_approved(SMS, 2, "5")),
    ("emay", "short_link"): (
        SCREEN_TEST,
        ANY,
        sent_by_test(LINK, 2, short_link_url="https://shop.example.com", short_link_rule="2"),
    ),
    ("emay", "report"): (POLLING, ANY, schedule),
    ("emay", "reply"): (POLLING, ANY, ask_now),
    ("emay", "click"): (POLLING, ANY, schedule),
    ("emay", "balance"): (SCREEN_ACCOUNT, ANY, balance),
    ("emay", "plain_send"): (SCREEN_TEST, PLAIN, sent_by_test(PLAIN_SMS, 2)),
    ("emay", "plain_personal"): (COMMAND, PLAIN, lambda office: office.command("${姓名}，您好")),
    ("emay", "plain_report"): (POLLING, PLAIN, schedule),
    ("emay", "plain_reply"): (POLLING, PLAIN, ask_now),
    ("emay", "plain_balance"): (SCREEN_ACCOUNT, PLAIN, balance),
    ("emay", "push_report"): (PUSHED, ANY, pushed("receipt", sent_by_test(PLAIN_SMS, 1))),
    ("emay", "push_reply"): (PUSHED, ANY, pushed("reply", sent_by_test(PLAIN_SMS, 1))),
    ("emay", "push_report_plain"): (
        PUSHED,
        PLAIN_PUSHES,
        pushed("receipt", sent_by_test(PLAIN_SMS, 1), pushes="plain"),
    ),
    ("emay", "push_reply_plain"): (PUSHED, PLAIN_PUSHES, pushed("reply", sent_by_test(PLAIN_SMS, 1), pushes="plain")),
    ("emay", "retrieve"): ("账号页“补取回执”、定时、manage.py retrieve_receipts", ANY, retrieve),
}
DECLARED = {(code, item.key): item for code, vendor in all_vendors().items() for item in vendor.operations}


@pytest.fixture
def office(db, sandbox, tmp_path, settings, operation):
    settings.MEDIA_ROOT = tmp_path
    vendor, key = operation
    with still(sandbox) as server:
        yield Office(server, vendor, tmp_path, **WAYS[vendor, key][1])


@pytest.mark.parametrize("operation", WAYS, ids="-".join)
def test_the_way_reaches_the_operation(office, operation):
    vendor, key = operation
    WAYS[operation][2](office)
    if DECLARED[operation].inbound:
        return  # the way itself looks that the push was taken and applied
    calls = VendorCall.objects.filter(account=office.account, operation=key)
    assert calls.filter(outcome="answered", status=200).exists(), list(
        VendorCall.objects.values_list("operation", "outcome", "answer")
    )
    if DECLARED[operation].method == "send":
        assert office.accepted(), "the vendor refused it"


def test_every_declared_operation_has_its_way_and_there_are_45():
    assert set(WAYS) == set(DECLARED)
    counted = {code: len(vendor.operations) for code, vendor in all_vendors().items()}
    assert counted == {"rcs_gateway": 10, "hanwg": 1, "veesing": 5, "yixintong": 4, "emay": 25}


def test_the_list_in_the_documentation_is_this_one():
    """| operation | section | address | reached by |, under a heading for each vendor."""
    found, vendor = {}, ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## .*`(\w+)`", line):
            vendor = heading[1]
        elif row := re.match(r"\| `(\w+)` \| ([^|]*) \| `?([^|`]*)`? \| ([^|]*) \|", line):
            found[vendor, row[1]] = tuple(cell.strip() for cell in row.groups()[1:])
    expected = {key: (item.section, item.address or "—", WAYS[key][0]) for key, item in DECLARED.items()}
    assert found == expected


@pytest.mark.parametrize("operation", [("emay", "click")], ids="-".join)
def test_clicks_are_stored_and_shown_with_the_number(office):
    office.world.settings["click_every"] = 1
    sent_by_test(LINK, 1, short_link_url="https://shop.example.com/vip", short_link_rule="2")(office)
    schedule(office)
    from messaging.admin_base import lookup_address

    page = office.screen.get(lookup_address("13800000001")).content.decode()
    assert "https://shop.example.com/vip" in page


@pytest.mark.parametrize("operation", [("emay", "report")], ids="-".join)
def test_the_account_page_shows_what_was_asked_and_answered(office):
    schedule(office)
    assert set(PollState.objects.values_list("kind", flat=True)) == {"receipt", "reply", "click"}
    page = office.screen.get(office.url("vendoraccount_change", office.account.pk)).content.decode()
    assert page.count("<time datetime=") >= 6
    assert office.url("vendoraccount_poll", office.account.pk) in page
    assert office.url("vendoraccount_retrieve", office.account.pk) in page
