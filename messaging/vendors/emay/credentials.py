"""What an account needs, and what may be chosen for one send."""

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Field

SAFE, PLAIN = "safe", "plain"
SEALED, EITHER = "sealed", "either"
BRACES, DOLLAR = "{#%s#}", "${%s}"

CREDENTIALS = (
    Field("app_id", _("Account id (appId)")),
    Field(
        "secret_key",
        _("Secret key (secretKey)"),
        kind="secret",
        pattern=r"[\x21-\x7e]{16}",
        hint=_("Exactly 16 letters, digits or signs."),
    ),
)

SETTINGS = (
    Field(
        "interface",
        _("Interface"),
        kind="choice",
        default=SAFE,
        choices=((SAFE, _("Safe (encrypted)")), (PLAIN, _("Plain"))),
        help=_("The plain interface has no templates, no short links and no clicks."),
    ),
    Field("gzip", _("Compress requests"), kind="flag", required=False, default=True),
    Field(
        "valid_seconds",
        _("A request is valid for (seconds)"),
        kind="number",
        required=False,
        default=60,
        pattern=r"[1-9]\d{0,3}",
        hint=_("1 to 9999 seconds."),
        help=_("A larger number forgives a wrong clock."),
    ),
    Field(
        "custom_ids",
        _("Send our own id with each number"),
        kind="flag",
        required=False,
        default=True,
        help=_("Without it an unknown outcome can be settled by a person alone."),
    ),
    Field(
        "signature_in_text",
        _("Put 【signature】 in front of the text"),
        kind="flag",
        required=False,
        default=True,
        help=_("Switch it off if the vendor has bound a signature to this account."),
    ),
    Field(
        "variable_form",
        _("Form of a variable in the vendor's templates"),
        kind="choice",
        required=False,
        default=BRACES,
        choices=((BRACES, "{#name#}"), (DOLLAR, "${name}")),
        help=_("The document does not say; ask the vendor before the first template is submitted."),
    ),
    Field(
        "pushes",
        _("Pushes are"),
        kind="choice",
        required=False,
        default=SEALED,
        choices=((SEALED, _("Encrypted only")), (EITHER, _("Encrypted or plain")), (PLAIN, _("Plain only"))),
        help=_("A plain push is guarded by the secret address and the allowed addresses alone."),
    ),
)

SEND_OPTIONS = (
    Field(
        "extended_code",
        _("Extended code"),
        required=False,
        pattern=r"\d{1,12}",
        hint=_("At most 12 digits."),
        help=_("Stands behind the sender's number; replies come back with it."),
    ),
    Field(
        "short_link_url",
        _("Address behind the short link"),
        required=False,
        pattern=r"https?://\S{1,2000}",
        hint=_("An address that begins with http:// or https://."),
        help=_("The text must contain {#短网址#} and may hold no variables that differ from person to person."),
    ),
    Field(
        "short_link_rule",
        _("Clicks are counted"),
        kind="choice",
        required=False,
        default="2",
        choices=(("2", _("For each number")), ("1", _("In total"))),
    ),
    Field(
        "code_column",
        _("Column with each person's extended code"),
        required=False,
        help=_("The name of a column of the recipient file."),
    ),
    Field(
        "time_column",
        _("Column with each person's sending time"),
        required=False,
        help=_("Times as 2026-05-20 10:00:00. A message handed over for later cannot be recalled."),
    ),
)
