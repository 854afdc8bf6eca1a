"""One push, or one element of it, that hurts: it spoils no neighbour, stops nobody else, and waits for a person."""

import base64
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import hooks
from messaging.callbacks import process
from messaging.deliveries import status as deliveries_status
from messaging.events import set_aside
from messaging.gateway import crypto
from messaging.models import Attempt, CallbackEvent, Delivery, Mutex, Receipt, Reply, Suppression, TemplateReview
from messaging.sending import hand_over
from messaging.worker import tasks
from tests.builders import phones
from tests.cases import CASES
from tests.messaging.gateway import wires

pytestmark = pytest.mark.django_db


def pushed(house, client, kind, data):
    answer = house.push(kind, data, client=client)
    assert answer.status_code == 200
    while not process.apply_new():
        pass
    return CallbackEvent.objects.latest("pk")


def reply(phone, content):
    return {"taskId": "", "mobile": phone, "content": content, "deliverTime": "2026-11-20 10:00:00"}


def receipt(phone, reference, **more):
    return {"taskId": "1", "mobile": phone, "status": "DELIVRD", "type": 4, "callData": reference, "message": "",
            "reportTime": "2026-11-20 10:00:00", **more}  # fmt: skip


@pytest.fixture
def sent(house):
    dispatch = house.make_dispatch(phones(20))
    hand_over.send_some(dispatch.pk)
    return dispatch


def counts(dispatch):
    return deliveries_status.dispatch_counts([dispatch.pk])


# --- text that no database takes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["h03-push-reply-lone-surrogate", "h03b-push-reply-nul"])
def test_text_that_no_database_takes_costs_a_sign_and_no_neighbour(house, client, case):
    rows = json.loads((CASES / f"{case}.json").read_text())
    event = pushed(house, client, "reply", rows)
    assert event.state == CallbackEvent.State.APPLIED
    kept = dict(Reply.objects.values_list("phone", "content"))
    assert set(kept) == {row["mobile"] for row in rows}
    assert all("\x00" not in content and content.encode() for content in kept.values())
    stopped = {row["mobile"] for row in rows if row["content"] in ("R", "TD")}
    assert stopped
    assert set(Suppression.objects.values_list("phone", flat=True)) == stopped


@pytest.mark.parametrize("bad", ["a\x00b", "好\ud83d", "\udc00"])
@pytest.mark.parametrize("field", ["message", "callData", "taskId", "status", "type", "reportTime", "unknown"])
def test_in_whatever_field_of_a_receipt_it_stands(house, sent, client, field, bad):
    reference = Attempt.objects.get().reference
    rows = [
        receipt(phones(1)[0], reference),
        receipt(phones(2)[1], reference, **{field: bad}),
        receipt(phones(3)[2], reference),
    ]
    body = json.dumps(rows).encode()
    assert house.push_bytes("receipt", body, client=client).status_code == 200
    process.apply_new()
    assert CallbackEvent.objects.latest("pk").state == "applied"
    assert set(Delivery.objects.filter(own_status=60).values_list("phone", flat=True)) >= {phones(1)[0], phones(3)[2]}


def test_a_byte_that_is_no_utf8_and_a_number_of_five_thousand_digits_spoil_no_neighbour(house, sent, client):
    reference = Attempt.objects.get().reference
    good, wrong = (
        json.dumps(receipt(phones(1)[0], reference)),
        json.dumps(receipt(phones(2)[1], reference, message="X")),
    )
    long = json.dumps(receipt(phones(3)[2], reference)).replace('"taskId": "1"', '"taskId": ' + "9" * 5000)
    body = f"[{wrong},{long},{good}]".encode().replace(b'"X"', b'"\xff\xfe"')
    assert house.push_bytes("receipt", body, client=client).status_code == 200
    process.apply_new()
    assert counts(sent) == {"delivered": 3, "submitted": 17}


