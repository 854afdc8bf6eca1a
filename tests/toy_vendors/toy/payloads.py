"""The fields of every request."""

from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Payload, SendRequest, Submission
from templates_5g.blocks import Sms

MAX_NUMBERS = 100


def send(request: SendRequest) -> Payload:
    numbers = [recipient.phone for recipient in request.recipients]
    text = f"【{request.signature}】{request.text}"
    return Payload("send", {"numbers": numbers, "text": text, "ref": request.reference})


def template(submission: Submission) -> Payload:
    """Raises Unsupported for anything but a text message."""
    if not isinstance(submission.content, Sms):
        raise Unsupported("This vendor has templates of text messages alone")
    return Payload("submit", {"text": submission.content.text})


def balance() -> Payload:
    return Payload("balance", {})
