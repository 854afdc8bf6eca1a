"""Rules of buttons and chips: what each of the eight kinds must have."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from kit.msgids import gettext_noop as _
from templates_5g.blocks.measure import Checking
from templates_5g.blocks.suggestion import Suggestion
from templates_5g.blocks.variables import PATTERN

_PHONE = re.compile(r"\+?\d{3,20}")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def check_suggestions(run: Checking, path: str, suggestions: tuple[Suggestion, ...], limit: str) -> None:
    """`path` is that of the list; `limit` names how many there may be."""
    run.count(path, limit, len(suggestions))
    for index, suggestion in enumerate(suggestions):
        _check_one(run, f"{path}.{index}", suggestion)


def check_repeats(run: Checking, placed: Iterable[tuple[str, Suggestion]]) -> None:
    """Postback data that stands twice in one message: a tap could not be told apart."""
    placed = list(placed)
    seen = Counter(suggestion.data for _path, suggestion in placed)
    for path, suggestion in placed:
        if suggestion.data and seen[suggestion.data] > 1:
            run.note(
                f"{path}.data",
                "postback.repeated",
                _("This postback data is used more than once: taps cannot be told apart."),
                "warning",
            )


def _check_one(run: Checking, path: str, item: Suggestion) -> None:
    run.text(f"{path}.label", "suggestion.label", item.label)
    run.text(f"{path}.data", "suggestion.data", item.data)
    if not item.data.strip():
        message = _("Without postback data nobody can tell that this was tapped.")
        run.note(f"{path}.data", "postback.missing", message, "warning")
    check = _RULES.get(item.kind)
    if check:
        check(run, path, item)


def _open_url(run: Checking, path: str, item: Suggestion) -> None:
    run.text(f"{path}.url", "suggestion.url", item.url)
    if item.url.strip() and not is_web_address(item.url):
        run.note(f"{path}.url", "url", _("A link begins with http:// or https:// and names a host."))


def is_web_address(text: str) -> bool:
    """Absolute http or https with a host. A variable may stand in it, never for the whole of it."""
    plain = PATTERN.sub("x", text)
    if _CONTROL.search(plain):
        return False
    try:
        parts = urlsplit(plain)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _dial(run: Checking, path: str, item: Suggestion) -> None:
    run.text(f"{path}.phone", "suggestion.phone", item.phone)
    if item.phone.strip() and not _PHONE.fullmatch(re.sub(r"[ \-]", "", item.phone)):
        message = _("A phone number has 3 to 20 digits, with a + before a country code.")
        run.note(f"{path}.phone", "phone", message)


def _show_place(run: Checking, path: str, item: Suggestion) -> None:
    check_coordinates(run, path, item.latitude, item.longitude)
    run.text(f"{path}.place", "suggestion.place", item.place)


def check_coordinates(run: Checking, path: str, latitude: str, longitude: str) -> None:
    """Decimal degrees as text; `path` is that of the object which holds both ("" for the whole message)."""
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        at = f"{path}.{name}" if path else name
        if not value.strip():
            run.note(at, "required", _("This is missing."))
        elif not _within(value, most):
            message = _("This must be degrees between -%(most)s and %(most)s, for example 39.915031.")
            run.note(at, "coordinate", message, most=most)


def _within(value: str, most: int) -> bool:
    if not re.fullmatch(r"-?\d{1,3}(\.\d{1,15})?", value.strip(), re.ASCII):
        return False
    try:
        return abs(Decimal(value.strip())) <= most
    except InvalidOperation:
        return False


def _find_place(run: Checking, path: str, item: Suggestion) -> None:
    run.text(f"{path}.query", "suggestion.query", item.query)


def _compose(run: Checking, path: str, item: Suggestion) -> None:
    _dial(run, path, item)
    run.text(f"{path}.text", "suggestion.text", item.text)


def _calendar(run: Checking, path: str, item: Suggestion) -> None:
    run.text(f"{path}.title", "suggestion.title", item.title)
    run.text(f"{path}.description", "suggestion.description", item.description)
    times = [_time(run, f"{path}.{name}", getattr(item, name)) for name in ("start", "end")]
    if times[0] and times[1] and times[1] < times[0]:
        run.note(f"{path}.end", "calendar.order", _("The end is before the start."))


def _time(run: Checking, path: str, value: str) -> datetime | None:
    if not value.strip():
        run.note(path, "required", _("This is missing."))
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return datetime.combine(date.fromisoformat(value), datetime.min.time())
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    run.note(path, "time", _("Write a date and time like 2026-11-21T10:00, or a date like 2026-11-21."))
    return None


_RULES: dict[str, Callable[[Checking, str, Suggestion], None]] = {
    "open_url": _open_url,
    "dial": _dial,
    "show_place": _show_place,
    "find_place": _find_place,
    "compose": _compose,
    "calendar": _calendar,
}
