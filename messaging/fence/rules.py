"""What may be wrong with a database, and what is said about it. The numbers are those of ADR 0018."""

from collections.abc import Mapping
from enum import IntEnum

from django.utils.translation import gettext as _

from messaging.models import FenceHold


class Rule(IntEnum):
    INSTALLATION = 1
    SYSTEM = 2
    TIMELINE = 3
    FILE_AHEAD = 4
    CLONED = 6
    STRANGER = 8
    LONG_GAP = 9
    OTHER_LIFE = 10
    MOVING = 20
    DISARMED = 21


# Rules after which this may be a copy beside the real installation: it must not even ask a vendor, since an answer that is
# fetched here is missing there.
MAY_BE_A_COPY = (Rule.INSTALLATION, Rule.SYSTEM, Rule.STRANGER, Rule.MOVING, Rule.DISARMED)


def announcement(hold: FenceHold) -> str:
    """What the bar on every page says."""
    why = sentence(hold.rule, hold.evidence)
    if hold.account is None:
        return _("Nothing is sent until somebody decides: %(why)s") % {"why": why}
    return _("Nothing is sent through %(account)s until somebody decides: %(why)s") % {
        "account": hold.account.name,
        "why": why,
    }


def sentence(rule: int, evidence: Mapping[str, object]) -> str:
    """What was seen, for people."""
    values = {
        name: evidence.get(name, "") for name in ("row", "here", "host", "file", "database", "hours", "reference")
    }
    return _SENTENCES[Rule(rule)]() % values


_SENTENCES = {
    Rule.INSTALLATION: lambda: _(
        "The database belongs to the installation “%(row)s”, this machine to “%(here)s”: it may be a copy."
    ),
    Rule.SYSTEM: lambda: _("The database stands on another server than before: it may be a restored backup."),
    Rule.TIMELINE: lambda: _(
        "The database was promoted or restored to a point in time, and it is not certain that nothing is missing."
    ),
    Rule.FILE_AHEAD: lambda: _(
        "Host %(host)s has written down more (%(file)s) than the database knows (%(database)s): an older state was put back."
    ),
    Rule.CLONED: lambda: _("Two hosts use the same file in FENCE_DIR."),
    Rule.STRANGER: lambda: _(
        "This host (%(host)s) has no file in FENCE_DIR and no other host is at work: it may be a copy or a restored backup."
    ),
    Rule.LONG_GAP: lambda: _(
        "Nothing was heard of any host for %(hours)s hours and nothing was stopped in order: the machine may have been put back."
    ),
    Rule.OTHER_LIFE: lambda: _("A receipt names a request that this database never sent (%(reference)s)."),
    Rule.MOVING: lambda: _("The installation is being moved to another database."),
    Rule.DISARMED: lambda: _("This copy was disarmed: it has no credentials and sends nothing."),
}
