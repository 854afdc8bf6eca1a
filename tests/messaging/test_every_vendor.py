"""What holds for every vendor, whoever adds it: run over the registry and each vendor's `tests/contract.py`."""

import importlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import ModuleType

import pytest
import time_machine

from messaging.gateway import reasons
from messaging.gateway.contract_suite import (
    VERBS,
    Answer,
    Call,
    FakeHttp,
    PushSample,
    VendorContract,
    configured,
    response,
    verdict_of,
)
from messaging.gateway.http import Http
from messaging.gateway.outcomes import CallbackRefused, Outcome, UnreadableBody, Unsupported
from messaging.gateway.registry import all_vendors
from messaging.gateway.types import (
    CallRecord,
    Inbound,
    MalformedEvent,
    ReceiptEvent,
    ReceiptStatus,
    ReplyEvent,
    SendRequest,
)
from messaging.gateway.vendor import Vendor
from templates_5g.blocks.content import KINDS, Fallback
from tests.messaging.gateway import wires
from tests.toy_vendors.toy.adapter import Toy

VENDORS: dict[str, type[Vendor]] = {**all_vendors(), Toy.code: Toy}


def module_of(vendor: type[Vendor], name: str) -> ModuleType:
    folder = vendor.__module__.rpartition(".")[0]
    return importlib.import_module(f"{folder}.{name}")


def _contract(vendor: type[Vendor]) -> VendorContract:
    """An empty one where there is none, so that one new folder does not hide the others."""
    try:
        return module_of(vendor, "tests.contract").CONTRACT
    except ModuleNotFoundError:
        return VendorContract({})


CONTRACTS: dict[str, VendorContract] = {code: _contract(vendor) for code, vendor in VENDORS.items()}


def _calls(*verbs: str) -> list:
    return [
        pytest.param(code, call, id=f"{code}-{call.operation}-{number}")
        for code, contract in CONTRACTS.items()
        for number, call in enumerate(contract.calls)
        if not verbs or call.verb in verbs
    ]


def _answers() -> list:
    return [
        pytest.param(code, call, answer, id=f"{code}-{call.operation}-{number}-{answer.name}")
        for code, contract in CONTRACTS.items()
        for number, call in enumerate(contract.calls)
        for answer in call.answers
    ]


def _pushes(**wanted: object) -> list:
    return [
        pytest.param(code, push, id=f"{code}-{push.operation}-{number}")
        for code, contract in CONTRACTS.items()
        for number, push in enumerate(contract.pushes)
        if all(bool(getattr(push, name)) == value for name, value in wanted.items())
    ]


@contextmanager
def _frozen(code: str) -> Iterator[None]:
    now = CONTRACTS[code].now
    with time_machine.travel(now, tick=False) if now else nullcontext():
        yield


def _vendor(code: str, http: Http | None = None, call: Call | None = None) -> Vendor:
    settings = call.settings if call else None
    return VENDORS[code](configured(VENDORS[code], CONTRACTS[code], settings=settings), http or FakeHttp())


every_vendor = pytest.mark.parametrize("code", VENDORS)


# --- declarations -------------------------------------------------------------------------------------------------


@every_vendor
def test_it_says_what_it_is(code):
    vendor = VENDORS[code]
    assert vendor.code == code
    assert CONTRACTS[code].credentials, f"{code} has no tests/contract.py: see messaging/gateway/contract_suite.py"
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", code)
    assert vendor.name
    assert vendor.document
    assert vendor.default_base_url.startswith(("http://", "https://")) or not vendor.default_base_url


@every_vendor
def test_its_credentials_are_declared_and_some_are_secret(code):
    vendor, contract = VENDORS[code], CONTRACTS[code]
    names = [field.name for field in vendor.credentials]
    assert len(names) == len(set(names))
    assert any(field.kind == "secret" for field in vendor.credentials)
    required = {field.name for field in vendor.credentials if field.required}
    assert required <= set(contract.credentials) <= set(names)


