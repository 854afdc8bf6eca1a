"""The fields of the four requests. All values are strings, since the signature is over their text."""

from collections.abc import Mapping
from typing import Any

from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Payload, SendRequest
from templates_5g.blocks import Sms
from templates_5g.blocks.variables import fill

SMS = "1"
MAX_NUMBERS = 1000
SERIAL_DIGITS = 20
MARK_DIGITS = 4
ATTEMPT_DIGITS = 4
POLLS = {"receipt": "report", "reply": "reply"}


def send(request: SendRequest, settings: Mapping[str, Any]) -> Payload:
    """`serialNumber` is our reference: the vendor's duplicate check looks for the same one again. Raises Unsupported."""
    fields = {
        "type": SMS,
        "userNumber": ",".join(recipient.phone for recipient in request.recipients),
        "templateId": _template(request),
        "messageContent": _text(request, bool(settings.get("signature_in_text"))),
        "serialNumber": request.reference,
    }
    return Payload("send", fields)


def poll(kind: str) -> Payload:
    """The vendor decides how many rows it gives. Raises Unsupported."""
    if kind not in POLLS:
        raise Unsupported(f"This vendor cannot be polled for {kind}")
    return Payload(POLLS[kind], {})


def confirm(max_id: str) -> Payload:
    return Payload("confirm", {"maxId": max_id})


def _text(request: SendRequest, signature_in_text: bool) -> str:
    """The one text of the request. A batch is cut by equal text, so the first recipient's values are everybody's. Content
    of another kind is represented by its fallback text. Raises Unsupported where there is none."""
    text = request.text
    if not text:
        template = request.content if isinstance(request.content, Sms) else request.fallback and request.fallback.sms
        text = fill(template.text, request.recipients[0].variables) if template and request.recipients else ""
    if not text:
        raise Unsupported("There is no text to send")
    mark = f"【{request.signature}】"
    if signature_in_text and request.signature and not text.startswith(mark):
        return mark + text
    return text


def _template(request: SendRequest) -> str:
    """The template number that was registered for the text that goes out. Raises Unsupported without one."""
    is_main = request.content is None or isinstance(request.content, Sms)
    found = (request.template_id if is_main else "") or request.part_ids.get("sms", "")
    if not found:
        raise Unsupported("This vendor sends nothing without a registered template number")
    return found


# --- the serial number --------------------------------------------------------------------------------------------


def serial(prefix: str, batch: int, attempt: int, mark: str) -> str:
    """20 digits that never begin with 0: prefix, the installation's mark, batch, attempt."""
    width = SERIAL_DIGITS - ATTEMPT_DIGITS - len(prefix) - MARK_DIGITS
    number = f"{prefix}{_digits(mark)}{batch:0{width}d}{attempt:0{ATTEMPT_DIGITS}d}"
    if len(number) != SERIAL_DIGITS:
        raise ValueError(f"No serial number of {SERIAL_DIGITS} digits for batch {batch}, attempt {attempt}")
    return number


def serial_parts(serial: str, prefix: str, mark: str) -> tuple[int, int] | None:
    """(batch, attempt) of a serial number of this installation; None for any other."""
    beginning = prefix + _digits(mark)
    is_serial = len(serial) == SERIAL_DIGITS and serial.isascii() and serial.isdecimal()
    if not (is_serial and serial.startswith(beginning)):
        return None
    return int(serial[len(beginning) : -ATTEMPT_DIGITS]), int(serial[-ATTEMPT_DIGITS:])


def _digits(mark: str) -> str:
    """Letters have no place in a serial number. Of ten thousand installations two are told apart; where that is not enough,
    the setting for the first digits does it."""
    return f"{int(mark or '0', 36) % 10**MARK_DIGITS:0{MARK_DIGITS}d}"
