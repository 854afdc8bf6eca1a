"""Reading untrusted JSON into values: what does not fit becomes a Problem with its path, nothing is dropped."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from kit.line_breaks import unified
from kit.msgids import gettext_noop as _
from templates_5g.blocks.problems import Problem

Value = TypeVar("Value")
# Beyond these no message is meant. What is refused is refused after so many, so that no look at it takes long.
MOST_ENTRIES = 100
MOST_PROBLEMS = 200
_WHOLE = re.compile(r"-?[0-9]{1,9}")
# Control characters (PostgreSQL stores no NUL) and halves of a character that has no UTF-8 form.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Reader:
    """One JSON object being read. Each getter notes a Problem instead of raising, and remembers the key, so that
    `finish` can name the keys that nobody asked for: an unknown key is an error, never silently dropped."""

    def __init__(self, data: Any, path: str, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        self._seen: set[str] = set()
        if not isinstance(data, Mapping):
            self.note("", "type", _("This must be an object."))
            data = {}
        self._data: Mapping[str, Any] = data

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def note(self, key: str, rule: str, message: str, /, **params: Any) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(self.at(key)[:200], rule, message, params))

    def raw(self, key: str) -> Any:
        self._seen.add(key)
        return self._data.get(key)

    def text(self, key: str) -> str:
        value = self.raw(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.note(key, "type", _("This must be text."))
            return ""
        if _UNSTORABLE.search(value):
            self.note(key, "character", _("This holds an invisible character that cannot be sent; type it again."))
            return _UNSTORABLE.sub("", value)
        return unified(value)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        value = self.raw(key)
        if value in (None, ""):
            return default
        if not isinstance(value, str) or value not in allowed:
            self.note(
                key, "choice", _("“%(value)s” is not one of: %(allowed)s."), value=value, allowed=", ".join(allowed)
            )
            return default
        return value

    def whole(self, key: str, default: int) -> int:
        value = self.raw(key)
        if value in (None, ""):
            return default
        if isinstance(value, bool) or not isinstance(value, int | str) or not _WHOLE.fullmatch(str(value)):
            self.note(key, "type", _("This must be a whole number."))
            return default
        return int(value)

    def words(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        values = self.raw(key) or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.note(key, "type", _("This must be a list."))
            return ()
        for value in values[:MOST_ENTRIES]:
            if value not in allowed:
                self.note(
                    key, "choice", _("“%(value)s” is not one of: %(allowed)s."), value=value, allowed=", ".join(allowed)
                )
        return tuple(value for value in values[:MOST_ENTRIES] if value in allowed)

    def many(self, key: str, parse: Callable[["Reader"], Value]) -> tuple[Value, ...]:
        items = self.raw(key)
        if items is None:
            return ()
        if not isinstance(items, list):
            self.note(key, "type", _("This must be a list."))
            return ()
        if len(items) > MOST_ENTRIES:
            self.note(key, "many", _("This has more than %(most)s entries."), most=MOST_ENTRIES)
        found = []
        for index, item in enumerate(items[:MOST_ENTRIES]):
            child = Reader(item, self.at(f"{key}.{index}"), self.problems)
            found.append(parse(child))
            child.finish()
        return tuple(found)

    def one(self, key: str, parse: Callable[["Reader"], Value]) -> Value | None:
        item = self.raw(key)
        if item is None:
            return None
        child = Reader(item, self.at(key), self.problems)
        value = parse(child)
        child.finish()
        return value

    def finish(self) -> None:
        for key in self._data:
            if key not in self._seen:
                self.note(str(key), "unknown", _("“%(key)s” is not known here."), key=key)
