"""What the doors for machines answer: every operation of the API with a good call, one of each kind of refusal, the OpenAPI
document, and what a vendor gets for a push.

After a change that is meant: `pytest tests/golden/test_api_answers.py --write-golden`, and read the difference."""

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.builders import House
from tests.golden.conftest import Golden
from tests.golden.stable import MOMENT, Names, recognisable_ids, standing_clock
from tests.golden.systems import System, rows, set_rules
from tests.people import integrator

pytestmark = pytest.mark.django_db
ONE, TWO, THREE, OTHER = "13800000001", "13800000002", "13800000003", "13900000009"
TEXT = {"kind": "text", "text": "${姓名}您好，余额${余额}", "suggestions": []}
PLAIN = {"kind": "text", "text": "双十一满 300 减 50，拒收请回复R", "suggestions": []}
FILE = "手机号,姓名,余额\n13800000001,张三,1\n13800000002,李四,2\n138,王五,3\n13800000001,赵六,4\n13800000003,钱七,5\n"
EVERY_SCOPE = ("send", "campaigns", "audiences", "lookup", "replies", "suppressions", "reveal")
# Said with every answer by middleware (test_headers_of_every_answer), or about the bytes on the wire.
UNTOLD = {
    "Content-Length",
    "Vary",
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
}
UNTOLD |= {"Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"}


@pytest.fixture
def clock(db: None, settings: Any, tmp_path: Any) -> Iterator[Any]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with standing_clock() as clock:
        recognisable_ids()
        set_rules()
        yield clock


@pytest.fixture
def house(clock: Any, sandbox: Any) -> House:
    return House(sandbox)


class Calls:
    """Every call that is made and what is answered, to be compared as a whole."""

    def __init__(self, house: House | None = None) -> None:
        self.house = house
        self.lines: list[dict[str, Any]] = []
        self.names = Names()

    def __call__(self, what: str, answer: Any) -> Any:
        """Note one answer; gives what it says in JSON."""
        asked = answer.wsgi_request
        found = {
            "what": what,
            "call": f"{asked.method} {asked.get_full_path()}",
            "status": answer.status_code,
            "headers": {name: value for name, value in sorted(answer.headers.items()) if name not in UNTOLD},
            "answer": _said(answer),
        }
        self.lines.append(self.names.in_value(found))
        return found["answer"]


def _said(answer: Any) -> Any:
    if answer.headers.get("Content-Type") == "application/json" and answer.content:
        return json.loads(answer.content)
    return answer.content.decode("utf-8", "backslashreplace")


@pytest.fixture
def calls(house: House) -> Calls:
    return Calls(house)


def template(house: House, content: dict[str, Any], name: str, purpose: str = "notice") -> str:
    """The name of a template with one approved version."""
    version = house.make_version(content, name)
    rows("MessageTemplate").filter(pk=version.template_id).update(purpose=purpose)
    return name


