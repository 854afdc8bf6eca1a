"""Rules taken from what vendors and operators really refuse: found before the audit, not after three working days.

Each rule yields findings with their place and, where one exists, a fix: a value to put at a path. Plain Python.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kit.msgids import gettext_noop as _
from templates_5g.blocks import Content, Fallback, Mms, Problem, Sms, Text
from templates_5g.blocks.checks import MediaInfo, cards_of, has_too_many_variables, suggestions_of
from templates_5g.blocks.problems import Severity
from templates_5g.blocks.variables import PATTERN, VENDOR_VARIABLES, names_in
from templates_5g.limits import LIMITS, Limit, Unit, measure
from templates_5g.shapes import cut_share, shown_size

OPT_OUT = "拒收请回复R"
# Other ways to say it, at the end of a text, that the big platforms send back.
_OTHER_OPT_OUT = re.compile(
    r"(回复?\s*(TD|T|R|N)\s*退订|退订(请)?回复?\s*(TD|T|R|N)|拒收(请)?回复?\s*(TD|T|R|N))[)）]?[。.]?\s*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^\s*【[^【】]*】\s*")
_ADJACENT = re.compile(r"(\$\{[^${}\r\n]{1,40}\})(\s*)(?=\$\{)")
_RISKY_NAME = re.compile(
    r"链接|网址|短链|电话|手机号|热线|微信|(?<![a-z])(url|link|tel|phone|mobile|wechat)(?![a-z])", re.IGNORECASE
)
# How long a value may plausibly be, by what its name contains; anything else gets the last.
_PLAUSIBLE = (("姓名", 6), ("称呼", 6), ("name", 10), ("日期", 11), ("时间", 16), ("金额", 10), ("余额", 10), ("", 12))


@dataclass(frozen=True)
class Fix:
    """Put `value` at `path`. With `crop` set, the asset there is first made `crop` = (width, height) by the library."""

    path: str
    value: object
    label: str
    crop: tuple[int, int] | None = None


@dataclass(frozen=True)
class Finding:
    """A problem with what can be done about it. `account` names the vendor account whose rule it is, "" for all."""

    problem: Problem
    fix: Fix | None = None
    account: str = ""


@dataclass(frozen=True)
class Message:
    """What the rules look at. `longest` maps a variable to the longest value known for it."""

    content: Content
    fallback: Fallback
    purpose: str
    media: Mapping[str, MediaInfo] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=lambda: LIMITS)

    @property
    def is_marketing(self) -> bool:
        return self.purpose == "marketing"

    def sms_texts(self) -> Iterator[tuple[str, str]]:
        """What arrives as a short message, by path."""
        if isinstance(self.content, Sms):
            yield "text", self.content.text
        if self.fallback.sms:
            yield "fallback.sms.text", self.fallback.sms.text

    def bodies(self) -> Iterator[tuple[str, str]]:
        """Every text that follows a signature, by path."""
        yield from self.sms_texts()
        if isinstance(self.content, Text):
            yield "text", self.content.text
        for part in ("aim", "h5"):
            text = getattr(self.fallback, part)
            if text:
                yield f"fallback.{part}.text", text.text

    def limited_texts(self) -> Iterator[tuple[str, str, str]]:
        """(path, name of its limit, text) of every text that a person reads."""
        for path, text in self.bodies():
            yield path, path if path.startswith("fallback") else f"{self.content.kind}.{path}", text
        for path, card in cards_of(self.content):
            yield f"{path}.title", "card.title", card.title
            yield f"{path}.description", "card.description", card.description
        for path, suggestion in suggestions_of(self.content):
            yield f"{path}.label", "suggestion.label", suggestion.label
        for path, frame_text in self.frame_texts():
            yield path, "", frame_text

    def frame_texts(self) -> Iterator[tuple[str, str]]:
        if isinstance(self.content, Mms):
            yield from ((f"frames.{index}.text", frame.text) for index, frame in enumerate(self.content.frames))
        if self.fallback.mms:
            frames = self.fallback.mms.frames
            yield from ((f"fallback.mms.frames.{index}.text", frame.text) for index, frame in enumerate(frames))


def lint(message: Message) -> list[Finding]:
    """Every finding of every rule, in the order of the rules; none where the checks refuse the whole."""
    if has_too_many_variables(message.content, message.fallback):
        return []
    return [finding for rule in RULES for finding in rule(message)]


def _find(
    path: str, rule: str, text: str, severity: Severity = "error", fix: Fix | None = None, **params: object
) -> Finding:
    return Finding(Problem(path, rule, text, params, severity), fix)


# --- opt-out ---------------------------------------------------------------------------------------------------


def opt_out(message: Message) -> Iterator[Finding]:
    """A marketing SMS must end with the one form of words that every platform takes."""
    if not message.is_marketing:
        return
    for path, text in message.sms_texts():
        bare = text.rstrip()
        if bare and not bare.endswith(OPT_OUT):
            fix = Fix(path, with_opt_out(bare), _("End with 拒收请回复R"))
            yield _find(path, "optout.missing", _("A marketing SMS must end with 拒收请回复R."), fix=fix)
    yield from _opt_out_in_mms(message)


def with_opt_out(text: str) -> str:
    """The text ending with the accepted words; another form of them at the end is replaced."""
    bare = text.replace(OPT_OUT, "").rstrip()
    other = _OTHER_OPT_OUT.search(bare)
    if other:
        bare = re.sub("[（(]$", "", bare[: other.start()]).rstrip("，,。;； \t\r\n\f\v\u3000\xa0")
    bare = bare.strip("，,;； \n")
    return f"{bare}，{OPT_OUT}" if bare and bare[-1] not in "。！？.!?" else f"{bare}{OPT_OUT}"


def _opt_out_in_mms(message: Message) -> Iterator[Finding]:
    texts = list(message.frame_texts())
    if texts and not any("退订" in text or "拒收" in text for _path, text in texts):
        path, text = texts[-1]
        fix = Fix(path, with_opt_out(text), _("End with 拒收请回复R"))
        message_text = _("A marketing MMS must say how to refuse further ones.")
        yield _find(path, "optout.mms", message_text, "warning", fix)


# --- bodies ----------------------------------------------------------------------------------------------------


def signature_in_body(message: Message) -> Iterator[Finding]:
    """【】 marks the signature, which is added when sending; in a body it makes a second one."""
    for path, text in message.bodies():
        if "【" not in text and "】" not in text:
            continue
        clean = _SIGNATURE.sub("", text).replace("【", "「").replace("】", "」")
        severity: Severity = "warning" if path == "text" and isinstance(message.content, Text) else "error"
        text_of_rule = _("【】 belongs to the signature, which is added when sending; leave it out of the text.")
        yield _find(path, "signature.in_body", text_of_rule, severity, Fix(path, clean, _("Take out 【】")))


def adjacent_variables(message: Message) -> Iterator[Finding]:
    """Two variables without words between them: nobody can tell where one value ends."""
    for path, _name, text in message.limited_texts():
        if _ADJACENT.search(text):
            fix = Fix(path, _ADJACENT.sub(r"\1，", text), _("Put a comma between"))
            severity: Severity = "error" if "sms" in path or isinstance(message.content, Sms) else "warning"
            yield _find(
                path,
                "variables.adjacent",
                _("Two variables stand side by side; put words between them."),
                severity,
                fix,
            )


def broken_variables(message: Message) -> Iterator[Finding]:
    """`${` that is not the beginning of a variable reaches the customer as it stands."""
    for path, _name, text in message.limited_texts():
        if "${" in PATTERN.sub("", text):
            # xgettext:no-python-brace-format
            problem = _("A variable is written ${name}, closed and on one line.")
            yield _find(path, "variables.broken", problem)


def promotional_variables(message: Message) -> Iterator[Finding]:
    for path, text in message.sms_texts():
        names = [name for name in names_in(text) if name not in VENDOR_VARIABLES]
        if message.is_marketing and names:
            text_of_rule = _("Some vendors take no variables in a marketing SMS: %(names)s.")
            yield _find(path, "variables.promotional", text_of_rule, "warning", names="、".join(names))


def risky_variables(message: Message) -> Iterator[Finding]:
    """A link or a phone number must be filed with the template, so it cannot be a variable."""
    for path, _name, text in message.limited_texts():
        for name in names_in(text):
            if name not in VENDOR_VARIABLES and _RISKY_NAME.search(name):
                text_of_rule = _(
                    "“%(name)s” looks like a link or a phone number: write it out, it is refused as a variable."
                )
                yield _find(path, "variables.link", text_of_rule, "warning", name=name)
    for path, suggestion in suggestions_of(message.content):
        for name in ("url", "phone"):
            if names_in(getattr(suggestion, name)):
                text_of_rule = _("A link or phone number with a variable in it is refused by most operators.")
                yield _find(f"{path}.{name}", "variables.link", text_of_rule, "warning")


def filled_length(message: Message) -> Iterator[Finding]:
    """Within the limit as written, over it once the longest plausible values are in."""
    for path, name, text in message.limited_texts():
        limit = message.limits.get(name)
        if limit is None or not names_in(text):
            continue
        for most, unit in ((limit.most, limit.unit), (limit.warn, limit.warn_unit or limit.unit)):
            if most is not None and measure(text, unit) <= most < _longest(text, unit, message.longest):
                text_of_rule = _("With long values this grows to %(length)s %(unit)s; the limit is %(most)s.")
                unit_word = _("bytes") if unit == "bytes" else _("characters")
                yield _find(
                    path,
                    "length.filled",
                    text_of_rule,
                    "warning",
                    length=_longest(text, unit, message.longest),
                    unit=unit_word,
                    most=most,
                )
                break


def _longest(text: str, unit: Unit, longest: Mapping[str, int]) -> int:
    """How long the text gets with Chinese values as long as is plausible. Counted: filling a text could take much memory."""
    values = sum(times * _plausible(name, longest) for name, times in Counter(PATTERN.findall(text)).items())
    return measure(PATTERN.sub("", text), unit) + values * measure("字", unit)


def _plausible(name: str, longest: Mapping[str, int]) -> int:
    if name in longest:
        return longest[name]
    return next(length for part, length in _PLAUSIBLE if part in name.lower())


# --- pictures and fallback -------------------------------------------------------------------------------------


def picture_shapes(message: Message) -> Iterator[Finding]:
    """A picture that the card cuts by more than a fifth, or that is too small to look sharp."""
    for path, card in cards_of(message.content):
        info = message.media.get(card.media.asset) if card.media else None
        if not (card.media and info and info.family == "image" and info.width and info.height):
            continue
        wanted = shown_size(message.content, card.media.height)
        at = f"{path}.media.asset"
        lost = cut_share((info.width, info.height), wanted)
        if lost > 20:
            fix = Fix(at, None, _("Crop a copy to fit"), crop=wanted)
            text = _("The card cuts %(lost)s %% off this picture; %(width)s×%(height)s fits.")
            yield _find(at, "picture.shape", text, "warning", fix, lost=lost, width=wanted[0], height=wanted[1])
        elif info.width * 2 < wanted[0]:
            text = _("This picture is only %(have)s pixels wide and will look blurred; %(width)s×%(height)s is sharp.")
            yield _find(at, "picture.small", text, "warning", have=info.width, width=wanted[0], height=wanted[1])


def fallback_missing(message: Message) -> Iterator[Finding]:
    """Without a fallback, phones that cannot show the message get nothing."""
    if isinstance(message.content, Mms | Sms) or message.fallback.parts:
        return
    fix = Fix("fallback.sms", {"text": suggested_sms(message)}, _("Add an SMS fallback"))
    text = _("Phones without 5G messages get nothing: add a fallback.")
    yield _find("fallback", "fallback.missing", text, "warning", fix)


def suggested_sms(message: Message) -> str:
    """A first draft of the SMS from what the message says."""
    parts = [message.content.text] if isinstance(message.content, Text) else []
    for _path, card in cards_of(message.content)[:1]:
        parts += [text for text in (card.title, card.description) if text.strip()]
    text = "：".join(parts).replace("【", "「").replace("】", "」").strip()
    return with_opt_out(text) if message.is_marketing and text else text


def sms_beside_aim(message: Message) -> Iterator[Finding]:
    if message.fallback.sms and message.fallback.aim:
        text = _("China Mobile takes SMS or smart SMS as fallback, not both: only one is used there.")
        yield _find("fallback.aim", "fallback.exclusive", text, "warning")


RULES: tuple[Callable[[Message], Iterator[Finding]], ...] = (
    opt_out,
    signature_in_body,
    broken_variables,
    adjacent_variables,
    promotional_variables,
    risky_variables,
    filled_length,
    picture_shapes,
    fallback_missing,
    sms_beside_aim,
)
