"""One button or chip in this vendor's words."""

import re
from typing import Any

from templates_5g.blocks.suggestion import Suggestion

TIME_OF_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})T.+")


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
    # Not in the document; this is the standard's word for it, and `checks` says so.
    return {"mapAction": {"requestLocationPush": {}}}


def _compose(item: Suggestion) -> dict[str, Any]:
    return {"composeAction": {"composeTextMessage": {"phoneNumber": item.phone, "text": item.text}}}


def _calendar(item: Suggestion) -> dict[str, Any]:
    # The document writes days; a time of day has no place in it, and `checks` says so.
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