def file(text: str = FILE, name: str = "名单.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


# --- messages -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def order(house: House) -> Any:
    name = template(house, TEXT, "到货通知")

    def make(**values: Any) -> dict[str, Any]:
        people = [
            {"phone": ONE, "variables": {"姓名": "张三", "余额": "1"}},
            {"phone": TWO, "variables": {"姓名": "李四", "余额": "2"}},
        ]
        given = {"template": name, "account": "5G-主账号", "signature": "示例商城", "sender": "示例商城"}
        return {**given, "recipients": people, **values}

    return make


def send(system: System, body: Any, key: str = "k1", **headers: str) -> Any:
    return system.call("POST", "/messages/", body, headers={"Idempotency-Key": key, **headers})


def test_messages(calls: Calls, order: Any, golden: Golden, run_queue: Any) -> None:
    system, open_system = System("send"), System("send", "reveal", name="客服系统")
    rows("Suppression").create(phone=TWO, source="hand")
    sent = calls("an order", send(system, order()))
    calls("the same again", send(system, order()))
    calls("another body under its key", send(system, order(title="别的")))
    calls("no key", system.call("POST", "/messages/", order()))
    calls("with full numbers", send(open_system, order(title="会员通知", version=1)))
    calls("how it stands", system.call("GET", f"/messages/{sent['id']}/"))
    run_queue()
    calls("how it stands when it is handed over", system.call("GET", f"/messages/{sent['id']}/"))
    calls("somebody else's", open_system.call("GET", f"/messages/{sent['id']}/"))
    calls("in Chinese", send(system, order(recipients=[]), "k2", **{"Accept-Language": "zh-CN"}))
    golden("api/messages.json", calls.lines)


def test_refused_messages(calls: Calls, order: Any, golden: Golden, clock: Any) -> None:
    system = System("send")
    one = {"phone": ONE, "variables": {"姓名": "x", "余额": "y"}}
    for what, values in {
        "unknown template": {"template": "没有"},
        "unknown version": {"version": 9},
        "unknown account": {"account": "没有"},
        "unknown signature": {"signature": "没有"},
        "unknown sender": {"sender": "没有"},
        "unknown option": {"options": {"no_such": 1}},
        "nobody": {"recipients": []},
        "too many": {"recipients": [one] * 1001},
        "no number": {"recipients": [one, {"phone": "12"}]},
        "a variable missing, one too many": {"recipients": [{"phone": ONE, "variables": {"姓名": "x", "多": "1"}}]},
        "a value too long": {"recipients": [{"phone": ONE, "variables": {"姓名": "长" * 201, "余额": "1"}}]},
        "a number twice": {"recipients": [one, {**one, "phone": "+86 138-0000-0001"}]},
        "no date": {"send_until": "morgen"},
        "a title of another type": {"title": 5},
        "fields missing": None,
    }.items():
        calls(what, send(system, {} if values is None else order(**values)))
    rows("TemplateReview").filter(version__template__name="到货通知").update(status="rejected")
    calls("not approved", send(system, order()))
    calls("this version is not approved", send(system, order(version=1)))
    rows("TemplateReview").update(status="approved")
    rows("VendorAccount").update(status="stopped")
    calls("the account has stopped", send(system, order()))
    rows("VendorAccount").update(status="ok")
    set_rules(approve_first_use=True, approve_people=1)
    calls("needs approval", send(system, order()))
    set_rules(api_notices_hour=1)
    calls("too many notices", send(system, order()))
    golden("api/messages-refused.json", calls.lines)


def test_marketing_messages(calls: Calls, house: House, golden: Golden, run_queue: Any) -> None:
    template(house, PLAIN, "会员日满减", "marketing")
    system = System("send", "reveal", "audiences")
    pk = system.upload(name="老客", file=file(), consent_source="门店登记", consent_on="2026-01-02").json()["id"]
    run_queue()
    system.call("POST", f"/imports/{pk}/confirm/")
    body = {
        "template": "会员日满减",
        "account": "5G-主账号",
        "signature": "示例商城",
        "recipients": [{"phone": ONE}, {"phone": OTHER}],
        "title": "会员日",
        "send_until": "2026-11-20T20:00:00+08:00",
    }
    again = {**body, "recipients": [{"phone": ONE}]}
    calls("at once", send(system, again))
    run_queue()
    set_rules(cap_count=1)
    calls("once more than allowed", send(system, again, "k2"))
    set_rules(marketing_from="12:00", marketing_until="20:30")
    calls("held until the window opens; one without consent", send(system, body, "k3"))
    before = {**body, "send_until": "2026-11-20T11:00:00+08:00"}
    calls("too late before the window opens", send(system, before, "k4"))
    golden("api/messages-marketing.json", calls.lines)


# --- audiences ------------------------------------------------------------------------------------------------------------


def test_audiences(calls: Calls, golden: Golden, run_queue: Any) -> None:
    system = System("audiences")
    consent = {"consent_source": "门店登记", "consent_on": "2026-01-02"}
    pk = calls("up", system.upload(name="老客", file=file(), **consent))["id"]
    calls("being checked", system.call("GET", f"/imports/{pk}/"))
    calls("confirmed too early", system.call("POST", f"/imports/{pk}/confirm/"))
    run_queue()
    calls("checked", system.call("GET", f"/imports/{pk}/"))
    calls("confirmed", system.call("POST", f"/imports/{pk}/confirm/"))
    calls("confirmed again", system.call("POST", f"/imports/{pk}/confirm/"))
    calls("discarded too late", system.call("POST", f"/imports/{pk}/discard/"))
    calls("columns chosen too late", system.call("POST", f"/imports/{pk}/check/", {"phone": "手机号"}))
    calls("a name that is taken", system.upload(name="老客", file=file()))
    other = calls("another", system.upload(name="新客", file=file("电话,手机号,姓名\n1,13800000001,张三\n")))["id"]
    rows("AudienceImport").filter(pk=other).update(state="uploaded")
    calls("no such column", system.call("POST", f"/imports/{other}/check/", {"phone": "没有"}))
    calls("columns", system.call("POST", f"/imports/{other}/check/", {"phone": "手机号", "variables": ["姓名"]}))
    run_queue()
    calls("discarded", system.call("POST", f"/imports/{other}/discard/"))
    calls("gone", system.call("GET", f"/imports/{other}/"))
    calls("without a name", system.upload(file=file()))
    calls("without a file", system.upload(name="新"))
    calls("consent without its day", system.upload(name="新", file=file(), consent_source="门店"))
    calls("a file without numbers", system.upload(name="新", file=file("姓名,城市\n张三,杭州\n")))
    calls("a file without rows", system.upload(name="新", file=file("手机号\n")))
    golden("api/audiences.json", calls.lines)


# --- campaigns ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan(house: House, run_queue: Any) -> Any:
    """The body of a campaign to three people of four rows."""
    name = template(house, TEXT, "到货通知")
    system = System("audiences", name="名单系统")
    pk = system.upload(name="老客", file=file(), consent_source="门店登记", consent_on="2026-01-02").json()["id"]
    run_queue()
    audience = system.call("POST", f"/imports/{pk}/confirm/").json()["audience"]

    def make(**values: Any) -> dict[str, Any]:
        given = {"name": "通知", "template": name, "audience": audience, "account": "5G-主账号", "sender": "示例商城"}
        return {**given, "signature": "示例商城", "window_from": "08:00", "window_until": "22:00", **values}

    return make


def test_campaigns(calls: Calls, plan: Any, golden: Golden, run_queue: Any) -> None:
    system = System("campaigns")
    pk = calls("made", system.call("POST", "/campaigns/", plan()))["id"]
    path = f"/campaigns/{pk}"
    calls("as it stands", system.call("GET", f"{path}/"))
    calls("started unchecked", system.call("POST", f"{path}/start/", {"people": 3}))
    calls("checked", system.call("POST", f"{path}/check/"))
    calls("another number of people", system.call("POST", f"{path}/start/", {"people": 4}))
    calls("no number of people", system.call("POST", f"{path}/start/", {"people": "3"}))
    calls("nobody has to approve", system.call("POST", f"{path}/ask/"))
    calls("started", system.call("POST", f"{path}/start/", {"people": 3}))
    calls("started again", system.call("POST", f"{path}/start/", {"people": 3}))
    calls("resumed while it runs", system.call("POST", f"{path}/resume/"))
    calls("paused", system.call("POST", f"{path}/pause/"))
    calls("paused again", system.call("POST", f"{path}/pause/"))
    calls("resumed", system.call("POST", f"{path}/resume/", {}))
    run_queue()
    calls("handed over", system.call("GET", f"{path}/"))
    calls("cancelled", system.call("POST", f"{path}/cancel/"))
    calls("checked too late", system.call("POST", f"{path}/check/"))
    golden("api/campaigns.json", calls.lines)


def test_planned_campaigns(calls: Calls, plan: Any, golden: Golden, clock: Any) -> None:
    system = System("campaigns")
    more = {"canary_people": 1, "canary_minutes": 5, "stop_failed": None, "stop_unknown": 2.5, "stop_opted_out": 0.5}
    more |= {"operators": ["cmcc", "cucc"], "cap_count": 3, "needs_consent": False, "version": 1, "skip_same_days": 3}
    times = {"start_at": "2026-11-20T11:00:00+08:00", "send_until": "2026-11-21T11:00:00+08:00"}
    path = f"/campaigns/{calls('made', system.call('POST', '/campaigns/', plan(**more, **times)))['id']}"
    calls("checked", system.call("POST", f"{path}/check/"))
    clock.shift(timedelta(hours=2))
    calls("its start has passed", system.call("POST", f"{path}/start/", {"people": 3}))
    rows("VendorAccount").update(status="stopped")
    calls("checked with an obstacle", system.call("POST", f"{path}/check/"))
    calls("cannot start", system.call("POST", f"{path}/start/", {"people": 3, "at_once": True}))
    rows("VendorAccount").update(status="ok")
    calls("checked again", system.call("POST", f"{path}/check/"))
    calls("started at once", system.call("POST", f"{path}/start/", {"people": 3, "at_once": True}))
    golden("api/campaigns-planned.json", calls.lines)


def test_approved_campaigns(calls: Calls, plan: Any, golden: Golden) -> None:
    set_rules(approve_people=2, approve_first_use=True, approve_outside_hours=True)
    system = System("campaigns")
    path = f"/campaigns/{calls('made', system.call('POST', '/campaigns/', plan(window_from='00:00')))['id']}"
    calls("checked", system.call("POST", f"{path}/check/"))
    calls("started without approval", system.call("POST", f"{path}/start/", {"people": 3}))
    calls("taken back too early", system.call("POST", f"{path}/withdraw/"))
    calls("asked", system.call("POST", f"{path}/ask/"))
    calls("asked again", system.call("POST", f"{path}/ask/"))
    calls("started too early", system.call("POST", f"{path}/start/", {"people": 3}))
    calls("taken back", system.call("POST", f"{path}/withdraw/"))
    golden("api/campaigns-approved.json", calls.lines)


def test_refused_campaigns(calls: Calls, plan: Any, golden: Golden) -> None:
    system = System("campaigns")
    for what, values in {
        "unknown audience": {"audience": 999},
        "unknown template": {"template": "没有"},
        "unknown sender": {"sender": "没有"},
        "unknown operator": {"operators": ["xyz"]},
        "window the wrong way round": {"window_from": "20:00", "window_until": "09:00"},
        "too late at once": {"send_until": "2020-01-01T00:00:00Z"},
        "start in the past": {"start_at": "2020-01-01T00:00:00Z"},
        "no flag": {"needs_consent": "yes"},
        "unknown option": {"options": {"x": 1}},
        "a percentage as text": {"stop_failed": "10"},
        "two decimals": {"stop_failed": 10.25},
        "too small a percentage": {"stop_unknown": 0},
        "two canaries": {"canary_people": 5, "canary_percent": 1},
        "a name that is too long": {"name": "长" * 81},
    }.items():
        calls(what, system.call("POST", "/campaigns/", plan(**values)))
    calls("fields missing", system.call("POST", "/campaigns/", {}))
    golden("api/campaigns-refused.json", calls.lines)


# --- customers ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def customers(house: House) -> None:
    """One person with two deliveries and two replies."""
    old = house.make_dispatch([ONE], title="早先", source="老客", state="done")
    house.make_dispatch([ONE, TWO])
    old.batches.update(state="submitted", submitted_at=MOMENT)
    failed = {
        "own_status": 50,
        "reason": "bad_number",
        "vendor_message": "FAIL_MOBILE",
        "reported_at": MOMENT,
        "channel": "sms",
    }
    old.deliveries.update(**failed, units=2)
    reply = {"account": house.account, "phone": ONE, "replied_at": MOMENT}
    rows("Reply").create(**reply, key="1", content="打我另一个 13900001112", delivery=old.deliveries.get())
    rows("Reply").create(**reply, key="2", content="TD", is_opt_out=True)


def test_deliveries(calls: Calls, customers: None, golden: Golden) -> None:
    system, open_system = System("lookup"), System("lookup", "reveal", name="客服系统")
    calls("of one number", system.call("GET", "/deliveries/?phone=%2B86 138 0000 0001"))
    first = calls("the first page", system.call("GET", f"/deliveries/?phone={ONE}&limit=1"))
    calls("the next page", system.call("GET", f"/deliveries/?phone={ONE}&limit=1&before={first['next']}"))
    calls("with full numbers", open_system.call("GET", f"/deliveries/?phone={TWO}"))
    calls("nothing", system.call("GET", f"/deliveries/?phone={THREE}"))
    calls("without a number", system.call("GET", "/deliveries/"))
    golden("api/deliveries.json", calls.lines)


def test_replies(calls: Calls, customers: None, golden: Golden) -> None:
    system, open_system = System("replies"), System("replies", "reveal", name="客服系统")
    first = calls("the first page", system.call("GET", "/replies/?limit=1"))
    rest = calls("the next page", system.call("GET", f"/replies/?after={first['next']}"))
    calls("nothing newer", system.call("GET", f"/replies/?after={rest['next']}"))
    calls("with full numbers", open_system.call("GET", "/replies/"))
    calls("no limit", system.call("GET", "/replies/?limit=0"))
    calls("an unknown parameter", system.call("GET", "/replies/?before=3"))
    golden("api/replies.json", calls.lines)


def test_suppressions(calls: Calls, golden: Golden) -> None:
    system, open_system = System("suppressions"), System("suppressions", "reveal", name="客服系统")

    def enter(what: str, by: System = system, **body: Any) -> Any:
        return calls(what, by.call("POST", "/suppressions/", body))

    pk = enter("for all", phone="138 0000 0001", note="客户来电 13900001112")["id"]
    enter("again", phone=ONE, note="客户来电")
    enter("at an account", open_system, phone=TWO, scope="account", account="5G-主账号")
    enter("of a signature", phone=THREE, scope="signature", signature="示例商城")
    enter("no number", phone="123")
    enter("a number that is none", phone=13800000001)
    enter("no account", phone=TWO, scope="account")
    enter("an unknown account", phone=TWO, scope="account", account="没有")
    enter("a signature too many", phone=TWO, signature="示例商城")
    enter("an unknown scope", phone=TWO, scope="x")
    calls("the list", system.call("GET", "/suppressions/?limit=2"))
    calls("lifted without a reason", system.call("POST", f"/suppressions/{pk}/lift/", {}))
    calls("lifted", system.call("POST", f"/suppressions/{pk}/lift/", {"reason": "客户要求"}))
    calls("lifted again", system.call("POST", f"/suppressions/{pk}/lift/", {"reason": "客户要求"}))
    calls("of one number, with full numbers", open_system.call("GET", f"/suppressions/?phone={ONE}"))
    calls("an empty number", system.call("GET", "/suppressions/?phone="))
    golden("api/suppressions.json", calls.lines)


# --- who may, and what is no call -------------------------------------------------------------------------------------------


def test_who_is_let_in(calls: Calls, golden: Golden, clock: Any) -> None:
    system = System("replies", per_minute=4)
    for what, header in {
        "no token": "",
        "no word after it": "Bearer",
        "unknown": "Bearer nonsense",
        "of another kind": "Basic abc",
    }.items():
        headers = {"Authorization": header} if header else {}
        calls(what, Client().get("/api/v1/replies/", headers={"Accept-Language": "en", **headers}))
    calls("a scope that it has not", system.call("GET", f"/deliveries/?phone={ONE}"))
    calls("let in", system.call("GET", "/replies/"))
    elsewhere = System("replies", name="别处", networks="203.0.113.9")
    calls("from elsewhere", elsewhere.call("GET", "/replies/"))
    clock.shift(20)
    for _time in range(2):
        system.call("GET", "/replies/")
    calls("too often", system.call("GET", "/replies/"))
    held = list(integrator().groups.all())
    clock.shift(timedelta(minutes=1))
    integrator().groups.clear()
    calls("its maker may not any more", system.call("GET", "/replies/"))
    integrator().groups.set(held)
    clock.shift(timedelta(days=91))
    calls("expired", system.call("GET", "/replies/"))
    calls("expired, in Chinese", system.call("GET", "/replies/", headers={"Accept-Language": "zh-CN"}))
    golden("api/access.json", calls.lines)


def test_what_is_no_call(calls: Calls, golden: Golden) -> None:
    system = System(*EVERY_SCOPE)
    form, parts = "application/x-www-form-urlencoded", "multipart/form-data"
    for what, method, path, body, kind in [
        ("no address", "GET", "/nowhere/", None, ""),
        ("no address, by another method", "PUT", "/nowhere", None, ""),
        ("no such campaign", "GET", "/campaigns/77/", None, ""),
        ("no such message", "GET", "/messages/77/", None, ""),
        ("no such import", "GET", "/imports/77/", None, ""),
        ("no such entry", "POST", "/suppressions/77/lift/", {"reason": "x"}, ""),
        ("an id that is too long", "GET", f"/campaigns/{'9' * 19}/", None, ""),
        ("another method", "DELETE", "/suppressions/", None, ""),
        ("no list of messages", "GET", "/messages/", None, ""),
        ("no options", "OPTIONS", "/messages/", None, ""),
        ("a form", "POST", "/suppressions/", b"phone=1", form),
        ("JSON for a file", "POST", "/audiences/", b"{}", ""),
        ("half of a body", "POST", "/suppressions/", b"{", ""),
        ("no number of JSON", "POST", "/suppressions/", b'{"phone": NaN}', ""),
        ("no UTF-8", "POST", "/suppressions/", b"\xff\xfe", ""),
        ("a list", "POST", "/suppressions/", b"[]", ""),
        ("too long", "POST", "/suppressions/", b" " * (4 * 1024 * 1024 + 1), ""),
        ("parts without a boundary", "POST", "/audiences/", b"--x", parts),
    ]:
        calls(what, system.call(method, path, body, **({"content_type": kind} if kind else {})))
    golden("api/no-call.json", calls.lines)


def test_headers_of_every_answer(client: Client, golden: Golden) -> None:
    answers = {"of the API": client.get("/api/v1/nowhere/"), "of a page": client.get("/admin/login/")}
    answers["of a callback"] = client.post("/callbacks/veesing/x/receipt/")
    golden("api/headers.json", {what: _headers(answer) for what, answer in answers.items()})


def _headers(answer: Any) -> dict[str, Any]:
    """The parts of a policy have no order."""
    found = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "Expires")}
    if policy := found.get("Content-Security-Policy"):
        found["Content-Security-Policy"] = sorted(policy.split("; "))
    return found


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_document(client: Client, golden: Golden, language: str) -> None:
    """In English, whatever is asked for."""
    answer = client.get("/api/v1/schema/?format=json", headers={"Accept-Language": language})
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    golden("api/openapi.json", json.loads(answer.content))


