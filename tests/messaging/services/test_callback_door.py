"""Who and what is let in at a callback address, and what is kept of it."""

import gzip
import json
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from messaging.callbacks import process
from messaging.deliveries import status as deliveries_status
from messaging.events import volume
from messaging.gateway.crypto import aes_ecb_encrypt
from messaging.models import Attempt, CallbackEvent, Reply, TemplateReview
from messaging.sending import hand_over
from messaging.vendors.emay.envelope import seal
from tests.builders import phones

pytestmark = pytest.mark.django_db
REPORT = {"smsId": "S1", "mobile": "13800000000", "state": "DELIVRD"}


@pytest.fixture(autouse=True)
def _whole_allowance():
    volume.forget()
    yield
    volume.forget()


@pytest.fixture
def at(house, sandbox):
    """An account of a vendor."""

    def make(vendor, **settings):
        if vendor == "rcs_gateway":
            return house.account
        credentials = dict(sandbox.mount(vendor).sandbox.credentials)
        return house.make_account(vendor, vendor=vendor, credentials=credentials, settings=settings)

    return make


def path(account, kind):
    return f"/callbacks/{account.vendor}/{account.callback_token}/{kind}/"


def sealed(account, rows, **headers):
    body = rows if isinstance(rows, bytes) else seal(account.credentials["secret_key"], rows, compress=True)
    return {"data": body, "content_type": "application/octet-stream",
            "headers": {"appId": account.credentials["app_id"], **headers}}  # fmt: skip


# --- addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["rcs_gateway", "veesing", "emay", "nobody"])
@pytest.mark.parametrize(
    "token",
    ["%00", "a%00" + "b" * 30, "x", "a" * 19, "a" * 65, "%EF%BC%A1" * 20, "'" * 30, "a" * 30 + "%0A", "..%2f" * 8],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_cannot_be_a_token_is_no_address(client, vendor, token, method):
    assert getattr(client, method)(f"/callbacks/{vendor}/{token}/receipt/").status_code == 404


@pytest.mark.parametrize("vendor", ["rcs_gateway", "veesing", "emay", "yixintong", "hanwg"])
@pytest.mark.parametrize("kind", ["whatever", "click", "receipt%00", "reviews", "%E5%9B%9E%E6%89%A7"])
def test_a_kind_that_the_vendor_does_not_push_is_no_address(at, client, vendor, kind):
    answer = client.post(f"/callbacks/{vendor}/{at(vendor).callback_token}/{kind}/", b"[]", content_type="text/plain")
    assert (answer.status_code, CallbackEvent.objects.count()) == (404, 0)


@pytest.mark.parametrize("vendor", ["rcs_gateway", "veesing", "emay"])
@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "patch", "options"])
def test_the_documents_have_pushes_made_by_post_alone(at, client, vendor, method):
    account = at(vendor)
    answer = getattr(client, method)(path(account, "receipt") + "?taskid=T1&mobile=13800000000&status=1")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert not CallbackEvent.objects.exists()


@pytest.mark.parametrize(("vendor", "kind", "most"), [
    ("veesing", "receipt", 64 * 1024), ("veesing", "review", 64 * 1024), ("rcs_gateway", "review", 64 * 1024),
    ("rcs_gateway", "receipt", 8 << 20), ("emay", "receipt", 8 << 20),
])  # fmt: skip
def test_a_body_longer_than_the_vendor_has_to_tell_is_refused_unread(at, client, vendor, kind, most):
    account = at(vendor)
    answers = [client.post(path(account, kind), b"x" * size, content_type="text/plain") for size in (most + 1, most)]
    assert answers[0].status_code == 413
    assert answers[1].status_code in (200, 403)  # read, and judged by its content


def test_sixty_four_kilobytes_are_more_than_a_veesing_push_needs(at, client):
    """The document's longest fields together are below one kilobyte."""
    account = at("veesing")
    body = urlencode(
        {"taskid": "T" * 80, "mobile": "13800000000", "status": "x" * 60, "receivetime": "2026-11-20 10:00:00"}
    )
    assert client.post(path(account, "receipt"), body, content_type="text/plain").status_code == 200


# --- kinds --------------------------------------------------------------------------------------------------------------

ELEMENTS = {
    "review": {"templateId": 1, "status": 1, "message": "审核成功"},
    "receipt": {"taskId": 1, "mobile": "15100000000", "status": "DELIVRD", "reportTime": "2024-08-05 18:00:00",
                "message": "5g 消息成功", "type": "4"},
    "reply": {"taskId": 1, "mobile": "15100000000", "content": "好的", "deliverTime": "2024-08-05 18:00:00"},
}  # fmt: skip


@pytest.mark.parametrize("address", ["review", "receipt", "reply"])
@pytest.mark.parametrize("kind", ["review", "receipt", "reply"])
@pytest.mark.parametrize("many", [1, 300])
def test_a_signed_push_of_one_kind_is_taken_at_its_own_address_alone(house, client, address, kind, many):
    rows = ELEMENTS[kind] if many == 1 else [ELEMENTS[kind]] * many
    answer = house.push(address, rows, client=client)
    assert answer.status_code == (200 if address == kind else 403)
    assert CallbackEvent.objects.count() == (address == kind)


@pytest.mark.parametrize(("kind", "rows"), [
    ("receipt", []), ("reply", []), ("receipt", [{}]), ("receipt", ["x"]), ("review", {}), ("receipt", 7),
    ("reply", [{**ELEMENTS["reply"], "content": '"status": "templateId": }' * 100}]),
    ("reply", [{"content": "长" * 400, **ELEMENTS["reply"]}]), ("receipt", [{"message": "长" * 400, **ELEMENTS["receipt"]}]),
    ("reply", [{**ELEMENTS["reply"], "status": "1"}]), ("receipt", [{**ELEMENTS["receipt"], "content": ""}]),
    ("receipt", [{**ELEMENTS["receipt"], "templateId": 5}]),
])  # fmt: skip
def test_what_does_not_show_another_kind_is_taken(house, client, kind, rows):
    assert house.push(kind, rows, client=client).status_code == 200


