"""A number as the spreadsheet shows it: 59.7 for 59.699999999999996, 00123 for 123 in the format 00000, 15% for 0.15, 36:00 for a
day and a half in [h]:mm. Formats are those of ECMA-376 part 1, 18.8.30 and 18.8.31; what is not known is shown as General."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

Show = Callable[[Any], str]

# Those that a workbook does not spell out, as a Chinese installation shows them.
BUILTIN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy/m/d h:mm", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"', 34: '上午/下午h"时"mm"分"', 35: '上午/下午h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"',
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "0.0E+0", 49: "@",
    50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"', 55: '上午/下午h"时"mm"分"',
    56: '上午/下午h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
# The system's own long date and time.
_SYSTEM = (("[$-F800]", 'yyyy"年"m"月"d"日"'), ("[$-F400]", "h:mm:ss"))
# Spreadsheets keep fifteen digits; what is longer has lost the rest.
_KEPT = 10**15
_EPOCH = datetime(1899, 12, 30)
_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|y+|m+|d+|a{3,}|h+|s+(?:\.0+)?|AM/PM|A/P|上午/下午|.', re.IGNORECASE | re.DOTALL
)
_WEEKDAYS = "一二三四五六日"


def general(value: object) -> str:
    """A cell without a format of its own."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        return _general_number(float(value))
    if isinstance(value, datetime | date | time):
        return _iso(value)
    if isinstance(value, timedelta):
        return _duration(value)
    return "" if value is None else str(value)


def _general_number(value: float) -> str:
    if abs(value) >= _KEPT:
        return _shortened(value)
    if value.is_integer():
        return str(int(value))
    whole = len(str(int(abs(value))))
    rounded = round(_exact(value), max(10 - whole, 0) if abs(value) >= 1 else 9)
    return _plain(rounded) if rounded else _shortened(value)


def _shortened(value: float) -> str:
    mantissa, _, power = f"{value:.5E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{power}"


def _exact(value: float) -> Decimal:
    """The number as the spreadsheet knows it: fifteen digits."""
    return Decimal(f"{value:.15g}")


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _iso(value: datetime | date | time) -> str:
    text = value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else value.isoformat()
    return (
        text.removesuffix(" 00:00:00").partition(".")[0] if isinstance(value, time) else text.removesuffix(" 00:00:00")
    )


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    minus, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{minus}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@lru_cache(maxsize=512)
def shower(code: str) -> Show:
    """How a cell of this format is shown."""
    for mark, meant in _SYSTEM:
        if mark in code:
            code = meant
    sections = _sections(code)
    if not code or code.lower() == "general" or code == "@" or "[<" in code or "[>" in code or "[=" in code:
        return general
    if _is_date(sections[0]):
        return _shower_of_dates(sections[0])
    return _shower_of_numbers(sections)


def _sections(code: str) -> list[list[str]]:
    """The marks of each section: positive, negative, zero, text."""
    found: list[list[str]] = [[]]
    for mark in _TOKEN.findall(code):
        if mark == ";":
            found.append([])
        else:
            found[-1].append(mark)
    return found


def _is_elapsed(mark: str) -> bool:
    return mark[:1] == "[" and mark[1:-1].lower() != "" and set(mark[1:-1].lower()) in ({"h"}, {"m"}, {"s"})


def _is_date(marks: list[str]) -> bool:
    dates = any(mark[0].lower() in "ymdhs" or mark[:3].lower() == "aaa" or _is_elapsed(mark) for mark in marks)
    return dates and not any(mark in ("0", "#", "?", "%") for mark in marks)


