"""What an account needs, and the points that the document leaves open, as settings with the likeliest default."""

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Field

CREDENTIALS = (
    Field("sp_code", _("Enterprise number (spCode)"), pattern=r"\d{1,20}", hint=_("Digits only.")),
    Field("app_key", _("User name (appKey)")),
    Field("app_secret", _("Signing secret (appSecret)"), kind="secret"),
)

SETTINGS = (
    Field(
        "sign_encoding",
        _("Encoding of the signed text"),
        kind="choice",
        required=False,
        default="java",
        choices=(("java", "Java (URLEncoder)"), ("js", "JavaScript (encodeURIComponent)")),
        help=_("Change it only if texts with blanks or punctuation are answered with code 35."),
    ),
    Field(
        "sign_type",
        _("The field “type” is signed"),
        kind="flag",
        required=False,
        default=True,
        help=_("Change it only if every message is answered with code 35 although the polls work."),
    ),
    Field(
        "sign_upper",
        _("Request signature in capital letters"),
        kind="flag",
        required=False,
        default=False,
        help=_("The document does not say; small letters are usual."),
    ),
    Field(
        "signature_in_text",
        _("Put 【signature】 in front of the text"),
        kind="flag",
        required=False,
        default=False,
        help=_("Leave it off if the vendor adds the signature itself; then the registered template has none either."),
    ),
    Field(
        "serial_prefix",
        _("First digits of the serial number"),
        required=False,
        default="9",
        pattern=r"[1-9]\d{0,3}",
        hint=_("One to four digits, the first not 0."),
        help=_("Another system that sends through the same account needs other digits here."),
    ),
)