# --- vendors ----------------------------------------------------------------------------------------------------------------

GATEWAY = {"sp_id": "999992", "password": "72Afp4FrA", "aes_key": "fCvSYdaNVIts5Tu2MzNaHEwlJTMAwxHX"}
EMAY = {"app_id": "EUCP-EMY-SMS1-00001", "secret_key": "0123456789ABCDEF"}
CREDENTIALS = {
    "rcs_gateway": GATEWAY,
    "emay": EMAY,
    "veesing": {"app_id": "app", "app_key": "key"},
    "yixintong": {"sp_code": "1", "app_key": "key", "app_secret": "secret"},
    "hanwg": {"account": "dh1", "password": "secret"},
}
KINDS = ("review", "receipt", "reply", "click")
FORM, TEXT_PLAIN, BYTES = "application/x-www-form-urlencoded", "text/plain; charset=utf-8", "application/octet-stream"


def aes(key: str, plain: bytes) -> bytes:
    padder, cipher = padding.PKCS7(128).padder(), Cipher(algorithms.AES(key.encode()), modes.ECB()).encryptor()
    return cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()


def by_gateway(data: Any, age: float = 0) -> tuple[bytes, str, dict[str, str]]:
    body = base64.b64encode(aes(GATEWAY["aes_key"], json.dumps(data).encode()))
    at = str(int((time.time() - age) * 1000))
    signature = hashlib.sha256(GATEWAY["password"].encode() + body + at.encode()).hexdigest()
    return body, TEXT_PLAIN, {"spId": GATEWAY["sp_id"], "timestamp": at, "signature": signature}


