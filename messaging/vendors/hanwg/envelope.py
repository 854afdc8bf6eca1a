"""How a request says who it is, and an answer is opened.

The document shows the headers and never says how the digest is made (its page on permissions is not public). What is
certain: Base64 of `account:` and 32 lower-case hex digits, different at each second, with a password in it. So the
recipe is a setting: the text whose MD5 is the digest.
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime

from messaging.gateway import lenient, times
from messaging.gateway.crypto import md5_hex
from messaging.gateway.outcomes import UnreadableBody
from messaging.gateway.types import AccountConfig
from messaging.vendors.hanwg.credentials import DEFAULT_RECIPE

_WORD = re.compile(r"\{(account|password|md5_password|date)\}")


def headers(account: AccountConfig, at: datetime) -> dict[str, str]:
    """`Authorization` and `Date` of one request made `at` (aware). The date is local time, not that of RFC 1123."""
    date = times.dashed(at)
    recipe = str(account.settings.get("digest_recipe") or DEFAULT_RECIPE)
    pair = f"{account.credentials['account']}:{digest(recipe, account.credentials, date)}"
    return {
        "Authorization": base64.b64encode(pair.encode()).decode(),
        "Date": date,
        "Content-Type": "application/json",
    }


def digest(recipe: str, credentials: Mapping[str, str], date: str) -> str:
    """32 lower-case hex digits. Each word is filled once: a brace inside a password stays a brace."""
    words = {
        "account": credentials["account"],
        "password": credentials["password"],
        "md5_password": md5_hex(credentials["password"]),
        "date": date,
    }
    return md5_hex(_WORD.sub(lambda match: words[match[1]], recipe))


def opened(body: bytes) -> lenient.Row:
    """The answer's object, which has a code. Raises UnreadableBody."""
    answer = lenient.json_object(body)
    if not lenient.word(answer.get("code")):
        raise UnreadableBody("The answer has no code")
    return answer
