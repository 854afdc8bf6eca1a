"""The evidence pack: each message as its receiver saw it, and all that was heard of it; readable, and with hashes."""

import csv
import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from kit import phone_keys
from messaging.models import Attempt, Batch, Chatbot, Delivery, Dispatch, Receipt
from messaging.sending import texts
from messaging.sending.spec import Message
from messaging.states import AttemptOutcome, BatchState, OwnStatus
from templates_5g.models import MediaAsset
from tests.campaigns.conftest import Maker
from tests.people import signed_in

pytestmark = pytest.mark.django_db
PHONE = "13800000001"
VALUES = {"姓名": "李四", "余额": "73.50"}
LINK = {
    "type": "open_url",
    "label": "看看${姓名}",
    "data": "",
    "url": "https://example.com/a?n=${姓名}",
    "application": "browser",
}


@pytest.fixture
def maker():
    return Maker()


@pytest.fixture
def picture(db):
    values = {
        "mime": "image/jpeg",
        "extension": "jpg",
        "size": 20_480,
        "sha256": "ab" * 32,
        "width": 800,
        "height": 600,
    }
    return MediaAsset.objects.create(name="海报.jpg", file="assets/poster", **values)


def sent(
    maker, version, account, *, own_status=None, channel="", word="", variables=None, text="", batch_text="", **values
):
    """A dispatch to PHONE that the vendor has accepted."""
    signature = maker.signature()
    more = {"vendor_id": "c1", "signature": signature}
    chatbot, _made = Chatbot.objects.get_or_create(account=account, name="示例商城", defaults=more)
    given = {"title": "会员日", "source": "接口", "chatbot": chatbot, "signature": signature, "total": 1, "text": text}
    dispatch = Dispatch.objects.create(version=version, account=account, **{**given, **values})
    at = timezone.now() - timedelta(hours=1)
    batch = Batch.objects.create(
        dispatch=dispatch,
        account=account,
        number=1,
        size=1,
        state=BatchState.SUBMITTED,
        submitted_at=at,
        text=batch_text,
    )
    Attempt.objects.create(
        batch=batch, account=account, number=1, reference=f"ref-{batch.pk}", outcome=AttemptOutcome.ACCEPTED, task_id="task-7",
        vendor_code="0", vendor_message="成功", started_at=at, finished_at=at,
    )  # fmt: skip
    return Delivery.objects.create(
        dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg=dispatch.leg, phone=PHONE, own_status=own_status,
        channel=channel, variables=VALUES if variables is None else variables, vendor_message=word, message_id="m-9",
        reported_at=at if own_status else None,
    )  # fmt: skip


def pack():
    """name -> body, downloaded as support does it; the hashes of the cover are those of the files."""
    client = signed_in(roles.SUPPORT, language="en")
    url = reverse("admin:number_evidence", args=[phone_keys.seal(PHONE)])
    answer = client.post(url, {"why": "complaint", "note": ""})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    files = {name: archive.read(name) for name in archive.namelist()}
    cover = files["0-cover.txt"].decode("utf-8-sig")
    for name, body in files.items():
        assert name == "0-cover.txt" or f"{hashlib.sha256(body).hexdigest()}  {name}" in cover
    return files


def table(files, name):
    return list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"))))


def lines(text):
    return dict(line.split(": ", 1) for line in text.splitlines())


def card(picture, title):
    media = {"asset": str(picture.pk), "height": "MEDIUM_HEIGHT", "thumbnail": "", "alt": ""}
    return {"title": title, "description": "${姓名}，余额 ${余额} 元", "media": media, "suggestions": [LINK]}


def test_a_card_with_its_values_links_files_and_fallback(maker, picture):
    content = {
        "kind": "card", "orientation": "VERTICAL", "alignment": "", "title_style": [], "description_style": [],
        "card": card(picture, "会员日"), "suggestions": [],
    }  # fmt: skip
    version = maker.version(content, {"sms": {"text": "${姓名}，会员日到了，拒收请回复R"}})
    row = sent(maker, version, maker.account(), own_status=OwnStatus.DELIVERED, channel="rcs", word="DELIVRD 已送达")
    files = pack()
    (message,) = table(files, "2-messages.csv")
    said = lines(message["Message as received"])
    assert said["Card · Title"] == "会员日"
    assert said["Card · Description"] == "李四，余额 73.50 元"
    assert said["Card · Media · File"] == f"海报.jpg (image/jpeg, 20480 bytes, SHA-256 {'ab' * 32})"
    assert said["Card · Button 1 · Label"] == "看看李四"
    assert said["Card · Button 1 · Link"] == "https://example.com/a?n=李四"
    signature = row.dispatch.signature.text
    assert (
        message["Instead, where the phone cannot show it"]
        == f"Fallback · SMS · Text: 【{signature}】李四，会员日到了，拒收请回复R"
    )
    assert (message["Signature"], message["5G sender"]) == (signature, "示例商城")
    assert (message["Status"], message["Channel"]) == ("Delivered", "5G message")
    page = files["6-messages-to-read.html"].decode()
    for words in ("李四，余额 73.50 元", "看看李四", "ab" * 32, "DELIVRD 已送达", "示例商城", signature):
        assert words in page
    assert "${姓名}" not in page + message["Message as received"]


