"""What an account needs, what its document leaves open, and what is chosen at a submission."""

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Field

DEFAULT_RECIPE = "{md5_password}{date}"
DEFAULT_ADD_PATH = "/rcs/template/addTemplate/{chatbotId}"

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
SUBMIT_OPTIONS = (
    Field(
        "label",
        _("Labels"),
        required=False,
        pattern=r"[^,，]+(,[^,，]+)*",
        hint=_("Separate labels with a comma."),
        help=_("The vendor's labels of the template, separated by commas."),
    ),
    Field(
        "fallback",
        _("Fallback at this vendor"),
        kind="choice",
        required=False,
        choices=(
            ("", _("The richest the message has")),
            ("aim", _("Smart SMS (AIM)")),
            ("mms", _("Video SMS")),
            ("h5", _("H5 page")),
            ("sms", _("SMS")),
            ("none", _("No fallback")),
        ),
        help=_("This vendor does one fallback for each template."),
    ),
    Field(
        "draft",
        _("Keep as a draft"),
        kind="flag",
        required=False,
        default=False,
        help=_("A draft is saved at the vendor and not reviewed."),
    ),
)
