"""The JSON of the safe interface's requests, without requestTime and requestValidPeriod, which the adapter adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from messaging.gateway.errors import Unsupported
from messaging.gateway.types import Recipient, SendRequest
from messaging.vendors.emay import times
from messaging.vendors.emay.credentials import BRACES
from templates_5g.blocks import Sms
from templates_5g.blocks.variables import PATTERN, fill, names_in

MAX_NUMBERS = 500
SHORT_LINK = "{#短网址#}"
FREE_TEXT_OPTIONS = ("short_link_url", "code_column", "time_column")
Payload = dict[str, Any]


@dataclass(frozen=True)
class Sending:
    """A send, decided: the operation of the document and its payload."""

    operation: str
    payload: Payload


def custom_id(reference: str, number: int) -> str:
    """Our id of one number in one request: the reference and a running number."""
    return f"{reference}_{number}"


def reference_of(custom: str) -> str:
    """The reference in a customSmsId, which may stand there alone (plain interface)."""
    head, _mark, number = custom.rpartition("_")
    return head if head and number.isdecimal() else custom


def base_text(request: SendRequest, settings: Mapping[str, Any]) -> str:
    """The text with its 【signature】 and with variables still in it. Content of another kind is represented by its fallback
    text. Raises Unsupported where there is none."""
    written = request.content if isinstance(request.content, Sms) else request.fallback and request.fallback.sms
    text = request.text or (written.text if written else "")
    if not text:
        raise Unsupported("There is no text to send")
    return signed(text, request.signature, settings)


def template_of(request: SendRequest) -> str:
    """The vendor's id of a template for the text that goes out, "" for a text without one."""
    is_main = request.content is None or isinstance(request.content, Sms)
    return (request.template_id if is_main else "") or request.part_ids.get("sms", "")


def signed(text: str, signature: str, settings: Mapping[str, Any]) -> str:
    mark = f"【{signature}】"
    if signature and settings.get("signature_in_text", True) and not text.startswith(mark):
        return mark + text
    return text


def texts(request: SendRequest, text: str) -> list[str]:
    """One text for each recipient, in order."""
    if not PATTERN.search(text):
        return [text] * len(request.recipients)
    return [fill(text, recipient.variables) for recipient in request.recipients]


def send(request: SendRequest, settings: Mapping[str, Any]) -> Sending:
    """Which of the eight ways to send fits, and its payload. An option that templates do not have (short link, a time or code
    for each number) is sent as a free text. Raises Unsupported for a short link with differing texts."""
    if template_of(request) and not any(request.options.get(name) for name in FREE_TEXT_OPTIONS):
        return _by_template(request, settings)
    each = texts(request, base_text(request, settings))
    if request.options.get("short_link_url"):
        return _short_link(request, settings, each)
    if request.options.get("code_column") or request.options.get("time_column"):
        return Sending("personal_all", {"smses": _own_all(request, settings, each)})
    if len(set(each)) > 1:
        return Sending("personal", {"smses": _own_text(request, settings, each), **_common(request)})
    return _one_text(request, settings, each[0] if each else "")


def template(text: str, signature: str, settings: Mapping[str, Any]) -> Payload:
    """createTemplateSMS. The vendor's form of a variable is a setting, since its document does not show one."""
    form = str(settings.get("variable_form") or BRACES)
    return {"templateContent": PATTERN.sub(lambda match: form % match[1], signed(text, signature, settings))}


def _one_text(request: SendRequest, settings: Mapping[str, Any], text: str) -> Sending:
    common = _common(request)
    if len(request.recipients) == 1:
        return Sending("single", {**_people(request, settings)[0], "content": text, **common})
    if not settings.get("custom_ids", True):
        phones = [recipient.phone for recipient in request.recipients]
        return Sending("batch_only", {"mobiles": phones, "content": text, **common})
    return Sending("batch", {"smses": _people(request, settings), "content": text, **common})


def _by_template(request: SendRequest, settings: Mapping[str, Any]) -> Sending:
    """The template's variables and no other columns: the vendor counts them."""
    people = _people(request, settings)
    common = {"templateId": template_of(request), **_common(request)}
    written = request.content if isinstance(request.content, Sms) else request.fallback and request.fallback.sms
    known = names_in(written.text) if written else None
    values = [_values(recipient, known) for recipient in request.recipients]
    if not any(values):
        return Sending("template_normal", {"smses": people, **common})
    own = [{**person, "content": content} for person, content in zip(people, values, strict=True)]
    return Sending("template_variable", {"smses": own, **common})


def _values(recipient: Recipient, names: list[str] | None) -> dict[str, str]:
    if names is None:
        return dict(recipient.variables)
    return {name: recipient.variables.get(name, "") for name in names}


def _short_link(request: SendRequest, settings: Mapping[str, Any], each: list[str]) -> Sending:
    if len(set(each)) != 1:
        raise Unsupported("A message with a short link has one text for all its numbers")
    if SHORT_LINK not in each[0]:
        raise Unsupported(f"The text of a message with a short link must contain {SHORT_LINK}")
    payload = {
        "url": request.options["short_link_url"],
        "shortLinkRule": str(request.options.get("short_link_rule") or "2"),
        "smses": _people(request, settings),
        "content": each[0],
    }
    return Sending("short_link", {**payload, **_common(request)})


def _people(request: SendRequest, settings: Mapping[str, Any]) -> list[Payload]:
    if not settings.get("custom_ids", True):
        return [{"mobile": recipient.phone} for recipient in request.recipients]
    return [
        {"mobile": recipient.phone, "customSmsId": custom_id(request.reference, number)}
        for number, recipient in enumerate(request.recipients, 1)
    ]


def _own_text(request: SendRequest, settings: Mapping[str, Any], each: list[str]) -> list[Payload]:
    return [{**person, "content": text} for person, text in zip(_people(request, settings), each, strict=True)]


def _own_all(request: SendRequest, settings: Mapping[str, Any], each: list[str]) -> list[Payload]:
    """A text, a time and a code for each; an empty column falls back to the request's."""
    common = _common(request)
    columns = {"timerTime": request.options.get("time_column"), "extendedCode": request.options.get("code_column")}

    def own(recipient: Recipient) -> Payload:
        values = {key: recipient.variables.get(str(column), "") if column else "" for key, column in columns.items()}
        return {**common, **{key: value for key, value in values.items() if value}}

    pairs = zip(_own_text(request, settings, each), request.recipients, strict=True)
    return [{**person, **own(recipient)} for person, recipient in pairs]


def _common(request: SendRequest) -> Payload:
    common: Payload = {}
    if send_at := times.checked(request.send_at):
        common["timerTime"] = times.dashed(send_at)
    if code := request.options.get("extended_code"):
        common["extendedCode"] = str(code)
    return common