def by_emay(data: Any, pack: bool = False) -> tuple[bytes, str, dict[str, str]]:
    plain = json.dumps(data).encode()
    packed = gzip.compress(plain, mtime=0) if pack else plain
    return aes(EMAY["secret_key"], packed), BYTES, {"appId": EMAY["app_id"]}


def in_form(**values: Any) -> tuple[bytes, str, dict[str, str]]:
    return urlencode(values).encode(), FORM, {}


AT = "2026-11-20 09:59:00"
G_REVIEW = {"templateId": "777", "status": "1", "message": "审核成功"}
G_RECEIPT = {"taskId": "T", "mobile": ONE, "status": "DELIVRD", "reportTime": AT, "message": "成功", "type": "4"}
G_REPLY = {"taskId": "T", "mobile": ONE, "content": "好的", "deliverTime": AT}
E_RECEIPT = {"smsId": "S1", "mobile": ONE, "state": "DELIVRD", "desc": "成功", "submitTime": AT, "receiveTime": AT}
E_REPLY = {"mobile": ONE, "content": "好的", "moTime": AT, "extendedCode": "1"}


class Door:
    """The callback addresses of one account of each vendor, and what came out of them."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.client = Client()
        self.tokens = {}
        for vendor, credentials in CREDENTIALS.items():
            values = {"vendor": vendor, "base_url": "http://127.0.0.1:9", "credentials": credentials, "status": "ok"}
            self.tokens[vendor] = rows("VendorAccount").create(name=vendor, **values).callback_token

    def push(self, what: str, vendor: str, kind: str, push: tuple[bytes, str, dict[str, str]], **more: Any) -> None:
        body, content_type, headers = push
        token = more.pop("token", self.tokens.get(vendor, "x" * 32))
        answer = self.client.generic(
            more.pop("method", "POST"),
            f"/callbacks/{vendor}/{token}/{kind}/",
            body,
            content_type=content_type,
            headers={**headers, **more},
        )
        self.lines.append(
            {
                "what": what,
                "address": f"{vendor}/{kind}",
                "status": answer.status_code,
                "headers": {
                    name: value for name, value in answer.headers.items() if name not in UNTOLD - {"Content-Length"}
                },
                "answer": answer.content.decode("ascii"),
            }
        )


@pytest.fixture
def door(clock: Any) -> Door:
    return Door()


def test_what_a_vendor_gets_for_a_push(door: Door, golden: Golden) -> None:
    for kind, data in {"review": G_REVIEW, "receipt": [G_RECEIPT], "reply": [G_REPLY]}.items():
        door.push("good", "rcs_gateway", kind, by_gateway(data))
        door.push("once more", "rcs_gateway", kind, by_gateway(data))
    for kind, row in {"receipt": E_RECEIPT, "reply": E_REPLY}.items():
        door.push("good", "emay", kind, by_emay([row]))
        door.push("once more", "emay", kind, by_emay([row]))
        door.push("packed", "emay", kind, by_emay([row, row], pack=True))
    rows("VendorAccount").filter(vendor="emay").update(settings={"pushes": "either"})
    appid = {"appId": EMAY["app_id"]}
    door.push("in the open", "emay", "receipt", (*in_form(reports=json.dumps([E_RECEIPT]))[:2], appid))
    door.push("in the open", "emay", "reply", (*in_form(mos=json.dumps([E_REPLY]))[:2], appid))
    audit = in_form(taskId="777", returnStatus="1", message="审核成功")
    receipt = in_form(taskid="T", mobile=ONE, status="1", receivetime=AT)
    for kind, push in {"review": audit, "receipt": receipt}.items():
        door.push("good", "veesing", kind, push)
        door.push("once more", "veesing", kind, push)
    stored = rows("CallbackEvent").order_by("account__vendor", "kind", "pk")
    kept = [list(event) for event in stored.values_list("account__vendor", "kind", "state", "headers")]
    golden("api/callbacks.json", {"answers": door.lines, "stored": kept})


def test_what_is_refused_to_a_vendor(door: Door, golden: Golden) -> None:
    for vendor in [*CREDENTIALS, "nobody"]:
        for kind in (*KINDS, "whatever"):
            door.push("what could be anybody's", vendor, kind, in_form(x="y"))
    for vendor in ("rcs_gateway", "emay", "veesing"):
        push = in_form(taskid="T", mobile=ONE, status="1")
        door.push("by another method", vendor, "receipt", push, method="GET")
        door.push("an unknown token", vendor, "receipt", push, token="x" * 32)
        door.push("a token that can be none", vendor, "receipt", push, token="x")
        door.push("too long", vendor, "receipt", (b"x" * (8 * 1024 * 1024 + 1), TEXT_PLAIN, {}))
    body, kind, headers = by_gateway([G_RECEIPT])
    door.push("a byte changed", "rcs_gateway", "receipt", (b"A" + body[1:], kind, headers))
    door.push("too old", "rcs_gateway", "receipt", by_gateway([G_RECEIPT], age=73 * 3600))
    door.push("at another kind's address", "rcs_gateway", "reply", by_gateway([G_RECEIPT]))
    door.push("for somebody else", "emay", "receipt", (by_emay([E_RECEIPT])[0], BYTES, {"appId": "other"}))
    door.push("not sealed", "emay", "receipt", (b"[]", BYTES, {"appId": EMAY["app_id"]}))
    rows("VendorAccount").filter(vendor="veesing").update(callback_addresses="203.0.113.0/24")
    door.push("from elsewhere", "veesing", "review", in_form(taskId="777", returnStatus="1", message=""))
    rows("VendorAccount").filter(vendor="veesing").update(callback_addresses="")
    stored = list(rows("CallbackEvent").order_by("pk").values_list("account__vendor", "kind"))
    address = f"/callbacks/veesing/{door.tokens['veesing']}/review/"
    while door.client.post(address, {"taskId": "777"}).status_code == 200:
        pass
    door.push("a flood", "veesing", "review", in_form(taskId="777", returnStatus="1", message=""))
    golden(
        "api/callbacks-refused.json", {"answers": door.lines, "stored all the same": [list(event) for event in stored]}
    )