def test_a_refused_audit_with_such_words_is_decided(house, client):
    review = TemplateReview.objects.get()
    data = {"templateId": int(review.vendor_template_id), "status": 2, "message": "缺\x00少\ud83d退订"}
    assert house.push_bytes("review", json.dumps(data).encode(), client=client).status_code == 200
    process.apply_new()
    review.refresh_from_db()
    assert (review.status, review.vendor_message) == ("rejected", "缺少?退订")


@pytest.mark.parametrize("said", [r"a\u0000b", r"\ud83d 好", "a\x00b"])
@pytest.mark.parametrize(("status", "becomes"), [(0, "submitted"), (4, "rejected")])
def test_an_answer_with_such_words_is_recorded(house, said, status, becomes):
    plain = f'{{"status": {status}, "message": "{said}", "taskId": "{said}"}}'.encode()
    body = base64.b64encode(crypto.aes_ecb_encrypt(house.account.credentials["aes_key"].encode(), plain))
    with wires.raw_server(wires.answering(200, body)) as server:
        house.account.base_url = server.url
        house.account.save(update_fields=["base_url"])
        dispatch = house.make_dispatch(phones(3))
        hand_over.send_some(dispatch.pk)
    assert counts(dispatch) == {becomes: 3}


# --- elements that break while they are applied -----------------------------------------------------------------------


@pytest.fixture
def breaks():
    """A receiver of replies that breaks for the numbers in the set that it gives."""
    numbers: set[str] = set()

    def broken(reply, **_signal):
        if reply.phone in numbers:
            raise RuntimeError("a receiver is broken")

    hooks.reply_arrived.connect(broken, dispatch_uid="breaks")
    yield numbers
    hooks.reply_arrived.disconnect(dispatch_uid="breaks")


def test_an_element_that_breaks_is_kept_and_its_neighbours_are_applied(house, client, breaks):
    numbers = phones(9)
    breaks.update(numbers[2:4])
    event = pushed(house, client, "reply", [reply(phone, "TD") for phone in numbers])
    assert (event.state, event.malformed) == ("applied", 2)
    well = {phone for phone in numbers if phone not in breaks}
    assert set(Suppression.objects.values_list("phone", flat=True)) == well
    odd = Receipt.objects.filter(state="odd", event=event)
    assert [row.note for row in odd] == ["RuntimeError: a receiver is broken"] * 2
    assert not any(phone in row.vendor_message for row in odd for phone in numbers)


def test_a_push_that_breaks_spoils_no_other_push(house, sent, client, breaks):
    breaks.add(phones(1)[0])
    house.push("reply", [reply(phones(1)[0], "TD")], client=client)
    house.push("receipt", [receipt(phones(2)[1], Attempt.objects.get().reference)], client=client)
    process.apply_new()
    assert counts(sent) == {"delivered": 1, "submitted": 19}


def test_more_broken_elements_than_are_looked_for_set_the_push_aside_and_it_can_be_applied_later(house, client, breaks):
    numbers = phones(150)
    breaks.update(numbers)
    event = pushed(house, client, "reply", [reply(phone, "TD") for phone in numbers])
    assert (event.state, event.note) == ("set_aside", set_aside.TOO_MANY_BAD)
    breaks.clear()
    assert set_aside.apply_again(CallbackEvent.objects.all(), None) == 1
    process.apply_new()
    event.refresh_from_db()
    assert (event.state, Suppression.objects.count()) == ("applied", 150)


# --- very many elements -----------------------------------------------------------------------------------------------


def test_the_elements_of_a_long_push_are_applied_in_parts_and_none_is_lost(
    house, sent, client, django_assert_max_num_queries
):
    reference = Attempt.objects.get().reference
    strangers = [{"odd": n} for n in range(4_990)]
    rows = [*strangers, *(receipt(phone, reference) for phone in phones(20))]
    house.push("receipt", rows, client=client)
    with django_assert_max_num_queries(50):
        process.apply_new()
    event = CallbackEvent.objects.get()
    assert (event.state, event.malformed, event.elements_done) == ("applied", 4_990, 5_000)
    assert counts(sent) == {"delivered": 20}
    assert Receipt.objects.filter(state="odd").count() == 100


