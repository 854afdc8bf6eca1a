"""What is wrong with the sending as a whole, in sentences: for the bar on the pages and for `manage.py queue_alive`."""

from django.utils.translation import gettext as _

from kit import display
from messaging.worker import hosts, overdue


def sentences() -> list[str]:
    return [*map(_clock, hosts.wrong_clocks()), *map(_overdue, overdue.found())]


def _clock(host: hosts.Host) -> str:
    words = (
        _("The clock of the worker host %(host)s is %(seconds)s s ahead; this host sends nothing until it is right.")
        if host.off > 0
        else _(
            "The clock of the worker host %(host)s is %(seconds)s s behind; this host sends nothing until it is right."
        )
    )
    return words % {"host": host.name, "seconds": f"{abs(host.off):.0f}"}


def _overdue(late: overdue.Overdue) -> str:
    since = display.duration(late.since)
    if late.account is None:
        return _("Receipts and replies have waited for %(time)s and nobody applies them.") % {"time": since}
    words = _("Messages of the account %(account)s are due and nobody has begun to send them for %(time)s.")
    return words % {"account": late.account, "time": since}
