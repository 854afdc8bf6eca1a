"""The plain bodies of each operation, by the document's tables; where its examples differ from them, the table counts.

One exception: the text template's key. The table of §11.2.1 says `Text`, both sealed examples hold `text`, and every
other key of the document begins small; `text` is the default and the account's setting `text_key` changes it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Media, Payload, SendRequest, Submission
from templates_5g.blocks import Carousel, Content, Fallback, SingleCard, Sms, Text
from templates_5g.blocks.card import Card
from templates_5g.blocks.content import FallbackMms
from templates_5g.blocks.mms import Frame
from templates_5g.blocks.suggestion import Suggestion
from templates_5g.blocks.variables import VENDOR_VARIABLES, fill, names_in, names_of

MAX_NUMBERS = 1000

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


def template(submission: Submission, text_key: str) -> Payload:
    """templateAdd (§4.2) or templateTextAdd (§11.2), with the fallback. Raises Unsupported for a fallback part alone."""
    if submission.part != "main":
        raise Unsupported(f"A template is reviewed with its fallback as one, not {submission.part} alone")
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
    return Payload("templateTextAdd" if isinstance(content, Text) else "templateAdd", body)


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


def send(request: SendRequest) -> Payload:
    """Which of the four ways fits, and its body:

    free text, the same for all        send            §2
    free text with variables           p2p             §3
    approved template, no variables    templateSend    §6
    approved template, variables       templateP2P     §7
    """
    return _by_template(request) if request.template_id else _free_text(request)


def text_of(request: SendRequest) -> str:
    return request.text or (request.content.text if isinstance(request.content, Text | Sms) else "")


def chosen_call_type(request: SendRequest) -> int:
    """What was chosen for this send, by default all that the version has."""
    option = request.options.get("callType")
    return call_type(request.content, request.fallback) if option in (None, "") else int(option)


def balance() -> Payload:
    """§10.2: without a body."""
    return Payload("balance", {})


def _free_text(request: SendRequest) -> Payload:
    text = _signed(text_of(request), request.signature)
    names = set(names_in(text))
    if any(not names.isdisjoint(recipient.variables) for recipient in request.recipients):
        texts = {phone: fill(text, values) for phone, values in request.recipients}
        return Payload("p2p", {"mobileContentKvp": texts, "callData": request.reference})
    return Payload("send", {"mobile": _phones(request), "content": text, "callData": request.reference})


def _signed(text: str, signature: str) -> str:
    """The text with its 【signature】 (§2.2: required), put in front where it stands at neither end."""
    sign = f"【{signature.strip('【】')}】"
    return text if sign == "【】" or text.startswith(sign) or text.endswith(sign) else sign + text


def _phones(request: SendRequest) -> str:
    return ",".join(phone for phone, _values in request.recipients)


def _by_template(request: SendRequest) -> Payload:
    """callType stands only where it says something: its default is 0."""
    bits, link = chosen_call_type(request), str(request.options.get("aimUrl") or "")
    with_aim = bool(bits & BITS["aim"])
    names = _names(request)
    template = {"templateId": int(request.template_id)}
    tail = {"callData": request.reference, **({"callType": bits} if bits else {})}
    if names or (with_aim and any(AIM_LINK in recipient.variables for recipient in request.recipients)):
        values = _values(request, names, link if with_aim and _has_place_for_link(request) else None)
        return Payload("templateP2P", {**template, "mobileContentList": values, **tail})
    aim = {"aimUrl": link} if with_aim else {}
    return Payload("templateSend", {**template, "mobile": _phones(request), **tail, **aim})


def _names(request: SendRequest) -> list[str]:
    """The template's own variables (§7.2: exactly these); without the version at hand, what the recipients bring."""
    if request.content is not None or request.fallback is not None:
        return names_of(*(part.dump() for part in (request.content, request.fallback) if part))
    brought: dict[str, None] = {}
    for recipient in request.recipients:
        brought.update(dict.fromkeys(recipient.variables))
    return [name for name in brought if name not in VENDOR_VARIABLES]


def _has_place_for_link(request: SendRequest) -> bool:
    aim = request.fallback.aim if request.fallback else None
    return aim is None or AIM_LINK in names_in(aim.text)


def _values(request: SendRequest, names: Sequence[str], link: str | None) -> dict[str, dict[str, str]]:
    """phone -> its values under the vendor's keys. A name without a value is left out, so that the vendor refuses it
    rather than somebody reading a gap. `link` is the short link of those without one of their own; None: no link."""
    keys = [(name, f"${{{name}}}") for name in names]
    aim_key = f"${{{AIM_LINK}}}"
    rows: dict[str, dict[str, str]] = {}
    for phone, values in request.recipients:  # plain loops: a comprehension for each row costs half as much again
        rows[phone] = row = {}
        for name, key in keys:
            if name in values:
                row[key] = values[name]
        if link is not None:
            row[aim_key] = values.get(AIM_LINK) or link
    return rows
