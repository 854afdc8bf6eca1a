"""What an account of the gateway is made of (document §1.2–1.3) and what the document leaves to be set."""

from config.kit.words import gettext_noop as _
from messaging.gateway.types import Field

CREDENTIALS = (
    Field("sp_id", _("Account ID (spId)")),
    Field("password", _("Password"), "secret"),
    Field(
        "aes_key",
        _("AES key"),
        "secret",
        pattern=r"[\x21-\x7e]{32}",
        hint=_("The AES key has exactly 32 letters, digits or signs."),
    ),
)

SETTINGS = (
    Field(
        "balance_unit",
        _("Balance counted in"),
        "choice",
        required=False,
        default="",
        choices=(
            ("", _("Not known")),
            ("yuan", _("Yuan")),
            ("milli", _("1/1000 yuan")),
            ("messages", _("Message units")),
        ),
        help=_("The vendor's document names no unit. Ask the vendor; until then the number is shown as it comes."),
    ),
    Field(
        "text_key",
        _("Key of the text in a text template"),
        "choice",
        required=False,
        default="text",
        choices=(("text", "text"), ("Text", "Text")),
        help=_("The document's table says “Text”, both of its examples say “text”. Change it only if the vendor asks."),
    ),
)
