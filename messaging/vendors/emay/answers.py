"""Answers to our own requests: the status word, and the data behind it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from messaging.gateway import lenient, reasons, verdicts
from messaging.gateway.lenient import word
from messaging.gateway.outcomes import Outcome, UnreadableBody
from messaging.gateway.types import (
    AccountConfig,
    Balance,
    Inbound,
    Polled,
    SendRequest,
    SendResult,
    SubmissionResult,
    TemplateStatus,
    Verdict,
    WireResponse,
)
from messaging.vendors.emay import callbacks, codes, payloads
from messaging.vendors.emay.envelope import read_json, unseal

Opener = Callable[[], Any]


def sent(response: WireResponse, account: AccountConfig, request: SendRequest) -> SendResult:
    """The status word decides; accepted numbers whose ids cannot be read are accepted all the same."""
    verdict, opened = _read(response, account)
    if verdict.outcome is Outcome.REJECTED and len(request.recipients) > 1:
        operation = payloads.send(request, account.settings).operation
        return SendResult(codes.verdict(verdict.code, operation in payloads.OWN_EACH))
    if verdict.outcome is not Outcome.ACCEPTED:
        return SendResult(verdict)
    try:
        rows = _message_rows(opened())
    except UnreadableBody:
        return SendResult(verdict)
    ids = {word(row["mobile"]): word(row.get("smsId")) for row in rows}
    return SendResult(verdict, message_ids=ids, accepted_count=len(rows))


def submitted(response: WireResponse, account: AccountConfig) -> SubmissionResult:
    verdict, opened = _read(response, account)
    if verdict.outcome is not Outcome.ACCEPTED:
        return SubmissionResult(verdict)
    return SubmissionResult(verdict, _field(_fields(opened()), "templateId"))


def template_status(response: WireResponse, account: AccountConfig) -> TemplateStatus:
    verdict, opened = _read(response, account)
    if verdict.outcome is not Outcome.ACCEPTED:
        return TemplateStatus(verdict)
    status = _field(_fields(opened()), "status")
    if status == codes.NO_TEMPLATE:
        return TemplateStatus(replace(verdicts.rejected(reasons.TEMPLATE_UNUSABLE, "模板不存在"), code=status))
    return TemplateStatus(verdict, codes.REVIEWS.get(status), "" if status in codes.REVIEWS else status)


def deleted(response: WireResponse, account: AccountConfig) -> Verdict:
    verdict, opened = _read(response, account)
    if verdict.outcome is not Outcome.ACCEPTED:
        return verdict
    done = _field(_fields(opened()), "code").lower()
    return verdict if done == "true" else replace(verdicts.rejected(reasons.TEMPLATE_UNUSABLE), code=done)


def balance(response: WireResponse, account: AccountConfig) -> Balance:
    """The document gives no unit."""
    verdict, opened = _read(response, account)
    if verdict.outcome is not Outcome.ACCEPTED:
        return Balance(verdict)
    return Balance(verdict, lenient.amount(_fields(opened()).get("balance")))


def polled(response: WireResponse, account: AccountConfig, kind: str) -> Polled:
    """Reading takes the rows from the vendor, so a body that does not open is handed on to be kept."""
    verdict, _opened = _read(response, account)
    if verdict.outcome is not Outcome.ACCEPTED:
        return Polled(verdict, response.body)
    try:
        count = len(callbacks.rows(Inbound(kind, {}, response.body), account))
    except UnreadableBody:
        return Polled(verdict, response.body)
    return Polled(verdict, response.body, empty=not count, more=count >= payloads.MAX_NUMBERS)


def retrieved(response: WireResponse) -> Verdict:
    """retrieveReport answers with the word alone. Raises UnreadableBody."""
    text = lenient.text_of(response.body).strip().strip('"')
    if not re.fullmatch(r"[A-Za-z0-9_]{2,60}", text):
        raise UnreadableBody("The answer is not a status word")
    return codes.verdict(text)


def _read(response: WireResponse, account: AccountConfig) -> tuple[Verdict, Opener]:
    """The status word's verdict, and what opens the data. Raises UnreadableBody where there is no status word."""
    code, opener = _plain(response) if payloads.is_plain(account.settings) else _safe(response, account)
    return codes.verdict(code), opener


def _safe(response: WireResponse, account: AccountConfig) -> tuple[str, Opener]:
    """The word in the header `result` and what unseals the body. Raises UnreadableBody without the header."""
    code = response.headers.get("result", "").strip()
    if not code:
        raise UnreadableBody("The answer has no header result")
    return code, lambda: unseal(account.credentials["secret_key"], response.body)


def _plain(response: WireResponse) -> tuple[str, Opener]:
    """The word in `code` and what gives `data`. Raises UnreadableBody."""
    body = _fields(read_json(response.body))
    return _field(body, "code"), lambda: body.get("data")


def _message_rows(data: Any) -> list[dict[str, Any]]:
    """One row for each accepted number; a single send answers without the list. Raises UnreadableBody."""
    rows = [_fields(row) for row in (data if isinstance(data, list) else [data])]
    if not all(word(row.get("mobile")) for row in rows):
        raise UnreadableBody("The answer has a row without a number")
    return rows


def _fields(data: Any) -> dict[str, Any]:
    """An object with its keys free of blanks, which the document's samples have. Raises UnreadableBody."""
    if not isinstance(data, Mapping):
        raise UnreadableBody("The answer is not an object")
    return {str(key).strip(): value for key, value in data.items()}


def _field(data: Mapping[str, Any], name: str) -> str:
    """Raises UnreadableBody where it is missing."""
    found = word(data.get(name))
    if not found:
        raise UnreadableBody(f"The answer has no {name}")
    return found
