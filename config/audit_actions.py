"""What the audit trail calls the acts of this app. Codes are stored; the words may change."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from kit import audit


@audit.declared
class AuditAction(TextChoices):
    PERSON_SIGNED_IN = "person.signed_in", _("Signed in")
    PERSON_SIGNED_OUT = "person.signed_out", _("Signed out")
    PERSON_TIMED_OUT = "person.timed_out", _("Was signed out by time")
    PERSON_LOG_IN_FAILED = "person.log_in_failed", _("Failed log-in")
    PERSON_MADE = "person.made", _("Made a person")
    PERSON_CHANGED = "person.changed", _("Changed a person")
    PERSON_PASSWORD_SET = "person.password_set", _("Set the password of a colleague")
    PERSON_DELETED = "person.deleted", _("Deleted a person")
