"""Lengths, counts and sizes against the limits: over a hard one is an error, over an operator's a warning."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kit.msgids import gettext_noop as _
from templates_5g.blocks.problems import Problem, Severity
from templates_5g.limits import Limit, measure


@dataclass(frozen=True)
class MediaInfo:
    """What the checks need to know of an asset. `seconds`, `width` and `height` are None where they do not apply."""

    asset: str
    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    usable: bool = True

    @property
    def family(self) -> str:
        """image, audio or video."""
        return self.mime.partition("/")[0]


@dataclass
class Checking:
    """One run over a message: the limits, the media it may point at, and the problems found so far."""

    limits: Mapping[str, Limit]
    media: Mapping[str, MediaInfo]
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: str, rule: str, message: str, severity: Severity = "error", **params: object) -> None:
        self.problems.append(Problem(path, rule, message, params, severity))

    def text(self, path: str, name: str, value: str) -> None:
        """A text against the limit called `name`. A field of blanks alone counts as empty."""
        limit = self.limits[name]
        length = measure(value, limit.unit)
        if limit.least and not value.strip():
            self.note(path, "required", _("This is missing."))
        elif limit.most is not None and length > limit.most:
            self.note(
                path,
                "length",
                _("%(length)s characters; at most %(most)s are allowed."),
                length=length,
                most=limit.most,
            )
        else:
            self._warn_text(path, limit, value)

    def _warn_text(self, path: str, limit: Limit, value: str) -> None:
        unit = limit.warn_unit or limit.unit
        length = measure(value, unit)
        if limit.warn is None or length <= limit.warn:
            return
        message = (
            _("%(length)s bytes; some operators take at most %(most)s (a Chinese character is 3).")
            if unit == "bytes"
            else _("%(length)s characters; some operators take at most %(most)s.")
        )
        self.note(path, "length.operator", message, "warning", length=length, most=limit.warn)

    def count(self, path: str, name: str, number: int) -> None:
        limit = self.limits[name]
        if number < limit.least:
            self.note(
                path, "count", _("%(count)s here; at least %(least)s are needed."), count=number, least=limit.least
            )
        elif limit.most is not None and number > limit.most:
            self.note(path, "count", _("%(count)s here; at most %(most)s are allowed."), count=number, most=limit.most)
        elif limit.warn is not None and number > limit.warn:
            message = _("%(count)s here; some operators take at most %(most)s.")
            self.note(path, "count.operator", message, "warning", count=number, most=limit.warn)

    def size(self, path: str, name: str, size: int) -> None:
        """A number of bytes; shown in KB."""
        limit = self.limits[name]
        if limit.most is not None and size > limit.most:
            message = _("%(size)s KB; at most %(most)s KB are allowed.")
            self.note(path, "size", message, size=_kb(size), most=_kb(limit.most))
        elif limit.warn is not None and size > limit.warn:
            message = _("%(size)s KB; some operators take at most %(most)s KB.")
            self.note(path, "size.operator", message, "warning", size=_kb(size), most=_kb(limit.warn))


def _kb(size: int) -> int:
    """Rounded up, so that one byte too many is never shown as the limit itself."""
    return -(-size // 1024)