def test_a_carousel_an_mms_an_sms_and_a_free_text(maker, picture):
    cards = [card(picture, f"第{n}张 ${{姓名}}") for n in (1, 2)]
    carousel = {
        "kind": "carousel", "width": "MEDIUM_WIDTH", "title_style": [], "description_style": [], "cards": cards,
        "suggestions": [],
    }  # fmt: skip
    frame = {
        "seconds": 5,
        "text": "${姓名}，第一页",
        "media": {"asset": str(picture.pk), "height": "", "thumbnail": "", "alt": ""},
    }
    mms = {"kind": "mms", "title": "致${姓名}", "frames": [frame]}
    gateway, texts = maker.account(), maker.account("yixintong")
    sent(maker, maker.version(carousel), gateway)
    sent(maker, maker.version(mms), maker.account("veesing"))
    sms = sent(maker, maker.version({"kind": "sms", "text": "${姓名}您好"}), texts, batch_text="李四您好")
    free = sent(maker, None, gateway, text="${姓名}，九点开门", kind="answer")
    told = [row["Message as received"] for row in table(pack(), "2-messages.csv")]
    assert told[0] == f"Text: 【{free.dispatch.signature.text}】李四，九点开门"
    assert told[1] == f"Text: 【{sms.dispatch.signature.text}】李四您好"
    assert "Title: 致李四" in told[2]
    assert "李四，第一页" in told[2]
    assert "ab" * 32 in told[2]
    assert ("Card 1 · Title: 第1张 李四" in told[3], "Card 2 · Title: 第2张 李四" in told[3]) == (True, True)


def test_every_receipt_with_times_and_the_vendors_codes(maker):
    version, account = maker.version({"kind": "text", "text": "您好", "suggestions": []}), maker.account()
    row = sent(maker, version, account, own_status=OwnStatus.FAILED, channel="rcs", word="5102 用户关机")
    attempt = Attempt.objects.get()
    Receipt.objects.create(
        account=account, key="1", phone=PHONE, status="delivered", channel="sms", code="DELIVRD", vendor_message="短信送达",
        attempt=attempt, state="matched", note="further leg", reported_at=timezone.now(), reference=attempt.reference,
    )  # fmt: skip
    Receipt.objects.create(
        account=account, key="2", phone=PHONE, status="failed", state="unmatched", code="9", task_id="x"
    )
    fallback = sent(
        maker, version, maker.account(), own_status=OwnStatus.DELIVERED, channel="sms", word="0 成功", run_id=row.run_id,
        leg="fallback-1", kind="fallback",
    )  # fmt: skip
    rows = table(pack(), "3-receipts.csv")
    found = {(one["Message no."], one["Kind"], one["Status"], one["Vendor's code and words"]) for one in rows}
    assert found == {
        (str(row.pk), "answer to the hand-over", "Accepted", "0 成功"),
        (str(row.pk), "receipt", "Not delivered", "5102 用户关机"),
        (str(row.pk), "further receipt", "Delivered", "DELIVRD 短信送达"),
        ("", "further receipt", "Not delivered", "9"),
        (str(fallback.pk), "answer to the hand-over", "Accepted", "0 成功"),
        (str(fallback.pk), "receipt", "Delivered", "0 成功"),
    }
    mine = next(one for one in rows if one["Kind"] == "receipt" and one["Message no."] == str(row.pk))
    assert mine["Reported at"] == timezone.localtime(row.reported_at).strftime("%Y-%m-%d %H:%M:%S")
    assert (mine["Our reference"], mine["Vendor's task id"], mine["Vendor's message id"]) == (
        attempt.reference,
        "task-7",
        "m-9",
    )
    assert [one["Kind"] for one in table(pack(), "2-messages.csv")] == ["Fallback dispatch", "Main"]


def test_who_was_left_out_of_a_request_got_nothing_and_the_page_says_so(maker):
    version = maker.version({"kind": "text", "text": "您好${姓名}", "suggestions": []})
    row = sent(maker, version, maker.account(), own_status=OwnStatus.SKIPPED)
    Delivery.objects.filter(pk=row.pk).update(reason="opted_out")
    files = pack()
    assert table(files, "3-receipts.csv") == []
    page = files["6-messages-to-read.html"].decode()
    assert "Nothing was sent to this number." in page
    assert "Planned, but not sent" in page


def test_values_are_text_and_never_markup(maker):
    version = maker.version({"kind": "text", "text": "您好${姓名}", "suggestions": []})
    sent(maker, version, maker.account(), variables={"姓名": "<script>alert(1)</script>=1+1"})
    page = pack()["6-messages-to-read.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_answer_that_was_sent_is_there_as_it_was_written(house, run_queue):
    message = Message(account=house.account, text="第一行\r\n第二行", signature=house.signature)
    texts.send_answer(message, PHONE, title="答复")
    run_queue()
    (row,) = table(pack(), "2-messages.csv")
    assert row["Message as received"] == f"Text: 【{house.signature.text}】第一行\n第二行"
