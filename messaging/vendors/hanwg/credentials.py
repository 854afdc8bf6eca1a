"""What an account needs, and how a request says who it is.

The document shows the headers and never says how the digest is made (its page on permissions is not public). What is
certain: Base64 of `account:` and 32 lower-case hex digits, different at each second, with a password in it. So the
recipe is a setting: the text whose MD5 is the digest.
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from config.kit.words import gettext_noop as _
from messaging.gateway.signing import md5_hex
from messaging.gateway.types import AccountConfig, Field

SHANGHAI = ZoneInfo("Asia/Shanghai")
DEFAULT_RECIPE = "{md5_password}{date}"
DEFAULT_ADD_PATH = "/rcs/template/addTemplate/{chatbotId}"
_WORD = re.compile(r"\{(account|password|md5_password|date)\}")

CREDENTIALS = (
    Field("account", _("Account")),
    Field("password", _("Password"), kind="secret"),
)
SETTINGS = (
    Field(
        "digest_recipe",
        _("Digest recipe"),
        default=DEFAULT_RECIPE,
        pattern=r"(?=.*\{(?:md5_)?password\})(?=.*\{date\})(?:[^{}]|\{(?:account|password|md5_password|date)\})+",
        hint=_("Use {account}, {password}, {md5_password} and {date}; a password and the date must be in it."),
        help=_(
            "The text whose MD5 signs a request. The document does not give it; the default is the likeliest. "
            "Ask the vendor if the connection is refused."
        ),
    ),
    Field(
        "add_enabled",
        _("Templates may be added"),
        kind="flag",
        required=False,
        default=False,
        help=_("The document only edits templates. Switch this on when the vendor has confirmed the address below."),
    ),
    Field(
        "add_path",
        _("Address for adding a template"),
        default=DEFAULT_ADD_PATH,
        pattern=r"/[A-Za-z0-9/_.-]*\{chatbotId\}[A-Za-z0-9/_.-]*",
        hint=_("A path that begins with / and holds {chatbotId}."),
        help=_("Inferred from the address for editing. {chatbotId} is the vendor's id of the 5G sender."),
    ),
)


def digest(recipe: str, credentials: Mapping[str, str], date: str) -> str:
    """32 lower-case hex digits. Each word is filled once: a brace inside a password stays a brace."""
    words = {
        "account": credentials["account"],
        "password": credentials["password"],
        "md5_password": md5_hex(credentials["password"]),
        "date": date,
    }
    return md5_hex(_WORD.sub(lambda match: words[match[1]], recipe))


def headers(account: AccountConfig, at: datetime) -> dict[str, str]:
    """`Authorization` and `Date` of one request made `at` (aware). The date is local time, not that of RFC 1123."""
    date = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    recipe = str(account.settings.get("digest_recipe") or DEFAULT_RECIPE)
    pair = f"{account.credentials['account']}:{digest(recipe, account.credentials, date)}"
    return {
        "Authorization": base64.b64encode(pair.encode()).decode(),
        "Date": date,
        "Content-Type": "application/json",
    }
