"""A template as this vendor wants it (document sections 3.3 and 4)."""

import re
from collections.abc import Mapping
from typing import Any

from messaging.gateway.outcomes import Unsupported
from messaging.gateway.types import Media, Payload, Submission
from templates_5g.blocks import Carousel, Content, Fallback, File, Place, SingleCard, Text
from templates_5g.blocks.card import Card
from templates_5g.blocks.media import MediaRef
from templates_5g.blocks.suggestion import Suggestion

CARD_TYPE = "application/vnd.gsma.botmessage.v1.0+json"
FILE_TYPE = "application/vnd.gsma.rcs-ft-http"
TEXT_TYPE = "text/plain"
ENCODING = {"contentEncoding": "utf8"}

FALLBACK_TYPES = {"sms": 1, "mms": 2, "h5": 3, "aim": 4}
# One request has one fallback: where nothing is chosen, the richest that the message has.
RICHEST_FIRST = ("aim", "mms", "h5", "sms")
# These are named by the id of a part that the vendor has approved already.
BY_ID = ("aim", "mms")
TIME_OF_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})T.+")


def template(submission: Submission) -> Payload:
    """An edit, or an addition, which has no `templateId`. Options: label, draft, fallback."""
    body: dict[str, Any] = {"templateId": submission.template_id} if submission.template_id else {}
    body["templateName"] = submission.name
    if label := str(submission.options.get("label") or ""):
        body["label"] = label
    body["draft"] = 1 if submission.options.get("draft") else 0
    body |= {**fallback(submission), "message": message(submission.content, submission.media)}
    return Payload("template_edit", body)


def fallback_part(parts: Fallback, choice: str) -> str:
    """sms, mms, h5, aim or "" for none. `choice` is the submit option: "" lets the richest stand."""
    if choice:
        return "" if choice == "none" else choice
    return next((part for part in RICHEST_FIRST if part in parts.parts), "")


def fallback(submission: Submission) -> dict[str, Any]:
    part = fallback_part(submission.fallback, str(submission.options.get("fallback") or ""))
    if not part:
        return {"fallbackType": 0}
    if part in BY_ID:
        return {"fallbackType": FALLBACK_TYPES[part], "fallbackContent": submission.part_ids[part]}
    return {"fallbackType": FALLBACK_TYPES[part], "fallbackContent": getattr(submission.fallback, part).text}


def message(content: Content, media: Mapping[str, Media]) -> dict[str, Any]:
    """The five kinds. Chips stand in `suggestion` (singular) here, a card's buttons in `suggestions`."""
    match content:
        case Text():
            body: dict[str, Any] = {"contentType": TEXT_TYPE, "contentText": content.text, **ENCODING}
        case Place():
            body = {"contentType": TEXT_TYPE, "contentText": geo(content), **ENCODING}
        case File():
            body = {"contentType": FILE_TYPE, "contentText": {"fileId": _media_id(content.media, media)}}
        case SingleCard():
            body = {
                "contentType": CARD_TYPE,
                "contentText": {"generalPurposeCard": _single(content, media)},
                **ENCODING,
            }
        case Carousel():
            cards = {"generalPurposeCardCarousel": _carousel(content, media)}
            body = {"contentType": CARD_TYPE, "contentText": cards, **ENCODING}
        case _:
            raise Unsupported(f"A template of the kind {content.kind}")
    if content.suggestions:
        body["suggestion"] = [suggestion(item) for item in content.suggestions]
    return body


def geo(place: Place) -> str:
    """`u` is the uncertainty in metres; the coordinates are the ones of Chinese maps. Both as in the document."""
    return f"geo:{place.latitude},{place.longitude};crs=gcj02;u=10;rcs-l={place.label}"


def _media_id(reference: MediaRef | None, media: Mapping[str, Media]) -> str:
    return media[reference.asset].vendor_id if reference else ""


def _styles(content: SingleCard | Carousel) -> dict[str, list[str]]:
    styles = {"titleFontStyle": content.title_style, "descriptionFontStyle": content.description_style}
    return {name: list(style) for name, style in styles.items() if style}


def _single(content: SingleCard, media: Mapping[str, Media]) -> dict[str, Any]:
    layout: dict[str, Any] = {"cardOrientation": content.orientation, **_styles(content)}
    if content.orientation == "HORIZONTAL" and content.alignment:
        layout["imageAlignment"] = content.alignment
    return {"layout": layout, "content": _card(content.card, media)}


def _carousel(content: Carousel, media: Mapping[str, Media]) -> dict[str, Any]:
    layout = {"cardWidth": content.width, **_styles(content)}
    return {"layout": layout, "content": [_card(card, media) for card in content.cards]}


def _card(card: Card, media: Mapping[str, Media]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if card.media:
        body["media"] = {"mediaId": _media_id(card.media, media), "height": f"{card.media.height}_HEIGHT"}
    if card.title:
        body["title"] = card.title
    if card.description:
        body["description"] = card.description
    if card.suggestions:
        body["suggestions"] = [suggestion(item) for item in card.suggestions]
    return body


# --- buttons and chips ------------------------------------------------------------------------------------------


def suggestion(item: Suggestion) -> dict[str, Any]:
    """`{"reply": …}` or `{"action": …}` as in the document's six examples."""
    said = {"displayText": item.label, "postback": {"data": item.data}}
    if item.kind == "reply":
        return {"reply": said}
    return {"action": {**said, **_ACTIONS[item.kind](item)}}


def _open_url(item: Suggestion) -> dict[str, Any]:
    return {"urlAction": {"openUrl": {"url": item.url, "application": item.application}}}


def _dial(item: Suggestion) -> dict[str, Any]:
    return {"dialerAction": {"dialPhoneNumber": {"phoneNumber": item.phone}}}


def _show_place(item: Suggestion) -> dict[str, Any]:
    place = {"longitude": item.longitude, "latitude": item.latitude}
    if item.place:
        place["label"] = item.place
    return {"mapAction": {"showLocation": {"location": place}}}


def _find_place(item: Suggestion) -> dict[str, Any]:
    return {"mapAction": {"showLocation": {"location": {"query": item.query, "label": item.query}}}}


def _ask_place(_: Suggestion) -> dict[str, Any]:
    # Not in the document; this is the standard's word for it, and the content checks say so.
    return {"mapAction": {"requestLocationPush": {}}}


def _compose(item: Suggestion) -> dict[str, Any]:
    return {"composeAction": {"composeTextMessage": {"phoneNumber": item.phone, "text": item.text}}}


def _calendar(item: Suggestion) -> dict[str, Any]:
    # The document writes days; a time of day has no place in it, and the content checks say so.
    event = {"startTime": _day(item.start), "endTime": _day(item.end), "title": item.title}
    if item.description:
        event["description"] = item.description
    return {"calendarAction": {"createCalendarEvent": event}}


def _day(time: str) -> str:
    return TIME_OF_DAY.sub(r"\1", time)


_ACTIONS = {
    "open_url": _open_url,
    "dial": _dial,
    "show_place": _show_place,
    "find_place": _find_place,
    "ask_place": _ask_place,
    "compose": _compose,
    "calendar": _calendar,
}