@every_vendor
@pytest.mark.parametrize("group", ["credentials", "settings", "send_options", "submit_options"])
def test_each_declared_field_can_make_a_form_field(code, group):
    for field in getattr(VENDORS[code], group):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", field.name), field.name
        assert field.label, field.name
        assert bool(field.choices) == (field.kind == "choice"), field.name
        if field.kind == "choice":
            assert field.default in [value for value, _ in field.choices], field.name
        if field.pattern:
            assert field.default in ("", None) or re.fullmatch(field.pattern, str(field.default)), field.name
            assert field.hint or field.help, f"{field.name}: a pattern without a word about it"


@every_vendor
def test_its_operations_name_a_verb_or_are_inbound(code):
    operations = VENDORS[code].operations
    keys = [operation.key for operation in operations]
    assert keys
    assert len(keys) == len(set(keys))
    for operation in operations:
        assert operation.section, operation.key
        assert operation.title, operation.key
        assert operation.address or operation.inbound, operation.key
        if operation.inbound:
            assert not operation.method, operation.key
        else:
            assert operation.method in VERBS, operation.key


@every_vendor
def test_its_capabilities_fit_together(code):
    vendor = VENDORS[code]
    able = vendor.capabilities
    methods = {operation.method for operation in vendor.operations}
    inbound = any(operation.inbound for operation in vendor.operations)
    assert able.main_kinds <= set(KINDS)
    assert able.fallback_parts <= set(Fallback.PARTS)
    assert able.review_parts <= {"main", "sms", "mms", "aim"}
    assert (able.callbacks | able.polls) <= {"review", "receipt", "reply", "click"}
    assert bool(able.max_batch) == ("send" in methods)
    assert able.review_parts or "submit" not in methods
    assert bool(able.polls) == ("poll" in methods)
    assert bool(able.callbacks) == inbound
    assert not able.max_batch or able.references or able.one_in_flight, "nothing would tie a receipt to a request"


@every_vendor
def test_every_operation_has_a_sample(code):
    contract = CONTRACTS[code]
    operations = VENDORS[code].operations
    outbound = {operation.key for operation in operations if not operation.inbound}
    inbound = {operation.key for operation in operations if operation.inbound}
    assert {call.operation for call in contract.calls} == outbound
    assert inbound <= {push.operation for push in contract.pushes}
    assert {push.operation for push in contract.pushes} <= {operation.key for operation in operations}


@every_vendor
def test_what_is_not_offered_says_so(code):
    offered = {operation.method for operation in VENDORS[code].operations}
    samples = {
        "send": (SendRequest("s1-1", ()),),
        "submit": (_any_submission(),),
        "balance": (),
        "query_template": ("1",),
        "delete_template": ("1",),
        "poll": ("receipt",),
        "retrieve": (CONTRACTS[Toy.code].now, None),
    }
    for verb in set(samples) - offered:
        with pytest.raises(Unsupported):
            getattr(_vendor(code), verb)(*samples[verb])


def _any_submission():
    return next(call.args[0] for call in CONTRACTS[Toy.code].calls if call.verb == "submit")


@every_vendor
def test_its_references_never_repeat(code):
    vendor = _vendor(code)
    references = [
        vendor.reference(batch, attempt, "a1b2c") for batch in (1, 2, 11, 999_999_999) for attempt in (1, 2, 11)
    ]
    assert len(set(references)) == len(references)
    assert all(0 < len(reference) <= 64 for reference in references)


@every_vendor
def test_its_sandbox_is_found_under_its_code(code):
    sandbox = module_of(VENDORS[code], "sandbox").SANDBOX()
    required = {field.name for field in VENDORS[code].credentials if field.required}
    assert sandbox.code == code
    assert required <= set(sandbox.credentials)