def test_a_receipt_behind_a_reply_at_the_address_of_replies_is_none(house, client):
    dispatch = house.make_dispatch(phones(1))
    hand_over.send_some(dispatch.pk)
    receipt = {**ELEMENTS["receipt"], "mobile": phones(1)[0], "callData": Attempt.objects.get().reference}
    house.push("reply", [ELEMENTS["reply"], receipt], client=client)
    process.apply_new()
    assert deliveries_status.dispatch_counts([dispatch.pk]) == {"submitted": 1}
    assert (Reply.objects.count(), CallbackEvent.objects.get().malformed) == (1, 1)


# --- Emay: what our key sealed is kept ------------------------------------------------------------------------------------


def test_emay_pushes_are_sealed_unless_somebody_says_otherwise(at, client):
    account = at("emay")
    plain = {"data": urlencode({"reports": json.dumps([REPORT])}), "content_type": "application/x-www-form-urlencoded",
             "headers": {"appId": account.credentials["app_id"]}}  # fmt: skip
    assert client.post(path(account, "receipt"), **plain).status_code == 403
    assert client.post(path(account, "receipt"), **sealed(account, [REPORT])).status_code == 200
    account.settings = {"pushes": "either"}
    account.save()
    assert client.post(path(account, "receipt"), **plain).status_code == 200


def test_a_wrong_byte_in_a_sealed_push_costs_one_sign(at, client):
    account = at("emay")
    key = account.credentials["secret_key"].encode()
    rows = [{**REPORT, "desc": "X"}, {**REPORT, "smsId": "S2", "mobile": "13800000001"}]
    body = aes_ecb_encrypt(key, json.dumps(rows).encode().replace(b'"X"', b'"\xff"'))
    answer = client.post(path(account, "receipt"), **sealed(account, body))
    assert (answer.status_code, answer.content) == (200, b"success")
    process.apply_new()
    assert CallbackEvent.objects.get().state == "applied"
    assert account.receipts.count() == 2


@pytest.mark.parametrize("plain", [gzip.compress(json.dumps([REPORT] * 50).encode(), mtime=0)[:-9], b'[{"smsId": '])
def test_a_sealed_push_that_nobody_can_read_is_kept_and_shown(at, client, plain):
    account = at("emay")
    body = aes_ecb_encrypt(account.credentials["secret_key"].encode(), plain)
    assert client.post(path(account, "receipt"), **sealed(account, body)).status_code == 200
    process.apply_new()
    event = CallbackEvent.objects.get()
    assert (event.state, bytes(event.body)) == ("unreadable", body)


def test_a_packed_push_of_gigabytes_is_unreadable_and_not_unpacked(at, client):
    account = at("emay")
    body = aes_ecb_encrypt(account.credentials["secret_key"].encode(), gzip.compress(b"0," * (5 << 20)))
    assert client.post(path(account, "receipt"), **sealed(account, body)).status_code == 200
    process.apply_new()
    assert CallbackEvent.objects.get().state == "unreadable"


# --- how much ---------------------------------------------------------------------------------------------------------------


def test_a_flood_of_audits_is_refused_and_everything_else_goes_on(at, client, caplog, monkeypatch):
    monkeypatch.setattr(volume, "time", SimpleNamespace(monotonic=lambda: 0.0))  # the requests take no time
    account = at("veesing")
    form = "application/x-www-form-urlencoded"
    codes = [
        client.post(path(account, "review"), f"taskId=M1&returnStatus={n}", content_type=form).status_code
        for n in range(310)
    ]
    assert codes == [200] * 300 + [429] * 10
    body = "taskid=T1&mobile=13800000000&status=1"
    assert client.post(path(account, "receipt"), body, content_type=form).status_code == 200
    said = [record for record in caplog.records if "flood" in record.message]
    assert [record.levelname for record in said] == ["ERROR"]


def test_two_hundred_pushes_a_second_for_a_minute_are_no_flood(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(volume, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    for n in range(200 * 60):
        clock[0] = n / 200
        assert volume.may_store(-1, "receipt", 25_000)


# --- what is kept -----------------------------------------------------------------------------------------------------------


def test_of_the_headers_only_what_reading_needs_is_kept(house, client):
    body, headers = house.sealed([ELEMENTS["receipt"]])
    more = {
        "Authorization": "Basic c2VjcmV0",
        "Cookie": "a=b",
        "X-Forwarded-For": "192.0.2.1",
        "User-Agent": "vendor/1",
    }
    assert (
        client.post(
            path(house.account, "receipt"), body, content_type="text/plain", headers={**headers, **more}
        ).status_code
        == 200
    )
    kept = CallbackEvent.objects.get().headers
    assert kept == {"timestamp": headers["timestamp"], "content-type": "text/plain", "user-agent": "vendor/1"}


def test_an_audit_is_still_ordered_by_the_time_that_was_signed(house, client):
    review = TemplateReview.objects.get()
    for age, status in ((10, 2), (20, 1)):
        data = {"templateId": int(review.vendor_template_id), "status": status, "message": ""}
        assert house.push("review", data, client=client, age=age).status_code == 200
    process.apply_new()
    review.refresh_from_db()
    assert review.status == "rejected"


def test_every_address_on_the_account_page_is_one(house):
    for kind in ("review", "receipt", "reply"):
        address = reverse("vendor-callback", args=["rcs_gateway", house.account.callback_token, kind])
        assert address == path(house.account, kind)
