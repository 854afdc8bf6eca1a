"""Every byte that an adapter puts on the wire, kept: method, path, headers and body, as they arrive at a real socket.

One file for each call of `wire_calls`, below `files/wire/<vendor>/`. The clock and what is random are fixed. Left out are
the host, the version of the HTTP client and what it can unpack. What is sealed or packed is kept as Base64 of its very
bytes, and beside it stands what is inside; that part is for the reader. The bytes of gzip are zlib's (1.2 and 1.3 give the
same).
"""

import base64
import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import time_machine
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from messaging.gateway.registry import all_vendors
from messaging.gateway.types import AccountConfig, Inbound, Media, Recipient, SendRequest, Submission
from templates_5g.blocks import parse_content, parse_fallback
from tests.golden import wire_calls as kept
from tests.golden.conftest import FOLDER, Golden
from tests.golden.renamed import old_value
from tests.messaging.gateway import wires

# New word -> the word that the files and `wire_calls` have for it: operations, verbs, fields, settings, kinds.
RENAMED: dict[str, str] = {}
NEW = {old: new for new, old in RENAMED.items()}
WIRE = FOLDER / "wire"
CLIENTS_OWN = f"Accept-Encoding: {requests.utils.default_headers()['Accept-Encoding']}"  # what it can unpack here
ANSWER = b"SUCCESS"  # makes Emay ask for the next window; nobody else can read it


@pytest.fixture(scope="module")
def server() -> Iterator[wires.RawServer]:
    with wires.raw_server(wires.answering(200, ANSWER)) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_by_chance(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same moment, and the same bytes from every source of random ones (`secrets`, `uuid`, `os.urandom`)."""
    same = random.Random(20260520).randbytes
    monkeypatch.setattr("os.urandom", same)
    monkeypatch.setattr("random._urandom", same)
    with time_machine.travel(kept.NOW, tick=False):
        yield


# --- making a call -----------------------------------------------------------------------------------------------------


def today(value: Any) -> Any:
    """Keys and kinds in today's words."""
    if isinstance(value, dict):
        return {NEW.get(key, key): NEW.get(one, one) if key == "kind" else today(one) for key, one in value.items()}
    return [today(one) for one in value] if isinstance(value, list) else value


def vendor_of(code: str, url: str, settings: dict[str, Any]) -> Any:
    account = AccountConfig("account", url, kept.CREDENTIALS[code], today(settings), ("127.0.0.1",))
    return all_vendors()[NEW.get(code, code)](account)


def media() -> dict[str, Media]:
    return {
        asset: Media(asset, mime, len(data), url, vendor_id, load=lambda data=data: data)
        for asset, (mime, data, url, vendor_id) in kept.MEDIA.items()
    }


def blocks(values: dict[str, Any]) -> dict[str, Any]:
    """`content` and `fallback` as the adapter gets them; their shape must be right."""
    made = dict(values)
    for name, parse in (("content", parse_content), ("fallback", parse_fallback)):
        if name in made:
            made[name], problems = parse(today(made[name]))
            assert not problems
    return made


def arguments(vendor: Any, call: kept.Call) -> Sequence[Any]:
    if call.sent is not None:
        people = [Recipient(phone, values) for phone, values in call.sent["recipients"]]
        reference = vendor.reference(4711, 2, "a1b2c")
        return [SendRequest(**today(blocks({"reference": reference, **call.sent, "recipients": people})))]
    if call.submitted is not None:
        return [Submission(**today(blocks({"media": media(), **call.submitted})))]
    if call.verb == "confirm":
        kind, body = call.given
        return [kind, vendor.events(Inbound(kind, {}, body)) if body else []]
    return call.given


def ask(code: str, call: kept.Call, server: wires.RawServer) -> tuple[list[bytes], Any]:
    """(requests that arrived, what the adapter made of the answer)."""
    before = len(server.requests)
    vendor = vendor_of(code, server.url, call.settings)
    result = getattr(vendor, NEW.get(call.verb, call.verb))(*arguments(vendor, call))
    return server.requests[before:], result


# --- writing it down ---------------------------------------------------------------------------------------------------


def written(code: str, request: bytes) -> str:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    lines = [re.sub(r"^(Host: |User-Agent: [^/]*/).*", r"\1…", line) for line in lines]
    lines = ["Accept-Encoding: …" if line == CLIENTS_OWN else line for line in lines]
    return "\n".join([*lines, "", *shown(code, body), ""])


def shown(code: str, body: bytes) -> list[str]:
    if not body:
        return ["--- no body"]
    inside = inner(code, body)
    if inside is None:
        return [f"--- body: {len(body)} bytes", body.decode(), "--- to read", readable(body.decode())]
    coded = base64.b64encode(body).decode()
    rows = [coded[start : start + 120] for start in range(0, len(coded), 120)]
    sealed = [f"--- body: {len(body)} bytes, in Base64", *rows]
    return [*sealed, f"--- inside: {len(inside)} bytes", inside.decode(), "--- to read", readable(inside.decode())]


def inner(code: str, body: bytes) -> bytes | None:
    """What is sealed in the body; None where nothing is."""
    if code == "rcs_gateway":
        return opened(kept.CREDENTIALS[code]["aes_key"], base64.b64decode(body, validate=True))
    if code == "emay" and not body.startswith(b"appId="):
        plain = opened(kept.CREDENTIALS[code]["secret_key"], body)
        return gzip.decompress(plain) if plain.startswith(b"\x1f\x8b") else plain
    return None


def opened(key: str, sealed: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key.encode()), modes.ECB()).decryptor()  # noqa: S305 - the vendors'
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()


