"""The forms of the three calls, and the frame grammar (document sections 1, 2 and 5).

A message is `seconds,ext|base64,txt|base64;seconds,…`. The play time always comes first (the document's Java sample
forgets it), and text is Base64 of GBK (the plain text in the document's sixth item is from an older edition).
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from messaging.gateway.types import Media, SendRequest
from templates_5g.blocks import Mms
from templates_5g.blocks.mms import Frame

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def form(credentials: Mapping[str, str], **values: str) -> bytes:
    """The body of any call: who asks, then what."""
    who = {"appId": credentials["app_id"], "appKey": credentials["app_key"]}
    return urlencode({**who, **values}).encode()


def create(message: Mms, media: Mapping[str, Media]) -> dict[str, str]:
    return {"title": message.title, "content": ";".join(_frame(frame, media) for frame in message.frames)}


def send(request: SendRequest) -> dict[str, str]:
    """One MMS for all numbers. `sendTime` only where a time is given: empty means now."""
    values = {"mmsId": request.template_id, "phone": ",".join(recipient.phone for recipient in request.recipients)}
    return {**values, **_send_time(request.send_at)}


def gbk(text: str) -> bytes:
    """Raises UnicodeEncodeError for a character that GBK lacks; `checks` finds those before."""
    return text.encode("gbk")


def _frame(frame: Frame, media: Mapping[str, Media]) -> str:
    files: Sequence[tuple[str, bytes]] = ()
    if frame.media:
        medium = media[frame.media.asset]
        files = [(EXTENSIONS[medium.mime], medium.load())]
    if frame.text:
        files = [*files, ("txt", gbk(frame.text))]
    return ",".join([str(frame.seconds), *(f"{kind}|{base64.b64encode(data).decode()}" for kind, data in files)])


def _send_time(at: datetime | None) -> dict[str, str]:
    return {"sendTime": at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")} if at else {}
