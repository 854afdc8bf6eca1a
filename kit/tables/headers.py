"""Where the column names stand: the first line, or below title lines."""

import re
import unicodedata
from collections.abc import Collection, Sequence

from kit import invisible_characters
from kit.phones import normalise

# Lines that are looked at for the names; what stands further down is a list without names.
LOOK = 20
PHONE_NAMES = (
    "手机号", "手机号码", "手机", "移动电话", "联系电话", "电话号码", "电话", "号码",
    "mobile", "mobilephone", "mobilenumber", "phone", "phonenumber", "phoneno", "cellphone", "tel", "msisdn",
)  # fmt: skip
_REMARK = re.compile(r"\([^()]*\)$")


def plain(name: str) -> str:
    """A column's name as it is compared: 「*手机号（必填）：」 is 手机号, “Phone No.” is phoneno."""
    text = invisible_characters.removed(unicodedata.normalize("NFKC", name)).lower()
    text = "".join(text.split()).strip("*:'\"")
    return _REMARK.sub("", text).strip("*:").replace("_", "").replace("-", "").replace(".", "")


def find(rows: Sequence[Sequence[str]], names: Collection[str] = PHONE_NAMES) -> int:
    """Which of the first rows holds the column names: the first with a known name for numbers, unless people come before
    it. Else the first that is no title, which is a row of one cell above a row of several."""
    before = _before_people(rows[:LOOK])
    for index in range(before):
        if any(plain(cell) in names for cell in rows[index]):
            return index
    for index in range(before - 1):
        if _filled(rows[index]) > 1 or _filled(rows[index + 1]) < 2:
            return index
    return max(before - 1, 0)


def _before_people(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand before the first that has a number."""
    people = (index for index, row in enumerate(rows) if any(normalise(cell)[0] for cell in row))
    return next(people, len(rows))


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def like_a_number(name: str) -> bool:
    """Whether a column's name is rather somebody's number, whole or mistyped: nearly all digits, and no date."""
    text = invisible_characters.removed(unicodedata.normalize("NFKC", name))
    digits = [sign for sign in text if sign.isdigit()]
    letters = [sign for sign in text if sign.isalpha()]
    is_day = len(digits) <= 8 and "".join(digits).startswith(("19", "20"))
    number, reason = normalise(name)
    return bool(number) or reason == "scientific" or (len(digits) >= 7 and len(letters) <= 3 and not is_day)
