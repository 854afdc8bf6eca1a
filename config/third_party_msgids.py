"""Words of other people's packages that have no Chinese there: kept here, so that this product's catalogue translates them."""

from kit.msgids import gettext_noop as _

AXES = (
    _("access attempt"),
    _("access attempts"),
    _("access failure"),
    _("access failures"),
    _("access log"),
    _("access logs"),
    _("Access lock out"),
    _("Attempt Time"),
    _("Failed Logins"),
    _("HTTP Accept"),
    _("IP Address"),
    _("Locked Out"),
    _("Logout Time"),
    _("Meta Data"),
    _("Path"),
    _("Session key hash (sha256)"),
    _("User Agent"),
    _("Username"),
)

DJANGO = (_("After you’ve created a user, you’ll be able to edit more user options."),)