def test_replies_cost_more_and_are_applied_in_smaller_parts(house, client):
    numbers = phones(450)
    event = pushed(house, client, "reply", [reply(phone, "TD") for phone in numbers])
    assert (event.state, event.elements_done) == ("applied", 400)
    assert Suppression.objects.count() == 450


def test_a_push_without_anything_readable_is_set_aside_and_the_next_is_applied(
    house, sent, client, django_assert_max_num_queries
):
    house.push("receipt", list(range(300_000)), client=client)
    house.push("receipt", [receipt(phones(1)[0], Attempt.objects.get().reference)], client=client)
    with django_assert_max_num_queries(40):
        process.apply_new()
    event = CallbackEvent.objects.earliest("pk")
    assert (event.state, event.note) == ("unreadable", set_aside.NOTHING_READABLE)
    assert Receipt.objects.filter(state="odd").count() == 100
    assert counts(sent) == {"delivered": 1, "submitted": 19}


# --- a push that kills whoever applies it -----------------------------------------------------------------------------


class Died(BaseException):
    """The process is gone in the middle of its work."""


@pytest.fixture
def deadly():
    numbers: set[str] = set()

    def dies(reply, **_signal):
        if reply.phone in numbers:
            raise Died

    hooks.reply_arrived.connect(dies, dispatch_uid="deadly")
    yield numbers
    hooks.reply_arrived.disconnect(dispatch_uid="deadly")


def killed_once(account):
    """An applier that dies leaves its mutex as it was; it runs out."""
    with pytest.raises(Died):
        process.apply_account(account.pk)
    Mutex.objects.filter(name=f"apply:{account.pk}").update(owner="dead", until=timezone.now() - timedelta(seconds=1))


def test_a_push_that_kills_its_applier_is_set_aside_after_two_tries_alone(house, sent, client, deadly, caplog):
    deadly.add(phones(1)[0])
    reference = Attempt.objects.get().reference
    house.push("receipt", [receipt(phones(2)[1], reference)], client=client)
    house.push("reply", [reply(phones(1)[0], "TD")], client=client)
    house.push("receipt", [receipt(phones(3)[2], reference)], client=client)
    for _death in range(3):
        killed_once(house.account)
    assert process.apply_account(house.account.pk)
    poison = CallbackEvent.objects.get(kind="reply")
    assert (poison.state, poison.note) == ("set_aside", set_aside.TRIED)
    assert counts(sent) == {"delivered": 2, "submitted": 18}
    assert [record.levelname for record in caplog.records if "set aside" in record.message] == ["ERROR"]
    assert set(CallbackEvent.objects.filter(kind="receipt").values_list("state", flat=True)) == {"applied"}


def test_what_an_applier_that_died_had_in_its_hands_is_applied_all_the_same(house, sent, client, deadly):
    reference = Attempt.objects.get().reference
    house.push("receipt", [receipt(phones(2)[1], reference)], client=client)
    house.push("reply", [reply(phones(1)[0], "TD")], client=client)
    deadly.add(phones(1)[0])
    killed_once(house.account)
    deadly.clear()
    assert process.apply_account(house.account.pk)
    assert counts(sent) == {"delivered": 1, "submitted": 19}
    assert Suppression.objects.count() == 1


# --- accounts beside each other -----------------------------------------------------------------------------------------


def test_one_account_that_is_busy_or_broken_stops_no_other(house, sent, client, run_queue):
    other = house.make_account("另一个账号", vendor="emay", credentials={"app_id": "A", "secret_key": "k" * 16})
    CallbackEvent.objects.create(account=other, kind="receipt", body=b"[]", digest="d")
    Mutex.objects.create(name=f"apply:{other.pk}", owner="x", until=timezone.now() + timedelta(seconds=30))
    house.push("receipt", [receipt(phones(1)[0], Attempt.objects.get().reference)], client=client)
    tasks.tick()
    run_queue()
    assert counts(sent) == {"delivered": 1, "submitted": 19}
    assert CallbackEvent.objects.get(account=other).state == "new"
