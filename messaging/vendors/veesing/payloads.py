"""The fields of the three requests, and the frame grammar (document sections 1, 2 and 5).

A message is `seconds,ext|base64,txt|base64;seconds,…`. The play time always comes first (the document's Java sample
forgets it), and text is Base64 of GBK (the plain text in the document's sixth item is from an older edition).
"""

import base64
from collections.abc import Mapping, Sequence

from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Media, Payload, SendRequest, Submission
from templates_5g.blocks import Mms
from templates_5g.blocks.mms import Frame

MAX_NUMBERS = 1000
EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def template(submission: Submission) -> Payload:
    """Raises Unsupported for anything but an MMS."""
    message = submission.content
    if not isinstance(message, Mms):
        raise Unsupported("This vendor carries MMS alone")
    frames = ";".join(_frame(frame, submission.media) for frame in message.frames)
    return Payload("create", {"title": message.title, "content": frames})


def send(request: SendRequest) -> Payload:
    """One MMS for all numbers, now: no `sendTime`."""
    phones = ",".join(recipient.phone for recipient in request.recipients)
    return Payload("send", {"mmsId": request.template_id, "phone": phones})


def balance() -> Payload:
    return Payload("balance", {})


def gbk(text: str) -> bytes:
    """Raises UnicodeEncodeError for a character that GBK lacks; the content checks find those before."""
    return text.encode("gbk")


def _frame(frame: Frame, media: Mapping[str, Media]) -> str:
    files: Sequence[tuple[str, bytes]] = ()
    if frame.media:
        medium = media[frame.media.asset]
        files = [(EXTENSIONS[medium.mime], medium.load())]
    if frame.text:
        files = [*files, ("txt", gbk(frame.text))]
    return ",".join([str(frame.seconds), *(f"{kind}|{base64.b64encode(data).decode()}" for kind, data in files)])
