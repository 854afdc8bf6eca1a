"""Receipts, replies and audits: stored before they are answered, applied once, late or early or twice."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from kit import sql
from messaging.callbacks import process
from messaging.deliveries import status as deliveries_status
from messaging.inbox import replies
from messaging.models import Attempt, Batch, CallbackEvent, Delivery, Receipt, Reply, Suppression
from messaging.receipts import apply
from messaging.sending import claim, hand_over, outcomes
from messaging.states import BatchState
from messaging.worker import sweep
from tests.builders import phones
from tests.cases import CASES
from tests.database import failing

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(house):
    """A dispatch of 20 that the vendor has accepted."""
    dispatch = house.make_dispatch(phones(20))
    hand_over.send_some(dispatch.pk)
    return dispatch


def receipt(attempt, phone, status="DELIVRD", type="4", **more):
    row = {
        "taskId": attempt.task_id or "1",
        "mobile": phone,
        "status": status,
        "reportTime": "2026-11-20 18:00:00",
        "message": "5g 消息成功" if status == "DELIVRD" else "失败",
        "callData": attempt.reference,
        "type": type,
    }
    return {key: value for key, value in {**row, **more}.items() if value is not None}


def push(house, client, rows, kind="receipt", **more):
    answer = house.push(kind, rows, client=client, **more)
    process.apply_new()
    return answer


def counts(dispatch):
    return deliveries_status.dispatch_counts([dispatch.pk])


def recount(dispatch):
    """The counters, counted again from the rows."""
    for batch in dispatch.batches.all():
        for own, column in ((20, "n_skipped"), (50, "n_failed"), (60, "n_delivered"), (70, "n_read")):
            assert getattr(batch, column) == batch.deliveries.filter(own_status=own).count(), column


def test_receipts_move_people_and_counters(house, sent, client):
    attempt = Attempt.objects.get()
    numbers = phones(20)
    rows = [receipt(attempt, phone) for phone in numbers[:12]]
    rows += [receipt(attempt, phone, status="EXPIRED", type=None) for phone in numbers[12:15]]
    answer = push(house, client, rows)
    assert answer.status_code == 200
    assert counts(sent) == {"delivered": 12, "failed": 3, "submitted": 5}
    recount(sent)
    row = Delivery.objects.get(phone=numbers[0])
    assert (row.channel, row.legs_delivered, row.units) == ("rcs", 1, 1)
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("at", ["0001-01-01 00:00:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_before_or_after_all_time_spoils_neither_row_nor_neighbour(house, sent, client, at):
    attempt = Attempt.objects.get()
    push(house, client, [receipt(attempt, phones(2)[0], reportTime=at), receipt(attempt, phones(2)[1])])
    assert counts(sent) == {"delivered": 2, "submitted": 18}
    assert all(row.reported_at.year == timezone.now().year for row in Delivery.objects.filter(own_status=60))


def test_the_acknowledgement_is_sealed_and_exact(house, sent, client):
    from messaging.gateway import crypto

    answer = push(house, client, [receipt(Attempt.objects.get(), phones(1)[0])])
    key = house.account.credentials["aes_key"].encode()
    assert crypto.aes_ecb_decrypt(key, crypto.b64decode(answer.content)).replace(b" ", b"") == b'{"result":0}'


def test_a_repeat_is_acknowledged_and_changes_nothing(house, sent, client):
    body, headers = house.sealed([receipt(Attempt.objects.get(), phones(1)[0])])
    path = f"/callbacks/rcs_gateway/{house.account.callback_token}/receipt/"
    for _ in range(3):
        answer = client.post(path, data=body, content_type="application/xml", headers=headers)
        assert answer.status_code == 200
    process.apply_new()
    assert CallbackEvent.objects.count() == 1
    assert counts(sent) == {"delivered": 1, "submitted": 19}


def test_the_same_receipt_in_another_body_counts_once(house, sent, client):
    attempt = Attempt.objects.get()
    push(house, client, [receipt(attempt, phones(1)[0])])
    push(house, client, [receipt(attempt, phones(1)[0]), receipt(attempt, phones(2)[1])])
    assert counts(sent) == {"delivered": 2, "submitted": 18}
    recount(sent)


def test_a_late_delivered_beats_failed_and_is_noted(house, sent, client):
    attempt, phone = Attempt.objects.get(), phones(1)[0]
    push(house, client, [receipt(attempt, phone, status="EXPIRED", type=None)])
    push(house, client, [receipt(attempt, phone, type="5")])
    row = Delivery.objects.get(phone=phone)
    assert (deliveries_status.delivery_status(row), row.channel) == ("delivered", "sms")
    assert counts(sent) == {"delivered": 1, "submitted": 19}
    assert Receipt.objects.get().note == "delivered after failed"


def test_a_late_failed_does_not_beat_delivered(house, sent, client):
    attempt, phone = Attempt.objects.get(), phones(1)[0]
    push(house, client, [receipt(attempt, phone)])
    push(house, client, [receipt(attempt, phone, status="EXPIRED", type=None)])
    assert counts(sent) == {"delivered": 1, "submitted": 19}
    assert Receipt.objects.get().note == "later than a better status"
    recount(sent)


def test_both_words_in_one_body_count_once(house, sent, client):
    attempt, phone = Attempt.objects.get(), phones(1)[0]
    push(house, client, [receipt(attempt, phone), receipt(attempt, phone, status="EXPIRED", type=None)])
    assert counts(sent) == {"delivered": 1, "submitted": 19}
    recount(sent)


def test_two_delivered_legs_are_flagged(house, sent, client):
    attempt, phone = Attempt.objects.get(), phones(1)[0]
    for _ in range(2):
        push(house, client, [receipt(attempt, phone)])
        push(house, client, [receipt(attempt, phone, type="5", reportTime="2026-11-20 18:05:00")])
        push(house, client, [receipt(attempt, phone, type="5", reportTime="2026-11-20 18:05:00"), {}])
    row = Delivery.objects.get(phone=phone)
    assert (row.legs_delivered, row.units, row.channel) == (2, 2, "rcs")
    assert counts(sent) == {"delivered": 1, "submitted": 19}


def test_an_unknown_receipt_is_kept(house, client):
    answer = push(house, client, [receipt(Attempt(task_id="777", reference="nobody"), "13900000000")])
    assert answer.status_code == 200
    assert Receipt.objects.get().state == Receipt.State.UNMATCHED


def test_a_receipt_before_our_own_answer_waits_for_it(house, client):
    """The vendor answers the push before it answers us, and gives no reference back."""
    from messaging.gateway.outcomes import Outcome
    from messaging.gateway.types import SendResult, Verdict

    dispatch = house.make_dispatch(phones(3))
    attempt, _ = hand_over.begin(claim.claim_next(dispatch.pk).batch, dispatch)
    early = Attempt(task_id="55", reference="")
    push(house, client, [receipt(early, phone, callData=None) for phone in phones(3)])
    assert Receipt.objects.filter(state="unmatched").count() == 3
    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.ACCEPTED, "accepted"), task_id="55"))
    assert counts(dispatch) == {"delivered": 3}
    assert not Receipt.objects.filter(state="unmatched").exists()
    recount(dispatch)


def test_a_receipt_settles_an_unknown_batch(house, sandbox, client):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "http_5xx", "when": "after"}])
    dispatch = house.make_dispatch(phones(4))
    hand_over.send_some(dispatch.pk)
    assert counts(dispatch) == {"unknown": 4}
    push(house, client, [receipt(Attempt.objects.get(), phones(1)[0], taskId="9")])
    assert counts(dispatch) == {"delivered": 1, "submitted": 3}
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.task_id) == ("accepted", "9")
    push(house, client, [receipt(attempt, phones(2)[1], callData=None)])
    assert counts(dispatch) == {"delivered": 2, "submitted": 2}


def test_a_receipt_that_came_during_the_call_settles_an_unknown_answer(house, sandbox, client):
    from messaging.gateway.outcomes import Outcome
    from messaging.gateway.types import SendResult, Verdict

    dispatch = house.make_dispatch(phones(2))
    batch = claim.claim_next(dispatch.pk).batch
    attempt, _ = hand_over.begin(batch, dispatch)
    push(house, client, [receipt(attempt, phones(1)[0], taskId="3")])
    outcomes.record(attempt.pk, SendResult(Verdict(Outcome.UNKNOWN, "no_answer")))
    assert Batch.objects.get().state == BatchState.SUBMITTED
    assert counts(dispatch) == {"delivered": 1, "submitted": 1}


@pytest.mark.parametrize("what", ["body", "signature", "timestamp", "spId"])
def test_a_tampered_push_is_refused(house, sent, client, what):
    body, headers = house.sealed([receipt(Attempt.objects.get(), phones(1)[0])])
    if what == "body":
        body = body[:-5] + (b"A" if body[-5:-4] != b"A" else b"B") + body[-4:]
    else:
        headers[what] = "1" + headers[what][1:] if headers[what][0] != "1" else "2" + headers[what][1:]
    path = f"/callbacks/rcs_gateway/{house.account.callback_token}/receipt/"
    answer = client.post(path, data=body, content_type="text/plain", headers=headers)
    assert answer.status_code == 403
    assert not CallbackEvent.objects.exists()


def test_an_old_signature_is_refused(house, sent, client):
    answer = push(house, client, [receipt(Attempt.objects.get(), phones(1)[0])], age=73 * 3600)
    assert answer.status_code == 403


def test_a_wrong_token_looks_like_nothing(house, client):
    assert client.post("/callbacks/rcs_gateway/wrong/receipt/", data=b"x", content_type="text/plain").status_code == 404
    path = f"/callbacks/rcs_gateway/{house.account.callback_token}/nonsense/"
    assert client.post(path, data=b"x", content_type="text/plain").status_code == 404


def test_a_foreign_address_is_refused(house, sent, client):
    house.account.callback_addresses = "10.1.0.0/16 192.0.2.7"
    house.account.save(update_fields=["callback_addresses"])
    assert push(house, client, [receipt(Attempt.objects.get(), phones(1)[0])]).status_code == 403


def test_an_odd_element_spoils_no_neighbour(house, sent, client):
    attempt = Attempt.objects.get()
    rows = [
        receipt(attempt, phones(1)[0]),
        {"nonsense": True},
        receipt(attempt, phones(2)[1], status="MA:9999", type=None),
    ]
    push(house, client, rows)
    assert counts(sent)["delivered"] == 1
    assert counts(sent).get("failed", 0) == 1 or Receipt.objects.filter(note="unknown status").count() == 1
    assert Receipt.objects.filter(state="odd").count() == 1


def test_a_body_that_does_not_open_is_set_aside(house, sent, client):
    CallbackEvent.objects.create(account=house.account, kind="receipt", body=b"nonsense", digest="d")
    push(house, client, [receipt(Attempt.objects.get(), phones(1)[0])])
    assert set(CallbackEvent.objects.values_list("state", flat=True)) == {"applied", "unreadable"}
    assert counts(sent)["delivered"] == 1


# --- replies ----------------------------------------------------------------------------------------------------


def reply(phone, content, **more):
    return {
        "taskId": "",
        "mobile": phone,
        "content": content,
        "deliverTime": timezone.localtime().strftime("%F %T"),
        **more,
    }


@pytest.mark.parametrize("word", ["R", "r", "Ｒ", " T ", "TD", "td", "退订", "取消", "退订。", "R!"])
def test_opt_out_words(word):
    assert replies.is_opt_out(word)


@pytest.mark.parametrize("word", (CASES / "h18-opt-outs.txt").read_text().splitlines())
def test_opt_out_words_in_quotes_and_brackets_with_blanks_and_in_traditional_signs(house, client, word):
    push(house, client, [reply(phones(1)[0], word)], kind="reply")
    row = Reply.objects.get()
    assert (row.content, row.is_opt_out, row.state) == (word, True, "auto")
    assert Suppression.objects.get().phone == phones(1)[0]


@pytest.mark.parametrize(
    "word",
    [
        "【退订】",
        "<R>",
        "『T D』",
        "　ｔｄ　",
        "R\r\n",
        "退订~",
        "退　订。",
        "退订谢谢",
        "退订，谢谢！",
        "请退订",
        "TD 谢谢",
        "*R*",
        "R…",
    ],
)
def test_neighbours_of_those_spellings(word):
    assert replies.is_opt_out(word)


@pytest.mark.parametrize(
    "word",
    [
        *(
            "",
            "RR",
            "好的",
            "退订怎么弄",
            "RT",
            "T恤有货吗",
            "取消订单",
            "R T",
            "T T",
            "怎么退订谢谢",
            "不退订",
            "不要退订，谢谢",
        ),
        *(
            "取消退订",
            "退订?谢谢",
            "(退订?)",
            "退订吗谢谢",
            "R谢谢",
            "取消谢谢",
            "谢谢",
            "请",
            "R1",
            "T恤",
            "TD是什么",
            "已退订会员",
        ),
    ],
)
def test_words_that_are_no_opt_out(word):
    assert not replies.is_opt_out(word)


def test_an_opt_out_reply_suppresses_and_stops_what_is_queued(house, sent, client):
    phone = phones(1)[0]
    queued = house.make_dispatch(phones(3))
    push(house, client, [reply(phone, "r"), reply(phones(2)[1], "几点发货")], kind="reply")
    entry = Suppression.objects.get()
    assert (entry.phone, entry.scope, entry.signature, entry.source) == (phone, "signature", house.signature, "reply")
    assert counts(queued) == {"queued": 2, "skipped": 1}
    hand_over.send_some(queued.pk)
    assert house.accepted()[phone] == 1
    both = Reply.objects.order_by("phone")
    assert [(row.is_opt_out, row.state) for row in both] == [(True, "auto"), (False, "new")]
    assert both[0].delivery.dispatch == sent


def test_the_same_reply_twice_is_one(house, sent, client):
    row = reply(phones(1)[0], "好")
    push(house, client, [row], kind="reply")
    push(house, client, [row, reply(phones(2)[1], "好")], kind="reply")
    assert Reply.objects.count() == 2


def test_an_opt_out_of_an_unknown_number_holds_for_the_account(house, client):
    push(house, client, [reply("13911112222", "TD")], kind="reply")
    entry = Suppression.objects.get()
    assert (entry.scope, entry.account) == ("account", house.account)


# --- audits -----------------------------------------------------------------------------------------------------


def decide(house, client, review, status, message="", age=0):
    data = {"templateId": int(review.vendor_template_id), "status": status, "message": message}
    return push(house, client, data, kind="review", age=age)


def test_audits_follow_each_other_by_their_signed_time(house, client):
    review = house.version.reviews.get()
    for age, status, expected in ((30, 1, "approved"), (20, 2, "rejected"), (10, 1, "approved"), (25, 2, "approved")):
        assert decide(house, client, review, status, "缺少退订", age=age).status_code == 200
        review.refresh_from_db()
        assert review.status == expected
    assert CallbackEvent.objects.count() == 4


# --- silence ----------------------------------------------------------------------------------------------------


def test_silence_becomes_no_receipt_and_a_late_word_still_counts(house, sent, client):
    attempt = Attempt.objects.get()
    push(house, client, [receipt(attempt, phones(1)[0])])
    Batch.objects.update(submitted_at=timezone.now() - timedelta(hours=73))
    assert sweep.mark_silence() == 19
    assert sweep.mark_silence() == 0
    assert counts(sent) == {"delivered": 1, "no_receipt": 19}
    push(house, client, [receipt(attempt, phones(2)[1])])
    assert counts(sent) == {"delivered": 2, "no_receipt": 18}


def test_orphans_are_adopted_only_by_the_one_batch_that_holds_them_all(house, sandbox):
    sandbox.mount("rcs_gateway").faults.replace([{"kind": "http_5xx", "when": "before", "count": 1}])
    dispatch = house.make_dispatch(phones(4))
    hand_over.send_some(dispatch.pk)
    for n, phone in enumerate(phones(3)):
        Receipt.objects.create(account=house.account, key=f"k{n}", phone=phone, status="delivered", task_id="T9")
    Receipt.objects.create(account=house.account, key="x", phone="13700000000", status="delivered", task_id="T8")
    assert apply.adopt_orphans(house.account) == 1
    assert counts(dispatch) == {"delivered": 3, "submitted": 1}
    assert Receipt.objects.get(state="unmatched").task_id == "T8"


@pytest.mark.parametrize("n", [10, 20])
def test_the_number_of_queries_does_not_grow_with_the_receipts(house, client, django_assert_max_num_queries, n):
    dispatch = house.make_dispatch(phones(40), per_batch=40)
    hand_over.send_some(dispatch.pk)
    attempt = Attempt.objects.get()
    house.push("receipt", [receipt(attempt, phone) for phone in phones(n)], client=client)
    with django_assert_max_num_queries(24):
        process.apply_new()
    assert counts(dispatch)["delivered"] == n


def test_a_push_goes_past_what_only_people_need(house, client):
    """No session, no policy for browsers; but an exact length, and the words for a wrong token where there is no such address."""
    answer = house.push("receipt", [], client=client)
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert "Content-Security-Policy" not in answer.headers
    assert not answer.cookies
    lost = client.post("/callbacks/rcs_gateway/", data=b"x", content_type="text/plain")
    assert (lost.status_code, lost.content) == (404, b"not found")


@pytest.mark.django_db(transaction=True)
def test_a_push_survives_a_kept_connection_that_has_died(house, client):
    """The database was started again since the last request of this thread. An embedded one cannot die like this, so there the
    driver's word is put in its mouth."""
    gone: Any = nullcontext([])
    if connection.vendor == "postgresql":
        with psycopg.connect(settings_of(connection), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    else:
        gone = failing(r"FROM \W?messaging_vendoraccount", OperationalError("gone"), times=1)
    with gone as met:
        assert house.push("receipt", [], client=client).status_code == 200
    assert len(met) == (connection.vendor == "sqlite")
    assert CallbackEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_prepared_statement_too_leaves_a_connection_that_has_died(house, tmp_path):
    if connection.vendor == "postgresql":
        with psycopg.connect(settings_of(connection), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        connection.health_check_enabled, connection.health_check_done = True, False  # as at the start of a request
    (tmp_path / "one.sql").write_text("-- name: one prepared\nSELECT 1\n", encoding="utf-8")
    assert sql.beside(str(tmp_path / "one.py"))["one"].value() == 1


def settings_of(one):
    given = one.get_connection_params()
    return psycopg.conninfo.make_conninfo(**{key: given[key] for key in ("host", "port", "user", "dbname")})


def throw(error):
    raise error