# --- calls --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "call", "answer"), _answers())
def test_an_answer_is_read_as_the_document_means_it(code, call: Call, answer: Answer):
    http = FakeHttp(response(answer.body, answer.headers))
    with _frozen(code):
        result = getattr(_vendor(code, http, call), call.verb)(*call.args)
    verdict = verdict_of(result)
    assert (verdict.outcome, verdict.reason) == (answer.outcome, answer.reason)
    assert verdict.reason in reasons.ALL
    assert not answer.code or verdict.code == answer.code
    assert (verdict.outcome is Outcome.BLOCKED) == bool(verdict.blocks)
    for name, value in answer.also.items():
        assert getattr(result if hasattr(result, name) else verdict, name) == value, name


@pytest.mark.parametrize(("code", "call"), _calls())
def test_a_call_is_one_request_of_its_operation(code, call: Call):
    http = FakeHttp(Outcome.NOT_TAKEN)
    with _frozen(code):
        result = getattr(_vendor(code, http, call), call.verb)(*call.args)
    assert verdict_of(result).outcome is Outcome.NOT_TAKEN
    (request,) = http.requests
    assert request.operation == call.operation
    assert request.path.startswith("/")
    assert request.method in ("GET", "POST")
    if call.verb == "send":
        assert request.people == len(call.args[0].recipients)


@every_vendor
def test_sends_are_shown_accepted_and_otherwise(code):
    """Every way of sending with its yes; the vendor's other words once."""
    sends = [call for call in CONTRACTS[code].calls if call.verb == "send"]
    for call in sends:
        assert Outcome.ACCEPTED in {answer.outcome for answer in call.answers}, call.operation
    outcomes = {answer.outcome for call in sends for answer in call.answers}
    assert not sends or outcomes >= {Outcome.REJECTED, Outcome.BLOCKED, Outcome.UNKNOWN}


JUNK = [
    b"{}",
    b"[]",
    b"null",
    b"0",
    b'""',
    b'{"code":null}',
    b'{"code":{"a":[]}}',
    b'{"data":"x"}',
    b"\xff\xfe\x00",
    b"<html></html>",
    "【系统维护】".encode("gbk"),
]


@pytest.mark.parametrize("body", JUNK, ids=repr)
@pytest.mark.parametrize(("code", "call"), _calls("send", "submit"))
def test_an_answer_that_means_nothing_leaves_it_unknown(code, call: Call, body, caplog):
    result = getattr(_vendor(code, FakeHttp(body), call), call.verb)(*call.args)
    assert verdict_of(result).outcome is Outcome.UNKNOWN
    assert not [record for record in caplog.records if record.exc_info], "the adapter should read it, not break on it"


@pytest.mark.parametrize("body", JUNK, ids=repr)
@pytest.mark.parametrize(
    ("code", "call"), _calls("balance", "query_template", "delete_template", "poll", "confirm", "retrieve")
)
def test_a_question_survives_any_answer(code, call: Call, body):
    result = getattr(_vendor(code, FakeHttp(body), call), call.verb)(*call.args)
    assert verdict_of(result).outcome in Outcome


# --- the network --------------------------------------------------------------------------------------------------

