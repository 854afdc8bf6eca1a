"""The sandbox's reading of `message`: what the document's table and examples allow, and nothing else."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

CARD_TYPE = "application/vnd.gsma.botmessage.v1.0+json"
FILE_TYPE = "application/vnd.gsma.rcs-ft-http"
TEXT_TYPE = "text/plain"

DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\$\{[^{}]+\}")
DEGREES = re.compile(r"-?\d{1,3}(\.\d+)?")
GEO = re.compile(r"geo:-?\d{1,3}(\.\d+)?,-?\d{1,3}(\.\d+)?;crs=gcj02;u=\d+;rcs-l=[^;]+")
HEIGHTS = ("SHORT_HEIGHT", "MEDIUM_HEIGHT", "TALL_HEIGHT")
STYLES = ("bold", "italics", "underline")


class BadMessage(Exception):
    """What is wrong, by path."""


def check_message(message: Any, approved_media: Collection[str]) -> None:
    """Raises BadMessage. Media that are not approved are refused with the whole template."""
    at = "message"
    _object(message, at, ("contentType", "contentText"), ("contentEncoding", "suggestion"))
    if message.get("contentEncoding", "utf8") != "utf8":
        raise BadMessage(f"{at}.contentEncoding")
    readers: Mapping[str, Callable[[Any, str, Collection[str]], None]] = {
        TEXT_TYPE: _text,
        FILE_TYPE: _file,
        CARD_TYPE: _cards,
    }
    if message["contentType"] not in readers:
        raise BadMessage(f"{at}.contentType")
    readers[message["contentType"]](message["contentText"], f"{at}.contentText", approved_media)
    _suggestions(message.get("suggestion", []), f"{at}.suggestion", 11)


# --- pieces -----------------------------------------------------------------------------------------------------


def _object(value: Any, at: str, needed: Sequence[str], allowed: Sequence[str] = ()) -> None:
    if not isinstance(value, dict):
        raise BadMessage(f"{at}: object")
    for key in needed:
        if key not in value:
            raise BadMessage(f"{at}.{key}: missing")
    for key in value:
        if key not in needed and key not in allowed:
            raise BadMessage(f"{at}.{key}: unknown")


def _string(value: Any, at: str, most: int | None = None) -> None:
    if not isinstance(value, str) or not value or (most is not None and len(value) > most):
        raise BadMessage(at)


def _one_of(value: Any, at: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise BadMessage(at)


def _match(value: Any, at: str, pattern: re.Pattern[str]) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadMessage(at)


# --- the five kinds -----------------------------------------------------------------------------------------------


def _text(value: Any, at: str, _: Collection[str]) -> None:
    _string(value, at)
    if value.startswith("geo:"):
        _match(value, at, GEO)


def _file(value: Any, at: str, approved: Collection[str]) -> None:
    _object(value, at, ("fileId",))
    _media_id(value["fileId"], f"{at}.fileId", approved)


def _media_id(value: Any, at: str, approved: Collection[str]) -> None:
    _string(value, at)
    if value not in approved:
        raise BadMessage(f"{at}: not approved")


def _cards(value: Any, at: str, approved: Collection[str]) -> None:
    if isinstance(value, dict) and "generalPurposeCardCarousel" in value:
        _object(value, at, ("generalPurposeCardCarousel",))
        _carousel(value["generalPurposeCardCarousel"], f"{at}.generalPurposeCardCarousel", approved)
        return
    _object(value, at, ("generalPurposeCard",))
    _single(value["generalPurposeCard"], f"{at}.generalPurposeCard", approved)


def _single(value: Any, at: str, approved: Collection[str]) -> None:
    _object(value, at, ("layout", "content"))
    layout = value["layout"]
    _object(layout, f"{at}.layout", ("cardOrientation",), ("imageAlignment", "titleFontStyle", "descriptionFontStyle"))
    _one_of(layout["cardOrientation"], f"{at}.layout.cardOrientation", ("VERTICAL", "HORIZONTAL"))
    if "imageAlignment" in layout:
        _one_of(layout["imageAlignment"], f"{at}.layout.imageAlignment", ("LEFT", "RIGHT"))
    _styles(layout, f"{at}.layout")
    _card(value["content"], f"{at}.content", approved)


def _carousel(value: Any, at: str, approved: Collection[str]) -> None:
    _object(value, at, ("layout", "content"))
    layout, cards = value["layout"], value["content"]
    _object(layout, f"{at}.layout", ("cardWidth",), ("titleFontStyle", "descriptionFontStyle"))
    _one_of(layout["cardWidth"], f"{at}.layout.cardWidth", ("SMALL_WIDTH", "MEDIUM_WIDTH"))
    _styles(layout, f"{at}.layout")
    if not isinstance(cards, list) or not 2 <= len(cards) <= 12:
        raise BadMessage(f"{at}.content: 2-12 cards")
    for index, card in enumerate(cards):
        _card(card, f"{at}.content.{index}", approved)


def _styles(layout: Mapping[str, Any], at: str) -> None:
    for key in ("titleFontStyle", "descriptionFontStyle"):
        styles = layout.get(key, ["bold"])
        if not isinstance(styles, list) or not styles or not all(style in STYLES for style in styles):
            raise BadMessage(f"{at}.{key}")


def _card(value: Any, at: str, approved: Collection[str]) -> None:
    _object(value, at, (), ("media", "title", "description", "suggestions"))
    if not value.keys() & {"media", "title", "description"}:
        raise BadMessage(f"{at}: empty")
    if "media" in value:
        _object(value["media"], f"{at}.media", ("mediaId", "height"))
        _media_id(value["media"]["mediaId"], f"{at}.media.mediaId", approved)
        _one_of(value["media"]["height"], f"{at}.media.height", HEIGHTS)
    if "title" in value:
        _string(value["title"], f"{at}.title", 200)
    if "description" in value:
        _string(value["description"], f"{at}.description", 2000)
    _suggestions(value.get("suggestions", []), f"{at}.suggestions", 4)


# --- buttons and chips --------------------------------------------------------------------------------------------


def _suggestions(value: Any, at: str, most: int) -> None:
    if not isinstance(value, list) or len(value) > most:
        raise BadMessage(f"{at}: at most {most}")
    for index, item in enumerate(value):
        _suggestion(item, f"{at}.{index}")


def _suggestion(value: Any, at: str) -> None:
    _object(value, at, (), ("reply", "action"))
    if len(value) != 1:
        raise BadMessage(f"{at}: reply or action")
    if "reply" in value:
        _object(value["reply"], f"{at}.reply", ("displayText", "postback"))
        _said(value["reply"], f"{at}.reply")
        return
    action = value["action"]
    _object(action, f"{at}.action", ("displayText", "postback"), tuple(_ACTIONS))
    _said(action, f"{at}.action")
    names = [name for name in _ACTIONS if name in action]
    if len(names) != 1:
        raise BadMessage(f"{at}.action: one action")
    _ACTIONS[names[0]](action[names[0]], f"{at}.action.{names[0]}")


def _said(value: Mapping[str, Any], at: str) -> None:
    _string(value["displayText"], f"{at}.displayText", 25)
    _object(value["postback"], f"{at}.postback", ("data",))
    data = value["postback"]["data"]
    if not isinstance(data, str) or len(data) > 2048:
        raise BadMessage(f"{at}.postback.data")


def _url(value: Any, at: str) -> None:
    _object(value, at, ("openUrl",))
    _object(value["openUrl"], f"{at}.openUrl", ("url", "application"))
    _match(value["openUrl"]["url"], f"{at}.openUrl.url", re.compile(r"https?://\S+"))
    _one_of(value["openUrl"]["application"], f"{at}.openUrl.application", ("browser", "webview"))


def _dialer(value: Any, at: str) -> None:
    _object(value, at, ("dialPhoneNumber",))
    _object(value["dialPhoneNumber"], f"{at}.dialPhoneNumber", ("phoneNumber",))
    _string(value["dialPhoneNumber"]["phoneNumber"], f"{at}.dialPhoneNumber.phoneNumber")


def _compose(value: Any, at: str) -> None:
    _object(value, at, ("composeTextMessage",))
    inner = value["composeTextMessage"]
    _object(inner, f"{at}.composeTextMessage", ("phoneNumber", "text"))
    _string(inner["phoneNumber"], f"{at}.composeTextMessage.phoneNumber")
    _string(inner["text"], f"{at}.composeTextMessage.text", 100)


def _calendar(value: Any, at: str) -> None:
    _object(value, at, ("createCalendarEvent",))
    event = value["createCalendarEvent"]
    _object(event, f"{at}.createCalendarEvent", ("startTime", "endTime", "title"), ("description",))
    _match(event["startTime"], f"{at}.createCalendarEvent.startTime", DAY)
    _match(event["endTime"], f"{at}.createCalendarEvent.endTime", DAY)
    _string(event["title"], f"{at}.createCalendarEvent.title", 100)


def _map(value: Any, at: str) -> None:
    if isinstance(value, dict) and "requestLocationPush" in value:
        _object(value, at, ("requestLocationPush",))
        return
    _object(value, at, ("showLocation",))
    _object(value["showLocation"], f"{at}.showLocation", ("location",))
    place, where = value["showLocation"]["location"], f"{at}.showLocation.location"
    if isinstance(place, dict) and "query" in place:
        _object(place, where, ("query",), ("label",))
        _string(place["query"], f"{where}.query", 200)
        return
    _object(place, where, ("latitude", "longitude"), ("label",))
    _match(place["latitude"], f"{where}.latitude", DEGREES)
    _match(place["longitude"], f"{where}.longitude", DEGREES)


_ACTIONS: Mapping[str, Callable[[Any, str], None]] = {
    "urlAction": _url,
    "dialerAction": _dialer,
    "composeAction": _compose,
    "calendarAction": _calendar,
    "mapAction": _map,
}