def readable(text: str) -> str:
    if text.startswith(("{", "[")):
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    return "\n".join(
        f"{name} = {value}" for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    )


def outcome(result: Any) -> str:
    """What a caller is told where nothing has left."""
    if result is None or isinstance(result, Exception):
        return type(result).__name__
    verdict = getattr(result, "verdict", result)
    words = [old_value("Attempt", "outcome", str(verdict.outcome.value)), verdict.reason, verdict.blocks]
    return ", ".join(RENAMED.get(word, word) for word in words if word)


# --- tests -------------------------------------------------------------------------------------------------------------


def operations(code: str) -> dict[str, Any]:
    """Those that go out, by their keys in the words of the files."""
    found = all_vendors()[NEW.get(code, code)].operations
    return {RENAMED.get(one.key, one.key): one for one in found if not one.inbound}


@pytest.mark.parametrize(
    ("code", "call"),
    [pytest.param(code, call, id=f"{code}-{call.name}") for code, calls in kept.CALLS.items() for call in calls],
)
def test_the_bytes_of_a_call_are_as_they_were(
    code: str, call: kept.Call, server: wires.RawServer, golden: Golden
) -> None:
    asked, _result = ask(code, call, server)
    golden(f"wire/{code}/{call.name}.txt", "\n===\n".join(written(code, request) for request in asked))
    if "elsewhere" not in call.variant:
        address = operations(code)[call.operation].address.rpartition(" ")[2]
        path = re.sub(r"\\{\w+\\}", "[^/ ]+", re.escape(address)).replace("editTemplate", "(edit|add)Template")
        assert asked
        assert all(re.match(rf"POST {path} HTTP/1.1$", request.partition(b"\r")[0].decode()) for request in asked)


@pytest.mark.parametrize("code", kept.CALLS)
def test_what_leaves_and_what_is_stopped_is_as_it_was(code: str, server: wires.RawServer, golden: Golden) -> None:
    lines = []
    for call in kept.ASKED:
        try:
            asked, result = ask(code, call, server)
        except Exception as error:  # whatever it is, a caller sees it
            asked, result = [], error
        left = [request.partition(b" HTTP/")[0].decode() for request in asked]
        lines.append(f"{call.name}: {', '.join(left) or f'nothing ({outcome(result)})'}")
    golden(f"wire/{code}.txt", "\n".join([*lines, ""]))


def test_every_vendor_and_operation_has_a_file_and_every_file_a_call() -> None:
    assert {RENAMED.get(code, code) for code in all_vendors()} == set(kept.CALLS)
    for code, calls in kept.CALLS.items():
        names = [f"{call.name}.txt" for call in calls]
        assert sorted(names) == sorted(path.name for path in (WIRE / code).iterdir())
        assert {call.operation for call in calls} == set(operations(code))
        assert {call.verb for call in calls} == {
            RENAMED.get(one.method, one.method) for one in operations(code).values()
        }