FATES = {
    "silent": (wires.say_nothing, Outcome.UNKNOWN),
    "reset": (wires.reset, Outcome.UNKNOWN),
    "closed": (wires.hang_up, Outcome.UNKNOWN),
    "500": (wires.answering(500, b"error"), Outcome.UNKNOWN),
    "503": (wires.answering(503, b"busy"), Outcome.UNKNOWN),
    "302": (wires.answering(302, b"", Location="/elsewhere"), Outcome.UNKNOWN),
    "307": (wires.answering(307, b"", Location="/elsewhere"), Outcome.UNKNOWN),
    "empty": (wires.answering(200, b""), Outcome.UNKNOWN),
    "html": (wires.answering(200, b"<html><body>Maintenance</body></html>"), Outcome.UNKNOWN),
    "429": (wires.answering(429, b"slow down"), Outcome.NOT_TAKEN),
    "401": (wires.answering(401, b"who"), Outcome.BLOCKED),
    "404": (wires.answering(404, b"where"), Outcome.BLOCKED),
}


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize(("code", "call"), _calls("send", "submit"))
def test_what_becomes_of_a_request_over_a_real_socket(code, call: Call, fate):
    act, outcome = FATES[fate]
    records: list[CallRecord] = []
    with wires.raw_server(act) as server:
        account = configured(VENDORS[code], CONTRACTS[code], server.url, call.settings)
        http = Http(account, recorder=records.append, deadline=0.2 if fate == "silent" else 5)
        verdict = verdict_of(getattr(VENDORS[code](account, http), call.verb)(*call.args))
    assert verdict.outcome is outcome
    assert len(server.requests) == 1
    assert [record.operation for record in records] == [call.operation]
    assert verdict.blocks == ("account" if outcome is Outcome.BLOCKED else "")


@pytest.mark.parametrize(("code", "call"), _calls())
def test_a_refused_connection_is_not_taken(code, call: Call):
    account = configured(VENDORS[code], CONTRACTS[code], wires.refused_url(), call.settings)
    verdict = verdict_of(getattr(VENDORS[code](account), call.verb)(*call.args))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_TAKEN, reasons.WAIT)


@pytest.mark.parametrize(("code", "call"), _calls())
def test_no_secret_is_kept_logged_or_shown(code, call: Call, caplog):
    vendor_class, contract = VENDORS[code], CONTRACTS[code]
    secrets = [contract.credentials[f.name] for f in vendor_class.credentials if f.kind == "secret" and f.required]
    assert all(len(secret) >= 8 for secret in secrets)
    echo = " ".join([*contract.credentials.values(), "13800138000"]).encode()
    records: list[CallRecord] = []
    with caplog.at_level(logging.DEBUG), wires.raw_server(wires.answering(200, echo)) as server:
        account = configured(vendor_class, contract, server.url, call.settings)
        vendor = vendor_class(account, Http(account, recorder=records.append))
        result = getattr(vendor, call.verb)(*call.args)
        request = FakeHttp(Outcome.NOT_TAKEN)
        getattr(vendor_class(account, request), call.verb)(*call.args)
    logged = [record.getMessage() for record in caplog.records if record.name.split(".")[0] == "messaging"]
    shown = f"{records!r} {account!r} {vendor!r} {request.requests!r} {logged!r} {verdict_of(result)!r}"
    for secret in secrets:
        assert secret not in shown
    assert "13800138000" not in f"{records!r} {request.requests!r} {logged!r}"


# --- pushes and polls ---------------------------------------------------------------------------------------------


def _bare(event):
    """The event without what is the adapter's own business."""
    if isinstance(event, MalformedEvent):
        return MalformedEvent
    return event._replace(key="") if isinstance(event, ReceiptEvent) else replace(event, key="")


@pytest.mark.parametrize(("code", "push"), _pushes())
def test_a_body_gives_its_events(code, push: PushSample):
    vendor = _vendor(code)
    with _frozen(code):
        if not push.polled:
            vendor.verify(push.inbound)
        events = vendor.parse(push.inbound)
    assert [_bare(event) for event in events] == [_bare(event) for event in push.events]
    for event in events:
        if isinstance(event, ReceiptEvent | ReplyEvent):
            assert re.fullmatch(r"1[3-9]\d{9}", event.phone)
        if isinstance(event, ReceiptEvent):
            assert event.reason in reasons.ALL | {""}
            assert event.channel in {"", "rcs", "sms", "mms", "vms", "aim", "h5"}
        assert getattr(event, "at", None) is None or event.at.tzinfo is not None


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize(("code", "push"), _pushes())
def test_a_body_read_in_parts_gives_the_same_events(code, push: PushSample, most):
    parts = []
    with _frozen(code):
        whole = _vendor(code).events(push.inbound)
        for first in range(0, len(whole) + most, most):
            parts += _vendor(code).events(replace(push.inbound, first=first, most=most))
    assert parts == whole


