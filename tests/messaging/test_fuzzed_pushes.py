"""Generated pushes and poll answers of every vendor and kind: no exception, no 5xx, nothing left waiting, neighbours unharmed.

A body is what a vendor sends with one element made up, or cut and changed in its bytes, or bytes alone. Pushes go over HTTP to the
callback address; poll answers are stored as a poll does it. Then they are applied, some together, with a good push behind them.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.callbacks import process
from messaging.events import store, volume
from messaging.gateway import crypto
from messaging.gateway.outcomes import CallbackRefused, UnreadableBody
from messaging.gateway.registry import all_vendors, vendor_class
from messaging.gateway.types import AccountConfig, Inbound
from messaging.models import (
    Attempt,
    Batch,
    CallbackEvent,
    Click,
    Delivery,
    Dispatch,
    Reply,
    Suppression,
    TemplateReview,
    VendorAccount,
)
from templates_5g.services import create_template
from tests.builders import phones
from tests.fuzzing import EXAMPLES

pytestmark = [pytest.mark.django_db, pytest.mark.fuzz]
TOGETHER = 5  # bodies that are told before they are applied together
NUMBERS = phones(3 * TOGETHER + 1)
GOOD = NUMBERS[-1]
FORM = "application/x-www-form-urlencoded"
KEY = "k" * 16
AES = "a" * 32


# --- what each vendor sends -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """How a vendor tells things of one kind. `row(phone, n)` is a good element about a person of ours; `wrap` makes the elements
    a body's bytes, `close` what goes over the wire of them, with headers."""

    vendor: str
    kind: str
    row: Callable[[str, int], Any]
    wrap: Callable[[list[Any]], bytes]
    close: Callable[[bytes], tuple[bytes, dict[str, str]]]
    polled: bool = False
    several: bool = True


def listed(rows: list[Any]) -> bytes:
    return json.dumps(rows).encode()


def first(rows: list[Any]) -> bytes:
    return json.dumps(rows[0]).encode()


def gateway(plain: bytes) -> tuple[bytes, dict[str, str]]:
    body = base64.b64encode(crypto.aes_ecb_encrypt(AES.encode(), plain))
    at = str(int(time.time() * 1000))
    signature = crypto.sha256_hex(b"password", body, at.encode())
    return body, {"spId": "sp", "timestamp": at, "signature": signature}


def emay_sealed(plain: bytes) -> tuple[bytes, dict[str, str]]:
    return crypto.aes_ecb_encrypt(KEY.encode(), plain), {"appId": "app"}


def emay_plain(name: str) -> Callable[[bytes], tuple[bytes, dict[str, str]]]:
    return lambda plain: (urlencode({name: plain}).encode(), {"appId": "app"})


def bare(plain: bytes) -> tuple[bytes, dict[str, str]]:
    return plain, {}


def form(rows: list[Any]) -> bytes:
    row = rows[0] if isinstance(rows[0], dict) else {"taskid": rows[0]}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in row.items()}
    return urlencode({_plain(name): _plain(text) for name, text in texts.items()}).encode()


