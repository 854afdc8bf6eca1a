"""The plain bodies of each operation, by the document's tables; where its examples differ from them, the table counts.

One exception: the text template's key. The table of §11.2.1 says `Text`, both sealed examples hold `text`, and every
other key of the document begins small; `text` is the default and the account's setting `text_key` changes it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from messaging.gateway.types import Media, Recipient, Submission
from templates_5g.blocks import Carousel, Content, Fallback, SingleCard, Text
from templates_5g.blocks.card import Card
from templates_5g.blocks.content import FallbackMms
from templates_5g.blocks.mms import Frame
from templates_5g.blocks.suggestion import Suggestion

# callType is a sum of bits (§4.2). 8 (H5) is named there, but no field of a template carries it, so it is never sent.
BITS = {"sms": 1, "mms": 2, "aim": 4}
AIM_LINK = "阅信短链"

# §4.2.1: reply 1, open a page 2, dial 3
EVENTS: dict[str, tuple[int, str]] = {"reply": (1, "data"), "open_url": (2, "url"), "dial": (3, "phone")}

# Our stored types -> the document's names for them (§4.2.1)
MEDIA_TYPES = {
    "image/jpeg": "image/jpeg",
    "image/jpg": "image/jpg",
    "image/gif": "image/gif",
    "image/png": "image/png",
    "video/mp4": "video/mp4",
    "video/flv": "video/flv",
    "video/x-flv": "video/flv",
    "audio/mp3": "audio/mp3",
    "audio/mpeg": "audio/mp3",
    "audio/aac": "audio/aac",
    "audio/x-aac": "audio/aac",
}


def carried(content: Content | None, fallback: Fallback | None) -> tuple[str, ...]:
    """The fallback parts that the vendor does for this content: a text template knows SMS alone (§11.2)."""
    parts = fallback.parts if fallback else ()
    return tuple(part for part in parts if part in BITS and (part == "sms" or not isinstance(content, Text)))


def call_type(content: Content | None, fallback: Fallback | None) -> int:
    return sum(BITS[part] for part in carried(content, fallback))


# --- templates ---------------------------------------------------------------------------------------------------


def template(submission: Submission, text_key: str = "text") -> dict[str, Any]:
    """The body of templateAdd (§4.2) or templateTextAdd (§11.2)."""
    content, fallback = submission.content, submission.fallback
    parts = carried(content, fallback)
    body: dict[str, Any] = {
        "templateName": submission.name,
        "sign": submission.signature.strip("【】"),
        "callType": call_type(content, fallback),
        "autoRenew": bool(submission.options.get("autoRenew", True)),
        "rcs": _main(content, submission.media, text_key),
    }
    if "sms" in parts and fallback.sms:
        body["toSms"] = fallback.sms.text
    if "mms" in parts and fallback.mms:
        body["toMms"] = _mms(fallback.mms, submission.media)
    if "aim" in parts and fallback.aim:
        body["toAim"] = fallback.aim.text
    return body


def _main(content: Content, media: Mapping[str, Media], text_key: str) -> dict[str, Any]:
    if isinstance(content, Text):
        return {text_key: content.text}
    cards = cards_of(content)
    chips = content.suggestions if isinstance(content, SingleCard | Carousel) else ()
    rcs: dict[str, Any] = {"parts": [_card(card, media) for card in cards]}
    if chips:
        rcs["floatButtons"] = [_button(chip) for chip in chips]
    return rcs


def cards_of(content: Content) -> tuple[Card, ...]:
    if isinstance(content, SingleCard):
        return (content.card,)
    return content.cards if isinstance(content, Carousel) else ()


def _card(card: Card, media: Mapping[str, Media]) -> dict[str, Any]:
    part: dict[str, Any] = {
        "title": card.title,
        **_file(card.media.asset if card.media else "", media),
        "content": card.description,
    }
    if card.suggestions:
        part["buttons"] = [_button(button) for button in card.suggestions]
    return part


def _button(button: Suggestion) -> dict[str, Any]:
    event, source = EVENTS[button.kind]
    return {"name": button.label, "eventType": event, "value": getattr(button, source) or button.label}


def _mms(mms: FallbackMms, media: Mapping[str, Media]) -> dict[str, Any]:
    return {"title": mms.title, "parts": [_frame(frame, media) for frame in mms.frames]}


def _frame(frame: Frame, media: Mapping[str, Media]) -> dict[str, Any]:
    part: dict[str, Any] = _file(frame.media.asset, media) if frame.media else {}
    if frame.text:
        part["content"] = frame.text
    return part


def _file(asset: str, media: Mapping[str, Media]) -> dict[str, str]:
    found = media.get(asset)
    if found is None:
        return {"mediaType": "", "fileUrl": ""}
    return {"mediaType": MEDIA_TYPES.get(found.mime, found.mime), "fileUrl": found.url}


# --- sends -------------------------------------------------------------------------------------------------------


def signed_text(text: str, signature: str) -> str:
    """The text with its 【signature】 (§2.2: required), put in front where it stands at neither end."""
    sign = f"【{signature.strip('【】')}】"
    return text if sign == "【】" or text.startswith(sign) or text.endswith(sign) else sign + text


def one_text(phones: Iterable[str], content: str, reference: str) -> dict[str, Any]:
    """§2.2"""
    return {"mobile": ",".join(phones), "content": content, "callData": reference}


def text_each(texts: Mapping[str, str], reference: str) -> dict[str, Any]:
    """§3.2: phone -> its own text"""
    return {"mobileContentKvp": texts, "callData": reference}


def template_send(
    template_id: str, phones: Iterable[str], reference: str, call_type: int, aim_url: str = ""
) -> dict[str, Any]:
    """§6.2. callType stands only where it says something: its default is 0."""
    body: dict[str, Any] = {"templateId": int(template_id), "mobile": ",".join(phones), "callData": reference}
    if call_type:
        body["callType"] = call_type
    if call_type & BITS["aim"]:
        body["aimUrl"] = aim_url
    return body


def template_each(
    template_id: str, values: Mapping[str, Mapping[str, str]], reference: str, call_type: int
) -> dict[str, Any]:
    """§7.2: phone -> {"${name}": value}"""
    body: dict[str, Any] = {"templateId": int(template_id), "mobileContentList": values, "callData": reference}
    if call_type:
        body["callType"] = call_type
    return body


def values_each(recipients: Iterable[Recipient], names: Iterable[str], link: str | None) -> dict[str, dict[str, str]]:
    """phone -> its values under the vendor's keys. A name without a value is left out, so that the vendor refuses it
    rather than somebody reading a gap. `link` is the short link of those without one of their own; None: no link."""
    keys = [(name, f"${{{name}}}") for name in names]
    aim_key = f"${{{AIM_LINK}}}"
    rows: dict[str, dict[str, str]] = {}
    for phone, values in recipients:  # plain loops: a comprehension for each row costs half as much again
        rows[phone] = row = {}
        for name, key in keys:
            if name in values:
                row[key] = values[name]
        if link is not None:
            row[aim_key] = values.get(AIM_LINK) or link
    return rows