@pytest.mark.parametrize(("code", "push"), _pushes())
def test_the_keys_of_a_body_are_its_own_and_always_the_same(code, push: PushSample):
    with _frozen(code):
        first = [event.key for event in _vendor(code).parse(push.inbound)]
        again = [event.key for event in _vendor(code).parse(push.inbound)]
    assert first == again
    assert all(first)
    assert all(len(key) <= 200 for key in first)
    assert len(set(first)) == len(first)


@pytest.mark.parametrize(("code", "push"), _pushes(polled=False))
def test_a_push_is_acknowledged_in_the_vendor_s_words(code, push: PushSample):
    with _frozen(code):
        reply = _vendor(code).acknowledge(push.inbound)
    assert reply.status == 200
    assert push.ack is None or reply.body == push.ack


@every_vendor
def test_receipts_are_shown_with_an_unknown_word(code):
    able = VENDORS[code].capabilities
    if "receipt" in able.callbacks | able.polls:
        assert any(push.unknown_word for push in CONTRACTS[code].pushes)


@pytest.mark.parametrize(("code", "push"), _pushes(unknown_word=True))
def test_an_unknown_word_is_kept_and_spoils_no_neighbour(code, push: PushSample):
    with _frozen(code):
        events = _vendor(code).parse(push.inbound)
    odd = [
        event
        for event in events
        if isinstance(event, ReceiptEvent) and push.unknown_word in (event.code, event.message)
    ]
    assert len(odd) == 1
    assert odd[0].status in (ReceiptStatus.UNKNOWN_WORD, ReceiptStatus.FAILED)
    known = [event for event in events if isinstance(event, ReceiptEvent) and event is not odd[0]]
    assert known or len(push.events) == 1  # one vendor pushes each receipt by itself
    assert all(event.status is not ReceiptStatus.UNKNOWN_WORD for event in known)


def _changed(body: bytes) -> Iterator[bytes]:
    """The body with one letter or digit changed: near the beginning, in the middle, near the end."""
    places = [place for place, byte in enumerate(body) if chr(byte).isalnum() and byte < 128]
    for place in {places[len(places) // 9], places[len(places) // 2], places[-len(places) // 9]}:
        yield body[:place] + (b"0" if body[place : place + 1] != b"0" else b"1") + body[place + 1 :]


def _taken(vendor: Vendor, inbound: Inbound) -> None:
    vendor.verify(inbound)
    vendor.parse(inbound)


@pytest.mark.parametrize(("code", "push"), _pushes(signed=True))
def test_a_push_that_was_tampered_with_is_refused(code, push: PushSample):
    without = [
        replace(push.inbound, headers={name: value for name, value in push.inbound.headers.items() if name != gone})
        for gone in push.inbound.headers
    ]
    changed = [replace(push.inbound, body=body) for body in _changed(push.inbound.body)]
    for inbound in [*changed, *without, replace(push.inbound, body=b"")]:
        with _frozen(code), pytest.raises((CallbackRefused, UnreadableBody)):
            _taken(_vendor(code), inbound)


@pytest.mark.parametrize("body", [*JUNK, b""], ids=repr)
@pytest.mark.parametrize(("code", "push"), _pushes())
def test_a_body_that_means_nothing_is_unreadable_or_odd(code, push: PushSample, body):
    """Nothing but UnreadableBody comes out of parse, and nothing that could be taken for a receipt."""
    try:
        events = _vendor(code).parse(replace(push.inbound, body=body))
    except UnreadableBody:
        return
    assert [event for event in events if not isinstance(event, MalformedEvent)] == []
