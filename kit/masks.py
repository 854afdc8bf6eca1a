"""Masking happens before anything is stored or logged, never only when it is shown: backups do not call a view."""

import re
from collections.abc import Callable

from kit.invisible_characters import SIGNS
from kit.people import Visitor

# What people put between the digits of one number.
_GAP = rf"[\s\-‐-―−.·•・‧()（）_{SIGNS}]{{0,3}}"
_REST = rf"(?:{_GAP}\d){{8}}"
_PHONE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?"
    rf"(?P<digits>[1１]{_GAP}[3-9３-９]{_GAP}\d{_REST}|[1１][3-9３-９](?:[,，]\d{{3}}){{3}})(?!\d)"
)
_TOKEN = re.compile(r"(/callbacks/[^/]+/)[^/\s]+")
_SECRET = re.compile(
    r"(?i)((?:password|secret|app_?key|aes_?key|signature|authorization|x-sign|token|cookie)[\"']?\s*[:=]\s*[\"']?)[^\s\"',&}]+"
)
# What looks like a run of digits with gaps and is none to hide: a date with or without a time.
_DAY = r"(?:19|20)\d\d(?P<sep>[-/.])\d{1,2}(?P=sep)\d{1,2}(?:[ T]\d{1,2}:\d\d)?(?!\d)"
_RUN = re.compile(rf"(?P<day>{_DAY})|\d{{7,}}|\d(?:(?:{_GAP}|[,，])\d){{8,}}")


def phone(number: str) -> str:
    """13812345678 -> 138****5678; anything shorter is hidden whole."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else "*" * len(number)


def numbers(value: str) -> str:
    """The text with phone numbers hidden, and nothing else: what a customer wrote, the values of variables."""
    return _PHONE.sub(lambda found: phone(_digits(found["digits"])), value)


REVEAL = "messaging.reveal_phone"


def reader(user: Visitor) -> Callable[[str], str]:
    """How this person reads free text (what customers wrote, variables, notes): as it is, or with the numbers in it hidden."""
    return str if user.has_perm(REVEAL) else numbers


def text(value: str, secrets: tuple[str, ...] = ()) -> str:
    """The text with phone numbers, callback tokens, named secrets and the given secret values hidden. A number is found with
    whatever stands between its digits, and loses that too."""
    for secret in secrets:
        if len(secret) >= 4:
            value = value.replace(secret, "***")
    value = _TOKEN.sub(r"\1***", value)
    value = _SECRET.sub(r"\1***", value)
    return numbers(value)


def runs(value: str) -> str:
    """For a cell that should hold a number and does not: every run of seven digits or more, or of nine with gaps between
    them, loses its middle. 139-0013-800 -> 139*****00. Dates stay."""
    return _RUN.sub(_hide_run, value)


def _hide_run(found: re.Match[str]) -> str:
    if found["day"]:
        return found[0]
    digits = _digits(found[0])
    return f"{digits[:3]}{'*' * (len(digits) - 5)}{digits[-2:]}"


def _digits(value: str) -> str:
    return "".join(sign for sign in value if sign.isdigit())
