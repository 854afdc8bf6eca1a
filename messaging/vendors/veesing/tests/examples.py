"""The document's own samples, and one message as our blocks."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from messaging.gateway.contract_suite import content, submission
from messaging.gateway.types import Media, Recipient, SendRequest, Submission

SAMPLES = Path(__file__).parent.parent / "samples"
PICTURE = b"\xff\xd8\xff\xe0 picture"
FILM = b"\x00\x00\x00\x18ftypmp42"
MESSAGE: dict[str, Any] = {
    "kind": "mms",
    "title": "中昱双十一大促",
    "frames": [
        {"seconds": 5, "text": "中昱维信双十一大促", "media": {"asset": "1"}},
        {"seconds": 3, "text": "欢迎莅临采购"},
        {"seconds": 8, "media": {"asset": "2"}},
    ],
}


def sample(name: str) -> dict[str, Any]:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def answer(name: str, which: str = "accepted") -> bytes:
    return json.dumps(sample(name)[which], ensure_ascii=False).encode()


def form(name: str, **changes: str) -> bytes:
    return urlencode({**sample(name)["fields"], **changes}).encode()


def medium(asset: str, mime: str, data: bytes = PICTURE, size: int | None = None) -> Media:
    return Media(asset, mime, len(data) if size is None else size, load=lambda: data)


def example(message: dict[str, Any] | None = None, **changes: Any) -> Submission:
    media = {"1": medium("1", "image/jpeg"), "2": medium("2", "video/mp4", FILM)}
    return submission(content(**(message or MESSAGE)), **{"name": "双十一", "media": media, **changes})


def batch(*phones: str, **changes: Any) -> SendRequest:
    people = tuple(Recipient(phone) for phone in phones or ("13800138000", "13800138001"))
    return SendRequest(**{"reference": "s1-1", "recipients": people, "template_id": "54", **changes})
