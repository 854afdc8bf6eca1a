"""The fields of every request, without those by which it says who it is and when, which the envelope adds.

An account speaks the safe or the plain interface; operations whose key begins with `plain_`, and `retrieve`, are forms.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from messaging.gateway import times
from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Payload, Recipient, SendRequest, Submission
from messaging.vendors.emay.credentials import BRACES, PLAIN
from templates_5g.blocks import Sms
from templates_5g.blocks.variables import PATTERN, fill, names_in

MAX_NUMBERS = 500
SHORT_LINK = "{#短网址#}"
FREE_TEXT_OPTIONS = ("short_link_url", "code_column", "time_column")
WINDOW = timedelta(minutes=10)
POLLS = {"receipt": "report", "reply": "reply", "click": "click"}
PLAIN_POLLS = {"receipt": "plain_report", "reply": "plain_reply"}
FORMS = frozenset({"plain_send", "plain_personal", "plain_report", "plain_reply", "plain_balance", "retrieve"})
# Of these each number has a text, time or code of its own.
OWN_EACH = frozenset({"personal", "personal_all", "template_variable", "plain_personal"})
Settings = Mapping[str, Any]
Fields = dict[str, Any]


def is_plain(settings: Settings) -> bool:
    return settings.get("interface") == PLAIN


# --- questions --------------------------------------------------------------------------------------------------


def polls(settings: Settings) -> Mapping[str, str]:
    """kind -> operation. The plain interface gives no clicks."""
    return PLAIN_POLLS if is_plain(settings) else POLLS


def poll(kind: str, limit: int, settings: Settings) -> Payload:
    """Raises Unsupported."""
    if kind not in polls(settings):
        raise Unsupported(f"This vendor cannot be polled for {kind} through this interface")
    return Payload(polls(settings)[kind], {"number": max(1, min(limit, MAX_NUMBERS))})


def balance(settings: Settings) -> Payload:
    return Payload("plain_balance" if is_plain(settings) else "balance", {})


def retrieve(start: datetime, end: datetime) -> Payload:
    """Receipts of what was handed over in this window of at most ten minutes. Raises Unsupported."""
    if not start < end or end - start > WINDOW:
        raise Unsupported("Receipts are given again for windows of at most ten minutes")
    return Payload("retrieve", {"startTime": times.compact(start), "endTime": times.compact(end)})


def windows(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The span in pieces of at most ten minutes, oldest first."""
    pieces = []
    while start < end:
        until = min(start + WINDOW, end)
        pieces.append((start, until))
        start = until
    return pieces


# --- templates --------------------------------------------------------------------------------------------------


def template(submission: Submission, settings: Settings) -> Payload:
    """There is no editing here: every submission becomes a new template. The vendor's form of a variable is a setting, since its
    document does not show one. Raises Unsupported."""
    if not isinstance(submission.content, Sms):
        raise Unsupported("This vendor has templates of text messages alone")
    form = str(settings.get("variable_form") or BRACES)
    text = signed(submission.content.text, submission.signature, settings)
    return _of_template(
        "template_create", {"templateContent": PATTERN.sub(lambda found: form % found[1], text)}, settings
    )


def template_query(template_id: str, settings: Settings) -> Payload:
    return _of_template("template_query", {"templateId": template_id}, settings)


def template_delete(template_id: str, settings: Settings) -> Payload:
    return _of_template("template_delete", {"templateId": template_id}, settings)


def _of_template(operation: str, fields: Fields, settings: Settings) -> Payload:
    if is_plain(settings):
        raise Unsupported("The plain interface has no templates")
    return Payload(operation, fields)


# --- texts and ids ----------------------------------------------------------------------------------------------


def custom_id(reference: str, number: int) -> str:
    """Our id of one number in one request: the reference and a running number."""
    return f"{reference}_{number}"


def reference_of(custom: str) -> str:
    """The reference in a customSmsId, which may stand there alone (plain interface)."""
    head, _mark, number = custom.rpartition("_")
    return head if head and number.isdecimal() else custom


def base_text(request: SendRequest, settings: Settings) -> str:
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


def signed(text: str, signature: str, settings: Settings) -> str:
    mark = f"【{signature}】"
    if signature and settings.get("signature_in_text", True) and not text.startswith(mark):
        return mark + text
    return text


def texts(request: SendRequest, text: str) -> list[str]:
    """One text for each recipient, in order."""
    if not PATTERN.search(text):
        return [text] * len(request.recipients)
    return [fill(text, recipient.variables) for recipient in request.recipients]


# --- sends, safe ------------------------------------------------------------------------------------------------


