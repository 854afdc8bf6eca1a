"""What an account of the gateway is made of (document §1.2–1.3), what the document leaves to be set, and what is chosen for one
send or one submission."""

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Field

CREDENTIALS = (
    Field("sp_id", _("Account ID (spId)")),
    Field("password", _("Password"), kind="secret"),
    Field(
        "aes_key",
        _("AES key"),
        kind="secret",
        pattern=r"[\x21-\x7e]{32}",
        hint=_("The AES key has exactly 32 letters, digits or signs."),
    ),
)

SETTINGS = (
    Field(
        "balance_unit",
        _("Balance counted in"),
        kind="choice",
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
        kind="choice",
        required=False,
        default="text",
        choices=(("text", "text"), ("Text", "Text")),
        help=_("The document's table says “Text”, both of its examples say “text”. Change it only if the vendor asks."),
    ),
)

SEND_OPTIONS = (
    Field(
        "callType",
        _("Fallback for this send"),
        kind="choice",
        required=False,
        default="",
        choices=(
            ("", _("All that the template has")),
            ("0", _("No fallback")),
            ("1", _("SMS")),
            ("2", _("Video SMS")),
            ("3", _("SMS and video SMS")),
            ("4", _("Smart SMS (AIM)")),
            ("5", _("SMS and smart SMS")),
            ("6", _("Video SMS and smart SMS")),
            ("7", _("SMS, video SMS and smart SMS")),
        ),
        help=_("Only what the reviewed template has. On China Mobile, SMS and smart SMS exclude each other."),
    ),
    Field(
        "aimUrl",
        _("Short link for smart SMS"),
        required=False,
        pattern=r"https?://\S+|\S+\.\S+",
        hint=_("This is not a link."),
        help=_("One link for everybody. Leave it empty where the recipient file has a column “阅信短链”."),
    ),
)
SUBMIT_OPTIONS = (
    Field(
        "autoRenew",
        _("Renew the approval by itself"),
        kind="flag",
        required=False,
        default=True,
        help=_("Without it an approved template can be used for 7 days."),
    ),
)
