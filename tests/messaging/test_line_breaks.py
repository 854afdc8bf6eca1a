"""A line break is one character everywhere: counted, limited, stored and sent. A form posts two."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from campaigns.audiences import imports
from campaigns.models import Audience, AudienceMember, AuditEvent
from messaging.gateway.types import ReplyEvent
from messaging.inbox import replies
from messaging.models import CannedAnswer, Delivery, Dispatch, KeywordRule, Reply, SendingPolicy
from messaging.sending import hand_over, test_sends, texts
from messaging.sending.spec import Message
from templates_5g import services
from tests.campaigns.api.conftest import Caller
from tests.campaigns.conftest import Maker
from tests.forms import saved
from tests.people import person, signed_in, token_on

pytestmark = pytest.mark.django_db
PHONE = "13800000001"
TYPED, KEPT = "第一行\r\n第二行\r\n第三行", "第一行\n第二行\n第三行"


def reply(house, content="几点关门"):
    assert replies.store(
        house.account, ReplyEvent(key=f"k{Reply.objects.count()}", phone=PHONE, content=content, at=timezone.now())
    )
    return Reply.objects.latest("pk")


def answered(house, text):
    row = reply(house)
    client = signed_in(roles.SUPPORT)
    page = reverse("admin:messaging_reply_change", args=[row.pk])
    data = {"token": token_on(client, page), "text": text, "signature": house.signature.pk}
    return client.post(reverse("admin:messaging_reply_answer", args=[row.pk]), data)


def test_an_answer_by_hand(house):
    assert answered(house, TYPED).status_code == 302
    dispatch = Dispatch.objects.get()
    assert (dispatch.text, len(dispatch.text)) == (KEPT, 11)
    assert AuditEvent.objects.get(action="reply.answered").detail["characters"] == 11
    hand_over.send_some(dispatch.pk)
    (line,) = house.world.ledger
    assert KEPT in line.content
    assert "\r" not in line.content


@pytest.mark.parametrize(("characters", "status"), [(500, 302), (501, 200)])
def test_the_limit_counts_what_the_counter_counts(house, characters, status):
    lines = ["字" * 40] * 9
    text = "\r\n".join([*lines, "字" * (characters - 9 * 41)])
    assert len(text.replace("\r\n", "\n")) == characters
    assert answered(house, text).status_code == status
    assert Dispatch.objects.filter(text=text.replace("\r\n", "\n")).exists() is (status == 302)


def test_an_answer_by_rule_and_a_ready_one(house):
    client = signed_in(superuser=True)
    rule = {"word": "几点", "match": "prefix", "action": "answer", "text": TYPED, "order": "1", "enabled": "on"}
    assert client.post(reverse("admin:messaging_keywordrule_add"), rule).status_code == 302
    assert KeywordRule.objects.get().text == KEPT
    assert client.post(reverse("admin:messaging_cannedanswer_add"), {"title": "时间", "text": TYPED}).status_code == 302
    ready = CannedAnswer.objects.get()
    assert ready.text == KEPT
    url = reverse("admin:messaging_cannedanswer_change", args=[ready.pk])
    assert saved(client, url, {"title": "时间", "text": TYPED + "\r\n好"}).status_code == 302
    assert CannedAnswer.objects.get().text == KEPT + "\n好"
    reply(house)
    assert Dispatch.objects.get().text == KEPT


def test_whoever_stores_a_text(house):
    rule = KeywordRule.objects.create(word="a", action="answer", text=TYPED)
    assert rule.text == KEPT
    dispatch = texts.send_answer(Message(account=house.account, text="a\rb\r\nc", signature=None), PHONE, title="t")
    assert dispatch.text == "a\nb\nc"


def test_texts_by_command_and_their_values():
    make = Maker()
    account = make.account("rcs_gateway")
    rows = [(PHONE, {"说明": "甲\r\n乙"})]
    dispatch = texts.send_texts(
        Message(account=account, text="您好\r\n${说明}", signature=make.signature()), rows, title="t"
    )
    assert dispatch.text == "您好\n${说明}"
    assert Delivery.objects.get().variables == {"说明": "甲\n乙"}


def test_a_templates_text_and_a_tests_values(house):
    content = {"kind": "text", "text": "您好\r\n${说明}\r末", "suggestions": []}
    version = house.make_version(content, "说明")
    assert version.content["text"] == "您好\n${说明}\n末"
    test_sends.send_test(house.message(version), [PHONE], {"说明": "甲\r\n乙"}, person(roles.MARKETING))
    assert Delivery.objects.get().variables == {"说明": "甲\n乙"}
    draft = services.start_template("短信", "notice", "sms", None)
    kept = services.save_draft(draft, {"content": {"kind": "sms", "text": TYPED}, "fallback": {}}, 0, None)
    assert kept.content["text"] == KEPT


def test_values_by_api():
    make = Maker()
    account, signature = make.account(), make.signature()
    version = make.version({"kind": "text", "text": "${说明}", "suggestions": []}, purpose="notice")
    make.approve(version, account)
    SendingPolicy(approve_first_use=False).save()
    order = {
        "template": version.template.name,
        "account": account.name,
        "signature": signature.text,
        "recipients": [{"phone": PHONE, "variables": {"说明": "字" * 98 + "\r\n" + "字" * 101}}],
    }
    answer = Caller("send").order(order)
    assert answer.status_code == 201, answer.content  # 200 characters, as long as a value may be
    assert Delivery.objects.get().variables == {"说明": "字" * 98 + "\n" + "字" * 101}


def test_values_of_a_file(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    text = '手机号,说明\r\n13800000001,"甲\r\n乙"\r\n13800000002,丙\r\n'
    audience = Audience.objects.create(name="a")
    source = imports.start_import(audience, SimpleUploadedFile("a.csv", text.encode()), None)
    imports.choose_columns(source, source.mapping, None)
    imports.check_and_store(source.pk)
    rows = AudienceMember.objects.order_by("phone").values_list("variables", flat=True)
    assert list(rows) == [{"说明": "甲\n乙"}, {"说明": "丙"}]