def send(request: SendRequest, settings: Settings) -> Payload:
    """Which of the ways to send fits. An option that templates do not have (short link, a time or code for each number) is sent
    as a free text. Raises Unsupported for what cannot go in one request of this account's interface."""
    if is_plain(settings):
        return _plain(request, settings)
    if template_of(request) and not any(request.options.get(name) for name in FREE_TEXT_OPTIONS):
        return _by_template(request, settings)
    each = texts(request, base_text(request, settings))
    if request.options.get("short_link_url"):
        return _short_link(request, settings, each)
    if request.options.get("code_column") or request.options.get("time_column"):
        return Payload("personal_all", {"smses": _own_all(request, settings, each)})
    if len(set(each)) > 1:
        return Payload("personal", {"smses": _own_text(request, settings, each), **_common(request)})
    return _one_text(request, settings, each[0] if each else "")


def _one_text(request: SendRequest, settings: Settings, text: str) -> Payload:
    common = _common(request)
    if len(request.recipients) == 1:
        return Payload("single", {**_people(request, settings)[0], "content": text, **common})
    if not settings.get("custom_ids", True):
        phones = [recipient.phone for recipient in request.recipients]
        return Payload("batch_only", {"mobiles": phones, "content": text, **common})
    return Payload("batch", {"smses": _people(request, settings), "content": text, **common})


def _by_template(request: SendRequest, settings: Settings) -> Payload:
    """The template's variables and no other columns: the vendor counts them."""
    people = _people(request, settings)
    common = {"templateId": template_of(request), **_common(request)}
    written = request.content if isinstance(request.content, Sms) else request.fallback and request.fallback.sms
    known = names_in(written.text) if written else None
    values = [_values(recipient, known) for recipient in request.recipients]
    if not any(values):
        return Payload("template_normal", {"smses": people, **common})
    own = [{**person, "content": content} for person, content in zip(people, values, strict=True)]
    return Payload("template_variable", {"smses": own, **common})


def _values(recipient: Recipient, names: list[str] | None) -> dict[str, str]:
    if names is None:
        return dict(recipient.variables)
    return {name: recipient.variables.get(name, "") for name in names}


def _short_link(request: SendRequest, settings: Settings, each: list[str]) -> Payload:
    if len(set(each)) != 1:
        raise Unsupported("A message with a short link has one text for all its numbers")
    if SHORT_LINK not in each[0]:
        raise Unsupported(f"The text of a message with a short link must contain {SHORT_LINK}")
    fields = {
        "url": request.options["short_link_url"],
        "shortLinkRule": str(request.options.get("short_link_rule") or "2"),
        "smses": _people(request, settings),
        "content": each[0],
    }
    return Payload("short_link", {**fields, **_common(request)})


def _people(request: SendRequest, settings: Settings) -> list[Fields]:
    if not settings.get("custom_ids", True):
        return [{"mobile": recipient.phone} for recipient in request.recipients]
    return [
        {"mobile": recipient.phone, "customSmsId": custom_id(request.reference, number)}
        for number, recipient in enumerate(request.recipients, 1)
    ]


def _own_text(request: SendRequest, settings: Settings, each: list[str]) -> list[Fields]:
    return [{**person, "content": text} for person, text in zip(_people(request, settings), each, strict=True)]


def _own_all(request: SendRequest, settings: Settings, each: list[str]) -> list[Fields]:
    """A text, a time and a code for each; an empty code falls back to the request's."""
    common = _common(request)
    columns = {"timerTime": request.options.get("time_column"), "extendedCode": request.options.get("code_column")}

    def own(recipient: Recipient) -> Fields:
        values = {key: recipient.variables.get(str(column), "") if column else "" for key, column in columns.items()}
        return {**common, **{key: value for key, value in values.items() if value}}

    pairs = zip(_own_text(request, settings, each), request.recipients, strict=True)
    return [{**person, **own(recipient)} for person, recipient in pairs]


def _common(request: SendRequest) -> Fields:
    common: Fields = {}
    if code := request.options.get("extended_code"):
        common["extendedCode"] = str(code)
    return common


# --- sends, plain -----------------------------------------------------------------------------------------------


def _plain(request: SendRequest, settings: Settings) -> Payload:
    """There is one customSmsId for the whole request: our reference. Raises Unsupported for what this interface does not have."""
    if any(request.options.get(name) for name in FREE_TEXT_OPTIONS):
        raise Unsupported("The plain interface has no short links and no times or codes for each person")
    each = texts(request, base_text(request, settings))
    common = _plain_common(request, settings)
    phones = [recipient.phone for recipient in request.recipients]
    if len(set(each)) > 1:
        return Payload("plain_personal", {**common, **dict(zip(phones, each, strict=True))})
    return Payload("plain_send", {"mobiles": ",".join(phones), "content": each[0] if each else "", **common})


def _plain_common(request: SendRequest, settings: Settings) -> Fields:
    common: Fields = {}
    if settings.get("custom_ids", True):
        common["customSmsId"] = request.reference
    if code := request.options.get("extended_code"):
        common["extendedCode"] = str(code)
    return common
