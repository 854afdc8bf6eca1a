"""What an account needs. Every request carries both; nothing is signed."""

from kit.msgids import gettext_noop as _
from messaging.gateway.types import Field

CREDENTIALS = (
    Field("app_id", _("App id")),
    Field("app_key", _("App key"), kind="secret"),
)
SETTINGS = (
    Field(
        "size_basis",
        _("What the 80 KB limit counts"),
        kind="choice",
        default="raw",
        choices=(("raw", _("The files and texts themselves")), ("base64", _("Their Base64, a third longer"))),
        help=_("The document does not say. Choose Base64 if the vendor refuses messages of more than 60 KB."),
    ),
)