def _plain(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def report(rows: list[Any]) -> bytes:
    return json.dumps({"code": 0, "msg": "", "data": rows}).encode()


def reply_answer(rows: list[Any]) -> bytes:
    return json.dumps({"code": 0, "msg": "", "data": {"maxId": "9", "apiSmsReplyBoList": rows}}).encode()


def gateway_receipt(phone: str, n: int) -> Any:
    return {"taskId": "T", "mobile": phone, "status": "DELIVRD", "reportTime": "2026-11-20 10:00:00", "message": "成功",
            "callData": "ref-1", "type": "4"}  # fmt: skip


def gateway_reply(phone: str, n: int) -> Any:
    return {"taskId": "T", "mobile": phone, "content": "TD", "deliverTime": "2026-11-20 10:00:00", "callData": "ref-1"}


def emay_receipt(phone: str, n: int) -> Any:
    return {"smsId": f"S{n}", "customSmsId": f"ref-1_{n}", "mobile": phone, "state": "DELIVRD", "desc": "成功",
            "submitTime": "2026-11-20 10:00:00", "receiveTime": "2026-11-20 10:00:00", "extendedCode": "1"}  # fmt: skip


def emay_reply(phone: str, n: int) -> Any:
    return {"mobile": phone, "content": "TD", "moTime": "2026-11-20 10:00:00", "extendedCode": "1"}


def emay_click(phone: str, n: int) -> Any:
    return {"mobile": phone, "longLink": "https://example.com/", "accessTime": "2026-11-20 10:00:00", "equipment": "x",
            "browser": "x", "accessAddress": "x", "userAgent": "x"}  # fmt: skip


def yixintong_receipt(phone: str, n: int) -> Any:
    return {"serialNumber": "ref-1", "userNumber": phone, "result": "0"}


def yixintong_reply(phone: str, n: int) -> Any:
    return {"callMdn": "10690", "content": "TD", "replyTime": "2026-11-20 10:00:00", "userNumber": phone}


def veesing_receipt(phone: str, n: int) -> Any:
    return {"taskid": "T", "mobile": phone, "status": "1", "receivetime": "2026-11-20 10:00:00"}


def audit(name: str, status: str) -> Callable[[str, int], Any]:
    return lambda phone, n: {name: "777", status: "1", "message": "审核成功"}


SHAPES = [
    Shape("rcs_gateway", "receipt", gateway_receipt, listed, gateway),
    Shape("rcs_gateway", "reply", gateway_reply, listed, gateway),
    Shape("rcs_gateway", "review", audit("templateId", "status"), first, gateway, several=False),
    Shape("veesing", "receipt", veesing_receipt, form, bare, several=False),
    Shape("veesing", "review", audit("taskId", "returnStatus"), form, bare, several=False),
    Shape("emay", "receipt", emay_receipt, listed, emay_sealed),
    Shape("emay", "reply", emay_reply, listed, emay_sealed),
    Shape("emay", "receipt", emay_receipt, listed, emay_plain("reports")),
    Shape("emay", "reply", emay_reply, listed, emay_plain("mos")),
    Shape("emay", "receipt", emay_receipt, listed, emay_sealed, polled=True),
    Shape("emay", "reply", emay_reply, listed, bare, polled=True),
    Shape("emay", "click", emay_click, listed, emay_sealed, polled=True),
    Shape("yixintong", "receipt", yixintong_receipt, report, bare, polled=True),
    Shape("yixintong", "reply", yixintong_reply, reply_answer, bare, polled=True),
]


def name_of(shape: Shape) -> str:
    way = "polled" if shape.polled else "plain" if shape.close not in (gateway, emay_sealed, bare) else "pushed"
    return f"{shape.vendor}-{shape.kind}-{way}"


def test_every_kind_of_every_vendor_has_a_shape():
    for code, vendor in all_vendors().items():
        pushed = {shape.kind for shape in SHAPES if shape.vendor == code and not shape.polled}
        polled = {shape.kind for shape in SHAPES if shape.vendor == code and shape.polled}
        assert (pushed, polled) == (vendor.capabilities.callbacks, vendor.capabilities.polls), code


# --- what may become of it ----------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(alphabet=st.characters(codec=None), max_size=40),
    st.sampled_from(["\x00", "\ud83d", "a\x00\udc00b", "TD", "退订", "DELIVRD", "0", "-1", "NaN", "1e999", "0001-01-01 00:00:00",
                     "9999-12-31T23:59:59-12:00", "13800000000", "+86 138 0000 0000", "=1+1", "<svg onload=1>", "9" * 5000,
                     "长" * 400, "%00", "&reports=[]", "null", "\ufeff", "\u202e"]),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        TEXTS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(10**300, 10**301),
        st.floats(allow_nan=True, allow_infinity=True),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def elements(draw: st.DrawFn, shape: Shape) -> Any:
    """A good element with some fields made up, taken away or added, or anything at all."""
    if draw(st.integers(0, 4)) == 0:
        return draw(VALUES)
    row = dict(shape.row(draw(st.sampled_from(["13911112222", *NUMBERS[2:-1:3]])), 9))
    for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=4, unique=True)):
        if draw(st.booleans()):
            row[name] = draw(VALUES)
        else:
            del row[name]
    return {**row, **draw(st.dictionaries(TEXTS, VALUES, max_size=2))}


@st.composite
def changed(draw: st.DrawFn, body: bytes) -> bytes:
    """The same bytes with some cut, doubled, put in or turned."""
    found = bytearray(body)
    for _change in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(found) - 1, 0)))
        piece = draw(st.binary(max_size=8))
        found[place : place + draw(st.integers(0, 12))] = piece
    return bytes(found[: draw(st.integers(0, len(found)))] if draw(st.booleans()) else found)


@st.composite
def bodies(draw: st.DrawFn, shape: Shape, n: int) -> tuple[bytes, dict[str, str], bool]:
    """(body, headers, whether good elements, about the persons 3n and 3n + 1, stand in it untouched)."""
    rows = [shape.row(NUMBERS[3 * n], 3 * n), draw(elements(shape)), shape.row(NUMBERS[3 * n + 1], 3 * n + 1)]
    plain = shape.wrap(rows if shape.several else rows[1:2])
    match draw(st.sampled_from(["element", "element", "plain", "sealed", "bytes", "any"])):
        case "element":
            return *shape.close(plain), shape.several
        case "plain":
            return *shape.close(draw(changed(plain))), False
        case "sealed":
            body, headers = shape.close(plain)
            return draw(changed(body)), headers, False
        case "bytes":
            return *shape.close(draw(st.binary(max_size=200))), False
    return draw(st.binary(max_size=200)), shape.close(b"")[1], False


# --- the account, and what is asserted -----------------------------------------------------------------------------------


CREDENTIALS = {
    "rcs_gateway": {"sp_id": "sp", "password": "password", "aes_key": AES},
    "veesing": {"app_id": "app", "app_key": "key"},
    "emay": {"app_id": "app", "secret_key": KEY},
    "yixintong": {"sp_code": "1", "app_key": "key", "app_secret": "secret"},
}


