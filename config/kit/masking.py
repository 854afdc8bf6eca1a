"""Masking happens before anything is stored or logged, never only when it is shown: backups do not call a view."""

import re

_PHONE = re.compile(r"(?<!\d)(?:\+?86|0086)?(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_TOKEN = re.compile(r"(/callbacks/[^/]+/)[^/\s]+")
_SECRET = re.compile(
    r"(?i)((?:password|secret|app_?key|aes_?key|signature|authorization|x-sign|token|cookie)[\"']?\s*[:=]\s*[\"']?)[^\s\"',&}]+"
)


def phone(number: str) -> str:
    """13812345678 -> 138****5678; anything shorter is hidden whole."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else "*" * len(number)


def text(value: str, secrets: tuple[str, ...] = ()) -> str:
    """The text with phone numbers, callback tokens, named secrets and the given secret values hidden."""
    for secret in secrets:
        if len(secret) >= 4:
            value = value.replace(secret, "***")
    value = _TOKEN.sub(r"\1***", value)
    value = _SECRET.sub(r"\1***", value)
    return _PHONE.sub(r"\1****\2", value)
