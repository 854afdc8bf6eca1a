"""The bodies of the four requests. All values are strings, since the signature is over their text."""

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
    """The one text of the request. A batch is cut by equal text, so the first recipient's values are everybody's."""
    text = request.text
    if not text and isinstance(request.content, Sms):
        text = fill(request.content.text, request.recipients[0].variables if request.recipients else {})
    mark = f"【{request.signature}】"
    if signature_in_text and request.signature and not text.startswith(mark):
        return mark + text
    return text


def send(request: SendRequest, signature_in_text: bool = False) -> dict[str, str]:
    """/api/sms/send. `serialNumber` is our reference: the vendor's duplicate check looks for the same one again."""
    return {
        "type": SMS,
        "userNumber": ",".join(recipient.phone for recipient in request.recipients),
        "templateId": request.template_id or request.part_ids.get("sms", ""),
        "messageContent": text_of(request, signature_in_text),
        "serialNumber": request.reference,
    }


def confirm(max_id: str) -> dict[str, str]:
    """/info/sms/reply/confirm."""
    return {"maxId": max_id}