@pytest.fixture
def account(request: pytest.FixtureRequest) -> VendorAccount:
    """An account that handed some people over."""
    shape: Shape = request.getfixturevalue("shape")
    made = VendorAccount.objects.create(
        name="x",
        vendor=shape.vendor,
        base_url="http://127.0.0.1:9",
        credentials=CREDENTIALS[shape.vendor],
        status="ok",
        settings={"pushes": "either"} if shape.vendor == "emay" else {},
    )
    dispatch = Dispatch.objects.create(title="x", account=made, state="done", total=len(NUMBERS), text="x")
    values = {"dispatch": dispatch, "account": made, "number": 1, "size": len(NUMBERS), "state": "submitted"}
    batch = Batch.objects.create(**values)
    Attempt.objects.create(batch=batch, account=made, number=1, reference="ref-1", task_id="T", outcome="accepted",
                           started_at=dispatch.created_at)  # fmt: skip
    Delivery.objects.bulk_create(
        Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg=dispatch.leg, phone=phone)
        for phone in NUMBERS
    )
    if shape.kind == "review":
        version = create_template("x", "notice", {"kind": "sms", "text": "x"}, {}, None)
        TemplateReview.objects.create(version=version, account=made, status="waiting", vendor_template_id="777")
    return made


@contextmanager
def afterwards_as_before() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def told(account: VendorAccount, shape: Shape, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer; a stored poll answer is 200."""
    if shape.polled:
        store.store(account, Inbound(shape.kind, {}, body), polled=True)
        return 200
    path = f"/callbacks/{shape.vendor}/{account.callback_token}/{shape.kind}/"
    return Client().post(path, body, content_type=FORM, headers=headers).status_code


def heard(shape: Shape, phone: str) -> bool:
    """Whether what a good element says about this person has been done."""
    match shape.kind:
        case "receipt":
            return Delivery.objects.filter(phone=phone, own_status__gte=60).exists()
        case "reply":
            stopped = Suppression.objects.filter(phone=phone).exists()
            return stopped and Reply.objects.filter(phone=phone, is_opt_out=True).exists()
        case "click":
            return Click.objects.filter(phone=phone).exists()
    return TemplateReview.objects.filter(status="approved").exists()


@pytest.mark.parametrize("shape", SHAPES, ids=name_of)
@given(data=st.data())
@settings(
    max_examples=-(-EXAMPLES // TOGETHER),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_whatever_comes_nothing_breaks_and_neighbours_are_applied(shape, account, data):
    volume.forget()
    with afterwards_as_before():
        unharmed = []
        for n in range(TOGETHER):
            body, headers, good_inside = data.draw(bodies(shape, n))
            status = told(account, shape, body, headers)
            assert status in ((200,) if good_inside else (200, 403, 413))
            unharmed += NUMBERS[3 * n : 3 * n + 2] if good_inside else []
        assert good(account, shape) == 200
        assert process.apply_account(account.pk)
        assert set(CallbackEvent.objects.values_list("state", flat=True)) <= {"applied", "unreadable", "unmatched"}
        assert [phone for phone in unharmed if not heard(shape, phone)] == []
        assert shape.kind == "review" or heard(shape, GOOD)


def good(account: VendorAccount, shape: Shape) -> int:
    """A push about one person as the vendor makes it."""
    return told(account, shape, *shape.close(shape.wrap([shape.row(GOOD, 99)])))


def config_of(shape: Shape) -> AccountConfig:
    settings = {"pushes": "either"} if shape.vendor == "emay" else {}
    return AccountConfig("x", "http://127.0.0.1:9", CREDENTIALS[shape.vendor], settings)


@pytest.mark.parametrize("shape", SHAPES, ids=name_of)
@given(data=st.data())
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_whatever_is_read_has_keys_and_can_be_stored(shape, data):
    """The adapters alone, without a database: they refuse, cannot read, or give events that any database takes."""
    body, headers, good_inside = data.draw(bodies(shape, 0))
    inbound = Inbound(shape.kind, {name.lower(): value for name, value in headers.items()}, body)
    vendor = vendor_class(shape.vendor)(config_of(shape))
    try:
        if not shape.polled:
            vendor.verify(inbound)
        events = vendor.events(inbound)
    except (CallbackRefused, UnreadableBody):
        assert not good_inside
        return
    assert all(event.key for event in events)
    for text in texts_of(events):
        assert "\x00" not in text
        assert text.encode().decode() == text
    if good_inside:
        assert [event.phone for event in (events[0], events[-1])] == NUMBERS[:2]


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for text in texts_of(list(pair)))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in texts_of(inner))
    elif is_dataclass(value):
        yield from texts_of(vars(value))


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.kind == "receipt"], ids=name_of)
def test_the_good_push_alone_is_heard(shape, account):
    assert good(account, shape) == 200
    process.apply_account(account.pk)
    assert heard(shape, GOOD)
    assert not heard(shape, NUMBERS[0])
