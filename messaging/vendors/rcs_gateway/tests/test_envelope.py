"""Sealing and signing against the document's own examples, byte for byte."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from messaging.gateway import crypto
from messaging.gateway.outcomes import UnreadableBody
from messaging.vendors.rcs_gateway.envelope import Envelope
from messaging.vendors.rcs_gateway.tests.vectors import CREDENTIALS, REQUESTS, SAMPLES, SIGNED, STAMP

KEY = CREDENTIALS["aes_key"].encode()


@pytest.fixture
def envelope():
    return Envelope(CREDENTIALS)


def test_the_samples_are_all_there():
    assert (len(SAMPLES), len(REQUESTS), len(SIGNED)) == (15, 14, 8)
    unsigned = set(SAMPLES) - set(SIGNED)
    assert {SAMPLES[name]["operation"] for name in unsigned} == {"templateAdd", "templateTextAdd"}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_opens_and_is_sealed_again_to_the_same_bytes(envelope, name):
    sealed, plain = (SAMPLES[name]["request"][form] for form in ("ciphertext", "plaintext"))
    assert crypto.aes_ecb_decrypt(KEY, crypto.b64decode(sealed.encode())).decode() == plain
    body, headers = envelope.seal_bytes(plain.encode(), STAMP)
    assert body == sealed.encode()
    assert (headers["spId"], headers["timestamp"]) == ("999992", STAMP)
    assert (headers["signature"] == SAMPLES[name]["headers"]["signature"]) is SAMPLES[name]["signature_valid"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_reply_opens(envelope, name):
    sealed, plain = (SAMPLES[name]["reply"][form] for form in ("ciphertext", "plaintext"))
    assert envelope.open(sealed.encode()) == json.loads(plain.replace("\u00a0", " "))
    assert envelope.seal_bytes(plain.encode(), STAMP)[0] == sealed.encode()


@pytest.mark.parametrize("name", SIGNED)
def test_a_signature_verifies(envelope, name):
    sealed = SAMPLES[name]["request"]["ciphertext"].encode()
    broken = b"\r\n".join(sealed[start : start + 76] for start in range(0, len(sealed), 76)) + b"\n"
    for body in (sealed, broken):
        assert envelope.sign(body, STAMP) == SAMPLES[name]["headers"]["signature"]


def test_no_timestamp_is_given_twice(envelope):
    with time_machine.travel(datetime(2024, 8, 1, 7, 22, 12, tzinfo=UTC), tick=False):
        stamps = [envelope.seal(None)[1]["timestamp"] for _ in range(3)]
    assert stamps == ["1722496932000", "1722496932001", "1722496932002"]


def test_a_no_break_blank_inside_a_text_stays(envelope):
    body, _headers = envelope.seal({"message": "a\u00a0b"})
    assert envelope.open(body) == {"message": "a\u00a0b"}


@pytest.mark.parametrize("body", [b"", b"!!", b"abcd", b"QUJD", b"\xff\xfe"])
def test_what_was_not_sealed_by_this_key_is_unreadable(envelope, body):
    with pytest.raises(UnreadableBody):
        envelope.open(body)


@pytest.mark.parametrize("plain", [b"not json", b'{"a": \xff}', b"[" * 100_000])
def test_a_sealed_body_that_is_no_json_is_unreadable(envelope, plain):
    body, _headers = envelope.seal_bytes(plain, STAMP)
    with pytest.raises(UnreadableBody):
        envelope.open(body)