def _shower_of_dates(marks: list[str]) -> Show:
    marks = [mark for mark in marks if mark[:1] != "[" or _is_elapsed(mark)]
    half = any(mark.upper() in ("AM/PM", "A/P", "上午/下午") for mark in marks)
    parts = [_date_part(mark, _is_minute(marks, at), half) for at, mark in enumerate(marks)]
    elapsed = any(map(_is_elapsed, marks))
    finest = any(mark.lower().startswith("s") or mark.lower().startswith("[s") for mark in marks)

    def show(value: object) -> str:
        if isinstance(value, str | bool) or value is None:
            return general(value)
        moment = _moment(value)
        if moment is None:
            return general(value)
        at, since = moment
        if not finest and not elapsed:
            at = at + timedelta(milliseconds=500)
        return "".join(part(at, since) for part in parts)

    return show


def _moment(value: Any) -> tuple[datetime, timedelta] | None:
    """The point in time and what has passed since day 0, to the second."""
    try:
        if isinstance(value, datetime):
            since = value - _EPOCH
        elif isinstance(value, date):
            since = datetime(value.year, value.month, value.day) - _EPOCH
        elif isinstance(value, time):
            since = timedelta(
                hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
            )
        elif isinstance(value, timedelta):
            since = value
        else:
            since = timedelta(days=float(value))
        since = timedelta(seconds=round(since.total_seconds()))
        return _EPOCH + since, since
    except (OverflowError, ValueError):
        return None


def _is_minute(marks: list[str], at: int) -> bool:
    """An m behind hours or before seconds means minutes."""
    if marks[at][:1].lower() != "m":
        return False
    letters = [mark.lower().strip("[]") for mark in marks]
    before = next((mark for mark in reversed(letters[:at]) if mark[:1] in tuple("ymdhs")), "")
    behind = next((mark for mark in letters[at + 1 :] if mark[:1] in tuple("ymdhs")), "")
    return before[:1] == "h" or behind[:1] == "s"


def _date_part(mark: str, is_minute: bool, half: bool) -> Callable[[datetime, timedelta], str]:
    low = mark.lower()
    if _is_elapsed(mark):
        unit = {"h": 3600, "m": 60, "s": 1}[low[1]]
        return lambda _at, since: f"{int(since.total_seconds() // unit):0{len(mark) - 2}}"
    if low in ("am/pm", "a/p", "上午/下午"):
        words = mark.split("/")
        return lambda at, _since: words[at.hour >= 12]
    wide = len(mark.partition(".")[0]) > 1
    if low[0] == "y":
        return lambda at, _since: f"{at.year:04}" if len(mark) > 2 else f"{at.year % 100:02}"
    if low[0] == "m" and is_minute:
        return lambda at, _since: f"{at.minute:02}" if wide else str(at.minute)
    if low[0] == "m":
        return _month(len(mark))
    if low[0] == "d":
        return _day(len(mark))
    if low.startswith("aaa"):
        return lambda at, _since: ("星期" if len(mark) > 3 else "") + _WEEKDAYS[at.weekday()]
    if low[0] == "h":
        return lambda at, _since: f"{_hour(at, half):02}" if wide else str(_hour(at, half))
    if low[0] == "s":
        return lambda at, _since: f"{at.second:02}" if wide else str(at.second)
    text = _literal(mark)
    return lambda _at, _since: text


def _hour(at: datetime, half: bool) -> int:
    return (at.hour - 1) % 12 + 1 if half else at.hour


def _month(length: int) -> Callable[[datetime, timedelta], str]:
    if length > 2:
        return lambda at, _since: at.strftime("%b" if length == 3 else "%B")
    return lambda at, _since: f"{at.month:0{length}}"


def _day(length: int) -> Callable[[datetime, timedelta], str]:
    if length > 2:
        return lambda at, _since: at.strftime("%a" if length == 3 else "%A")
    return lambda at, _since: f"{at.day:0{length}}"


def _literal(mark: str) -> str:
    """What a mark that stands for no digit shows."""
    if mark[0] == '"':
        return mark.strip('"')
    if mark[0] == "\\":
        return mark[1:]
    if mark[0] == "_":
        return ""
    if mark[0] == "*":
        return ""
    if mark[0] == "[":
        return mark[2:-1].partition("-")[0] if mark.startswith("[$") else ""
    return mark


