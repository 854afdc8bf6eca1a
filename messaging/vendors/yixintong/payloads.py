"""The bodies of the four requests. All values are strings, since the signature is over their text."""

from messaging.gateway.errors import Unsupported
from messaging.gateway.types import SendRequest
from templates_5g.blocks import Sms
from templates_5g.blocks.variables import fill

SMS = "1"
MAX_NUMBERS = 1000
SERIAL_DIGITS = 20
ATTEMPT_DIGITS = 4


def serial(prefix: str, batch: int, attempt: int) -> str:
    """20 digits that never begin with 0: prefix, batch, attempt."""
    width = SERIAL_DIGITS - ATTEMPT_DIGITS - len(prefix)
    number = f"{prefix}{batch:0{width}d}{attempt:0{ATTEMPT_DIGITS}d}"
    if len(number) != SERIAL_DIGITS:
        raise ValueError(f"No serial number of {SERIAL_DIGITS} digits for batch {batch}, attempt {attempt}")
    return number


def text_of(request: SendRequest, signature_in_text: bool) -> str:
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


def template_of(request: SendRequest) -> str:
    """The template number that was registered for the text that goes out. Raises Unsupported without one."""
    is_main = request.content is None or isinstance(request.content, Sms)
    found = (request.template_id if is_main else "") or request.part_ids.get("sms", "")
    if not found:
        raise Unsupported("This vendor sends nothing without a registered template number")
    return found


def send(request: SendRequest, signature_in_text: bool = False) -> dict[str, str]:
    """/api/sms/send. `serialNumber` is our reference: the vendor's duplicate check looks for the same one again."""
    return {
        "type": SMS,
        "userNumber": ",".join(recipient.phone for recipient in request.recipients),
        "templateId": template_of(request),
        "messageContent": text_of(request, signature_in_text),
        "serialNumber": request.reference,
    }


def confirm(max_id: str) -> dict[str, str]:
    """/info/sms/reply/confirm."""
    return {"maxId": max_id}