def _shower_of_numbers(sections: list[list[str]]) -> Show:
    usual = _USUAL.fullmatch("".join(sections[0])) if len(sections) == 1 else None
    if usual:
        return _shower_of_usual(*usual.groups(""))
    if not any(mark in ("0", "#", "?") for mark in sections[0]) or "/" in sections[0]:
        return general
    if any(mark.upper() == "E" for mark in sections[0]):
        return general

    def show(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, float | int) or abs(value) >= _KEPT:
            return general(value)
        if value < 0 and len(sections) > 1:
            return _section(sections[1], -value)
        if value == 0 and len(sections) > 2:
            return _section(sections[2], value)
        text = _section(sections[0], abs(value))
        return f"-{text}" if value < 0 and any(sign in "123456789" for sign in text) else text

    return show


# 0, 0.00, #,##0.00, 0%: nearly all that there are, and a column of a million has no time for the long way.
_USUAL = re.compile(r"(#,##)?0(\.0+)?(%)?(?:_[ )])?")
# Half is rounded up, as the number looks with its fifteen digits: 2.675 is 2.68, though a little less is kept.
_UP = 1.000000000000001


def _shower_of_usual(grouped: str, decimals: str, percent: str) -> Show:
    layout = f"{',' if grouped else ''}.{max(len(decimals) - 1, 0)}f"
    scale = _UP * 100 if percent else _UP

    def show(value: object) -> str:
        if value.__class__ is not float or not -_KEPT < value < _KEPT:
            return general(value)
        text = format(value * scale, layout) + percent
        return text if value >= 0 or text.strip("-0.,%") else text[1:]

    return show


def _section(marks: list[str], value: float) -> str:
    places = [at for at, mark in enumerate(marks) if mark in ("0", "#", "?")]
    if not places:
        return "".join(map(_literal, marks))
    point = next((at for at, mark in enumerate(marks) if mark == "."), len(marks))
    decimals = [at for at in places if at > point]
    scaled = _exact(value) * 100 ** marks.count("%")
    while marks[places[-1] + 1 : places[-1] + 2] == [","]:
        scaled /= 1000
        marks = marks[: places[-1] + 1] + marks[places[-1] + 2 :]
        point = point - 1 if point > places[-1] else point
    rounded = scaled.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    return _whole(marks[:point], whole) + _fraction(marks[point:], fraction)


def _whole(marks: list[str], digits: str) -> str:
    """Filled from the right; what is left over stands before the first place."""
    places = [at for at, mark in enumerate(marks) if mark in ("0", "#", "?")]
    grouped = any(mark == "," for mark in marks[places[0] : places[-1]]) if places else False
    digits = "" if digits == "0" else digits
    if grouped:
        least = sum(mark == "0" for mark in marks)
        shown = f"{int(digits or 0):0{max(least, 1)},}" if digits or least else ""
        before = "".join(map(_literal, marks[: places[0]]))
        return before + shown + "".join(map(_literal, marks[places[-1] + 1 :]))
    shown_from_right: list[str] = []
    left = list(digits)
    for at in range(len(marks) - 1, -1, -1):
        mark = marks[at]
        if mark in ("0", "#", "?"):
            shown_from_right.append(left.pop() if left else "0" if mark == "0" else "")
            if at == places[0]:
                shown_from_right.extend(reversed(left))
        else:
            shown_from_right.append(_literal(mark))
    return "".join(reversed(shown_from_right))


def _fraction(marks: list[str], digits: str) -> str:
    """From the point on; places that need not be filled lose zeros at the end."""
    kinds = [mark for mark in marks if mark in ("0", "#", "?")]
    least = max((at + 1 for at, kind in enumerate(kinds) if kind == "0"), default=0)
    kept = len(digits.rstrip("0"))
    left = list(digits[: max(least, kept)])
    shown = []
    for mark in marks:
        if mark in ("0", "#", "?"):
            shown.append(left.pop(0) if left else "")
        else:
            shown.append(_literal(mark))
    return "".join(shown)
